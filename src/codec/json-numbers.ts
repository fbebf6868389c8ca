// Nested arrays of numbers in JSON text, into typed storage, in one pass and without a JavaScript
// array of them. Separate from the reader because this part decides the speed of a large request.

import {
  byteAt, type Cursor, limitSkeleton, nestedTooDeep, nestingMax, skipSpace, unexpected
} from './cursor.ts'
import { isNumberStart, isQuotedNonFinite, readNumber } from './json-number.ts'

/** Axes of a tensor; a deeper array is no tensor. */
export const rankMax = 8

/** Where the values of a body's arrays lie, one behind the other, until the next body is read. */
export class NumberStorage {
  values = new Float64Array(keptValues)
  length = 0
  /** The body's own bytes, where a number that a double cannot hold is read again. */
  bytes: Buffer = Buffer.alloc(0)
  /** Rises with every body; a Numbers of an earlier one is no longer readable. */
  generation = 0

  /** Empties the storage for the next body; a large one is given back. */
  reset (bytes: Buffer): void {
    this.bytes = bytes
    this.length = 0
    this.generation++
    if (this.values.length > keptValues) this.values = new Float64Array(keptValues)
  }

  grow (): void {
    const larger = new Float64Array(this.values.length * 4)
    larger.set(this.values)
    this.values = larger
  }
}

/** What keeps an array from being a tensor: the indices of the first odd place, and why. */
export interface Fault {
  readonly indices: readonly number[]
  readonly reason: string
}

/** A nested array of numbers in the body: its shape, and where its values lie. */
export class Numbers {
  readonly storage: NumberStorage
  readonly generation: number
  readonly start: number
  readonly count: number
  readonly shape: readonly number[]
  /** The array's text in the body: bytes [from, to). */
  readonly from: number
  readonly to: number
  readonly fault: Fault | undefined
  /** Index of the first true or false (they are 1 and 0 here), -1 if there is none. */
  readonly booleanIndex: number

  constructor (storage: NumberStorage, start: number, shape: readonly number[], from: number,
    to: number, fault: Fault | undefined, booleanIndex: number) {
    this.storage = storage
    this.generation = storage.generation
    this.start = start
    this.count = storage.length - start
    this.shape = shape
    this.from = from
    this.to = to
    this.fault = fault
    this.booleanIndex = booleanIndex
  }

  /** The storage's values; this array's own are `count` of them from `start`. */
  get values (): Float64Array {
    if (this.generation !== this.storage.generation) throw new Error('numbers of an earlier body')
    return this.storage.values
  }

  /** The array's values as they stand in the text, in order. */
  texts (): string[] {
    const text = this.storage.bytes.toString('latin1', this.from, this.to)
    return text.match(/[^\s,[\]]+/g) ?? []
  }
}

/** Passes over any value at the cursor. */
export type Skip = (cursor: Cursor, storage: NumberStorage, depth: number) => unknown

/**
 * Reads the array at the cursor, which stands on its `[`, with `depth` brackets open around it.
 * `skip` passes over a value that is no number, so that what follows is still held against JSON.
 */
export function readNumbers (
  cursor: Cursor, depth: number, storage: NumberStorage, skip: Skip
): Numbers {
  const { bytes } = cursor
  const start = storage.length
  const from = cursor.position
  let rank = 0 // 0: not known yet
  let open = 0
  let known = 0 // arrays this deep have been met
  let booleanIndex = -1
  let fault: Fault | undefined
  let { values } = storage
  let position = from
  let byte = byteAt(bytes, position)
  let counted = from // what stands before has its place in cursor.numberBytes

  for (;;) {
    // A value belongs here, or the end of an array without elements.
    if (byte === 0x5b) {
      if (rank > 0 && open >= rank) fault ??= faultAt(open, 'an array where a number belongs')
      open++
      if (open > rankMax) fault ??= faultAt(open - 1, `nested deeper than ${rankMax} axes`)
      if (depth + open > nestingMax) throw nestedTooDeep(position)
      counts[open] = 0
      if (open > known) {
        known = open
        lengths[open] = unknownLength
      }
      position = skipSpace(bytes, position + 1)
      byte = byteAt(bytes, position)
      if (byte !== 0x5d) continue
    } else {
      if (rank === 0) rank = open
      else if (open !== rank) fault ??= faultAt(open, valueMisplaced(open))
      cursor.position = position
      let value = 0
      if (isNumberStart(byte)) {
        value = readNumber(cursor)
      } else if (byte === 0x22 && isQuotedNonFinite(bytes, position)) {
        cursor.position = position + 1
        value = readNumber(cursor)
        cursor.position++
      } else {
        if (byte === 0x74 || byte === 0x66) {
          if (booleanIndex < 0) booleanIndex = storage.length - start
          value = byte === 0x74 ? 1 : 0
        } else {
          fault ??= faultAt(open, describe(bytes, position))
        }
        // A string or an object: part of no tensor.
        const isOther = byte === 0x22 || byte === 0x7b
        if (isOther) cursor.numberBytes += position - counted
        skipValue(cursor, storage, depth + open, skip)
        if (isOther) {
          counted = cursor.position
          limitSkeleton(cursor, counted)
        }
        values = storage.values
      }
      if (storage.length === values.length) {
        storage.grow()
        values = storage.values
      }
      values[storage.length++] = value
      counts[open] = countAt(open) + 1
      position = skipSpace(bytes, cursor.position)
      byte = byteAt(bytes, position)
      if (byte === 0x2c) {
        position = skipSpace(bytes, position + 1)
        byte = byteAt(bytes, position)
        continue
      }
      if (byte !== 0x5d) throw unexpected(cursor, position, "',' or ']'")
    }

    // One or more arrays end here.
    while (byte === 0x5d) {
      const length = countAt(open)
      const expected = lengths[open] ?? unknownLength
      if (length === 0 && rank === 0) rank = open
      if (expected === unknownLength) lengths[open] = length
      else if (expected !== length) fault ??= faultAt(open - 1, lengthDiffers(length, expected))
      open--
      position++
      if (open === 0) {
        cursor.position = position
        cursor.numberBytes += position - counted
        return new Numbers(storage, start, shapeOf(rank), from, position, fault, booleanIndex)
      }
      counts[open] = countAt(open) + 1
      position = skipSpace(bytes, position)
      byte = byteAt(bytes, position)
    }
    if (byte !== 0x2c) throw unexpected(cursor, position, "',' or ']'")
    position = skipSpace(bytes, position + 1)
    byte = byteAt(bytes, position)
  }
}

const keptValues = 1 << 16

// Of the array that is read, by depth: elements met in the present one, length of the first one.
// An array inside an odd element writes over them; by then the fault has been noted.
const counts = new Int32Array(nestingMax + 2)
const lengths = new Int32Array(nestingMax + 2)
const unknownLength = -1

function countAt (depth: number): number {
  return counts[depth] ?? 0
}

function shapeOf (rank: number): number[] {
  const shape: number[] = []
  for (let axis = 1; axis <= rank; axis++) shape.push(lengths[axis] ?? 0)
  return shape
}

function faultAt (depth: number, reason: string): Fault {
  return { indices: Array.from(counts.subarray(1, depth + 1)), reason }
}

function valueMisplaced (depth: number): string {
  const length = lengths[depth + 1] ?? unknownLength
  return `a value where an array${length < 0 ? '' : ` of length ${length}`} belongs`
}

function lengthDiffers (length: number, expected: number): string {
  return `has length ${length}; the one before has ${expected}`
}

/** Passes over a value without keeping what it holds. */
function skipValue (cursor: Cursor, storage: NumberStorage, depth: number, skip: Skip): void {
  const { length } = storage
  skip(cursor, storage, depth)
  storage.length = length
}

function describe (bytes: Buffer, position: number): string {
  const byte = byteAt(bytes, position)
  if (byte === 0x7b) return 'an object where a number belongs'
  return `${byte === 0x22 ? 'a string' : 'null'} where a number belongs; NaN is "NaN"`
}
