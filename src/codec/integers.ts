// The integer datatypes: what they hold, and integers too large for a double.

/** Least and greatest value, as doubles: INT64's greatest is the double next to it. */
export const integerRanges = {
  INT64: [-(2 ** 63), 2 ** 63],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  UINT8: [0, 255],
  BOOL: [0, 1]
} as const satisfies Readonly<Record<string, readonly [number, number]>>

export type IntegerDatatype = keyof typeof integerRanges

/** The INT64 that a number's text means, exactly; undefined where INT64 does not reach. */
export function integerBits (text: string): bigint | undefined {
  const value = /^-?\d+$/.test(text) ? BigInt(text) : BigInt(Number(text))
  return BigInt.asIntN(64, value) === value ? value : undefined
}
