// What a pass over an array of numbers knows: words of 32 bits behind an address, so that it can be
// paused, and read by whoever asked for it. The code of the pass is in array-code.ts.

/** Offsets of what a pass knows. */
export const pass = {
  /** Where to read on; at the start of an array its bracket, at the end behind it. */
  position: 0,
  /** From here on a pass pauses. */
  stop: 4,
  /** Brackets open around the array. */
  depth: 8,
  /** Where the next element goes. */
  next: 12,
  /** 0 the array has ended · 1 paused · 2 an error, with its code and place. */
  status: 16,
  error: 20,
  errorAt: 24,
  open: 28,
  /** Axes; 0 until the first element is met. */
  rank: 32,
  /** Arrays so deep have been met. */
  known: 36,
  /** 0 INT64 · 1 FP64 · 2 FP32. */
  kind: 40,
  /** Where the elements begin. */
  start: 44,
  /** Index of the first true or false, −1 if there is none. */
  boolean: 48,
  /** The first thing that keeps the array from being a tensor: code, place, lengths. */
  fault: 52,
  faultDepth: 56,
  faultLength: 60,
  faultExpected: 64,
  /** Bytes of strings and objects. */
  otherBytes: 68,
  /** The kind that numbers with a point become. */
  real: 72,
  /** Room of 4 KiB. */
  scratch: 76,
  /** Where the array begins. */
  from: 80,
  /** Where a large array of whole numbers lies as real ones too; 0 if it does not. */
  asReal: 84,
  // By depth: elements met in the present array, length of the first, indices of the fault.
  counts: 96,
  lengths: 240,
  faultIndices: 384
} as const

/** The size of all that. */
export const passBytes = 576

/** What a fault is, by its code. */
export const faultCodes = {
  arrayInRow: 1, tooDeep: 2, valueAmongArrays: 3, lengthDiffers: 4, string: 5, object: 6, null: 7
} as const

/** What belongs at the place of an error, by its code; 0 and 5 are the reader's own. */
export const expectedCodes = [
  '', 'a value', 'a digit', "',' or ']'", 'no digit (a leading zero stands before)', '',
  'the rest of the string', 'a key in quotes', "':'", "',' or '}'"
] as const
export const nestedTooDeepCode = 5

/** Where what was read last lies, behind an address that all readers share. */
export const last = { mantissa: 512, exponent: 520, isCut: 524, value: 528, end: 536 } as const
