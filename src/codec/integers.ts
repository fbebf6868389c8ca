// The integer datatypes: what they hold.

/** Least value, and the first beyond the greatest. */
export const integerRanges = {
  INT64: [-(2 ** 63), 2 ** 63],
  INT32: [-(2 ** 31), 2 ** 31],
  UINT8: [0, 256],
  BOOL: [0, 2]
} as const satisfies Readonly<Record<string, readonly [number, number]>>

export type IntegerDatatype = keyof typeof integerRanges
