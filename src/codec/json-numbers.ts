// Nested arrays of numbers of a body: what is known of one that lies in memory already, and the way
// there, by array-code.ts. Separate from the reader because this decides the speed of a request.

import type { Datatype } from '../buffer/datatype.ts'
import type { Lease } from '../buffer/lease.ts'
import { type Cursor, nestedTooDeep, unexpected } from './cursor.ts'
import { type Elements, numbersOf } from './elements.ts'
import { type Memory, type Pad, padPlaces } from './pad.ts'
import { expectedCodes, faultCodes, last, nestedTooDeepCode, pass } from './pass.ts'

/** Axes of a tensor; a deeper array is no tensor. */
export const rankMax = 8

/** What numbers with a point are kept as. */
export type Real = 'FP32' | 'FP64'

/** What keeps an array from being a tensor: the indices of the first odd place, and why. */
export interface Fault {
  readonly indices: readonly number[]
  readonly reason: string
}

// Bodies read in the pad so far.
let bodies = 0

/** A nested array of numbers in the body: its shape, and where its elements lie. */
export class Numbers {
  readonly address: number
  /** INT64 if all are whole and fit, else real. */
  readonly datatype: Extract<Datatype, 'INT64' | 'FP64' | 'FP32'>
  readonly count: number
  readonly shape: readonly number[]
  readonly fault: Fault | undefined
  /** Index of the first true or false (they are 1 and 0 here), -1 if there is none. */
  readonly booleanIndex: number
  /** The array's text in the body: bytes [from, to). */
  readonly from: number
  readonly to: number
  /** The elements as real numbers, where whole ones are kept as both. */
  readonly asReal: { readonly datatype: Real, readonly address: number } | undefined
  /** Who keeps the memory; undefined if it is used again for the next body. */
  readonly lease: Lease | undefined
  /** The same elements as other datatypes, as placing.ts has made them. */
  converted: Map<Datatype, Elements> | undefined
  readonly #memory: Memory
  readonly #body = bodies

  /** Of what a pass has left at an address, in a body that begins at another. */
  constructor (memory: Memory, passAt: number, body: number, lease?: Lease) {
    const { i32 } = memory
    const at = passAt / 4
    const kind = i32[at + pass.kind / 4] ?? 0
    const rank = i32[at + pass.rank / 4] ?? 0
    const start = (i32[at + pass.start / 4] ?? 0) >>> 0
    const bytes = ((i32[at + pass.next / 4] ?? 0) >>> 0) - start
    this.#memory = memory
    this.from = ((i32[at + pass.from / 4] ?? 0) >>> 0) - body
    this.to = ((i32[at + pass.position / 4] ?? 0) >>> 0) - body
    this.address = start
    this.datatype = kind === 0 ? 'INT64' : kind === 1 ? 'FP64' : 'FP32'
    this.count = kind === 2 ? bytes / 4 : bytes / 8
    const shape: number[] = []
    for (let axis = 1; axis <= rank; axis++) shape.push(i32[at + pass.lengths / 4 + axis] ?? 0)
    this.shape = shape
    this.fault = i32[at + pass.fault / 4] === 0 ? undefined : faultOf(i32, at)
    this.booleanIndex = i32[at + pass.boolean / 4] ?? -1
    this.lease = lease
    const asReal = (i32[at + pass.asReal / 4] ?? 0) >>> 0
    this.asReal = asReal === 0
      ? undefined
      : { datatype: i32[at + pass.real / 4] === 2 ? 'FP32' : 'FP64', address: asReal }
  }

  /** Where the elements lie. */
  get memory (): Memory {
    if (this.lease === undefined && this.#body !== bodies) {
      throw new Error('numbers of an earlier body')
    }
    return this.#memory
  }

  /** A copy as doubles: INT64 beyond 2^53 is rounded. */
  get values (): Float64Array {
    const at = numbersOf(this, this.memory)
    return Float64Array.from({ length: this.count }, (_, index) => at(index))
  }
}

/** Reads the array at the cursor, which stands on its `[`, with `depth` brackets open around it. */
export type ReadNumbers = (cursor: Cursor, depth: number) => Numbers

/** Reads the arrays of the text that lies in a pad. */
export function readerOf (pad: Pad, real: Real): ReadNumbers {
  let { values: next } = pad
  bodies++
  const kind = real === 'FP32' ? 2 : 1
  const { i32 } = pad
  const at = padPlaces.pass / 4
  return (cursor, depth) => {
    const { address, position } = cursor
    pad.startArray(
      padPlaces.pass, address + position, depth, next, kind, padPlaces.scratch)
    if (i32[at + pass.status / 4] !== 0) throw passError(cursor, i32, at)
    const numbers = new Numbers(pad, padPlaces.pass, address)
    next = (((i32[at + pass.next / 4] ?? 0) + 7) & -8) >>> 0
    cursor.numberBytes += numbers.to - position - (i32[at + pass.otherBytes / 4] ?? 0)
    cursor.position = numbers.to
    return numbers
  }
}

/** BAD_JSON for what a pass stopped at; its words begin at index `at`. */
export function passError (cursor: Cursor, words: Int32Array, at: number): Error {
  const code = words[at + pass.error / 4] ?? 0
  const position = ((words[at + pass.errorAt / 4] ?? 0) >>> 0) - cursor.address
  if (code === nestedTooDeepCode) return nestedTooDeep(position)
  const expected = expectedCodes[code] ?? ''
  const start = ((words[at + last.value / 4] ?? 0) >>> 0) - cursor.address
  return unexpected(cursor, position,
    expected === stringRest ? `${expected} that begins at byte ${start}` : expected)
}

const stringRest = 'the rest of the string'

function faultOf (words: Int32Array, at: number): Fault {
  const depth = words[at + pass.faultDepth / 4] ?? 0
  const first = at + pass.faultIndices / 4 + 1
  const indices = Array.from(words.subarray(first, first + depth))
  const length = words[at + pass.faultLength / 4] ?? 0
  const expected = words[at + pass.faultExpected / 4] ?? -1
  return { indices, reason: reasonOf(words[at + pass.fault / 4] ?? 0, length, expected) }
}

function reasonOf (code: number, length: number, expected: number): string {
  switch (code) {
    case faultCodes.arrayInRow: return 'an array where a number belongs'
    case faultCodes.tooDeep: return `nested deeper than ${rankMax} axes`
    case faultCodes.valueAmongArrays:
      return `a value where an array${expected < 0 ? '' : ` of length ${expected}`} belongs`
    case faultCodes.lengthDiffers: return `has length ${length}; the one before has ${expected}`
    case faultCodes.object: return 'an object where a number belongs'
    default: {
      const found = code === faultCodes.string ? 'a string' : 'null'
      return `${found} where a number belongs; NaN is "NaN"`
    }
  }
}
