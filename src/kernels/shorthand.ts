// A shorthand for code: the expressions that every kernel is full of, as strings of the bytes that
// WebAssembly reads, one character each. Operands come before their instruction:
//
//     plus(get(a), 1)    a │ 1 │ add    20 05 │ 41 01 │ 6a
//
// So nothing is left to be assembled when all has been written; as WAT, only who asks for it reads
// the module. A local is its number, as bytes; code is whatever leaves a value, or does something.

import { codeOf, signed, whole } from './instructions.ts'

/** Opens what is done under a condition; `otherwise` perhaps, and `end` follow. */
export const given = (condition: string): string => `${condition}\x04\x40`
export const otherwise = '\x05'
export const end = '\x0b'

export const get = (local: string): string => `\x20${local}`
export const set = (local: string, value: string): string => `${value}\x21${local}`
export const i32 = (value: number): string => `\x41${signed(value | 0)}`
export const i64 = (value: bigint): string => `\x42${signed(value)}`
export const f32 = (value: number): string => `\x43${bytesOf(new Float32Array([value]))}`
export const f64 = (value: number): string => `\x44${bytesOf(new Float64Array([value]))}`

/** Whole numbers in the lanes of a vector: two or four. */
export const lanesOf = (values: readonly number[]): string => op('v128.const') + bytesOf(
  values.length === 4 ? new Int32Array(values) : new BigInt64Array(values.map(BigInt)))

/** An instruction behind its operands. */
export const op = (instruction: string, a = '', b = '', c = ''): string =>
  a + b + c + codeOf(instruction)

/** An instruction that names a lane. */
export const laneOp = (instruction: string, lane: number, a: string, b = ''): string =>
  op(instruction, a, b) + whole(lane)

/** Loads what lies some bytes behind an address. */
export const load = (instruction: string, address: string, offset = 0): string =>
  address + codeOf(instruction) + whole(offset)

export const store = (instruction: string, address: string, value: string, offset = 0): string =>
  address + value + codeOf(instruction) + whole(offset)

export const storeLane = (
  instruction: string, lane: number, address: string, value: string, offset: number
): string => store(instruction, address, value, offset) + whole(lane)

/** Sets so many bytes behind an address. */
export const fill = (address: string, byte: number, bytes: number): string =>
  `${op('memory.fill', address, i32(byte), i32(bytes))}\0`

/** Bytes 0 … 15 of one vector, 16 … 31 of the other. */
export const shuffled = (bytes: readonly number[], a: string, b: string): string =>
  op('i8x16.shuffle', a, b) + String.fromCharCode(...bytes)

export const select = (a: string, b: string, condition: string): string =>
  op('select', a, b, condition)

export const plus = (a: string, b: string | number): string => `${a}${operand(b)}\x6a`
export const minus = (a: string, b: string | number): string => `${a}${operand(b)}\x6b`
export const times = (a: string, b: string | number): string => `${a}${operand(b)}\x6c`
export const quotient = (a: string, b: string | number): string => op('i32.div_u', a, operand(b))
export const below = (a: string, b: string | number): string => op('i32.lt_u', a, operand(b))
export const least = (a: string, b: string | number): string =>
  select(a, operand(b), op('i32.lt_u', a, operand(b)))
export const greatest = (a: string, b: string | number): string =>
  select(a, operand(b), op('i32.gt_u', a, operand(b)))

/** The first parameter of every kernel: the address of the record. */
export const args = get('\x00')
/** Of k<index>: the chunks to run, from the first to before the last. */
export const [first, last] = [get('\x01'), get('\x02')]
/** The number of the thread that runs. */
export const thread = '\x23\x00'

/** A length, an address or a stride from the record. */
export const wordAt = (word: number): string => load('i32.load', args, word)

/** Gives a local a new value; it is named by the code that reads it. */
export const assign = (variable: string, value: string): string =>
  `${value}\x21${variable.slice(1)}`

/** The same, and the value stays to be used. */
export const tee = (variable: string, value: string): string => `${value}\x22${variable.slice(1)}`

export const when = (condition: string, ...then: readonly string[]): string =>
  given(condition) + then.join('') + end
export const choose = (condition: string, then: string, other: string): string =>
  given(condition) + then + otherwise + other + end

/** What a jump inside leaves, and what it begins again; 0 is the innermost around the jump. */
export const blockOf = (...body: readonly string[]): string => `\x02\x40${body.join('')}${end}`
export const loopOf = (...body: readonly string[]): string => `\x03\x40${body.join('')}${end}`
export const jump = (depth: number): string => `\x0c${whole(depth)}`
export const jumpIf = (depth: number, condition: string): string =>
  `${condition}\x0d${whole(depth)}`

/** for (index = from; index < below; index += step) body; unsigned. */
export const each = (
  index: string, from: string, below: string | number, step: string | number,
  ...body: readonly string[]
): string => assign(index, from) + blockOf(loopOf(
  jumpIf(1, op('i32.ge_u', index, operand(below))),
  ...body,
  assign(index, plus(index, step)),
  jump(0)))

const bytesOf = ({ buffer }: Pick<DataView, 'buffer'>): string =>
  String.fromCharCode(...new Uint8Array(buffer))

// A number becomes a constant; code is left as it is.
function operand (value: string | number): string {
  return typeof value === 'number' ? i32(value) : value
}
