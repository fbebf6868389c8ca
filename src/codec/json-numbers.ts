// Numbers in JSON text: one number, and nested arrays of numbers into typed storage, in one pass
// and without a JavaScript array of them. Separate from the reader because this part decides the
// speed of a large request.

import { byteAt, type Cursor, nestedTooDeep, nestingMax, skipSpace, unexpected } from './cursor.ts'

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
  const counts = [0]
  const lengths: number[] = []
  let rank = 0 // 0: not known yet
  let open = 0
  let booleanIndex = -1
  let fault: Fault | undefined
  let { values } = storage
  let position = from
  let byte = byteAt(bytes, position)
  const note = (reason: string): void => {
    fault ??= { indices: counts.slice(1), reason }
  }

  for (;;) {
    // A value belongs here, or the end of an array without elements.
    if (byte === 0x5b) {
      if (rank > 0 && open >= rank) note('an array where a number belongs')
      open++
      if (open > rankMax) note(`nested deeper than ${rankMax} axes`)
      if (depth + open > nestingMax) throw nestedTooDeep(position)
      counts[open] = 0
      position = skipSpace(bytes, position + 1)
      byte = byteAt(bytes, position)
      if (byte !== 0x5d) continue
    } else {
      if (rank === 0) rank = open
      else if (open !== rank) note(`a value where an array${ofLength(lengths[open + 1])} belongs`)
      cursor.position = position
      let value = 0
      if (isNumberStart(byte)) {
        value = readNumber(cursor)
      } else if (byte === 0x22 && isQuotedNonFinite(bytes, position)) {
        cursor.position = position + 1
        value = readNumber(cursor)
        cursor.position++
      } else if (byte === 0x74 || byte === 0x66) {
        if (booleanIndex < 0) booleanIndex = storage.length - start
        value = byte === 0x74 ? 1 : 0
        skip(cursor, storage, depth + open)
      } else {
        note(describe(bytes, position))
        const { length } = storage
        skip(cursor, storage, depth + open)
        storage.length = length
        values = storage.values
      }
      if (storage.length === values.length) {
        storage.grow()
        values = storage.values
      }
      values[storage.length++] = value
      counts[open] = (counts[open] ?? 0) + 1
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
      const length = counts[open] ?? 0
      const expected = lengths[open]
      if (length === 0 && rank === 0) rank = open
      counts.length = open
      open--
      if (expected === undefined) lengths[open + 1] = length
      else if (expected !== length) note(`has length ${length}; the one before has ${expected}`)
      position++
      if (open === 0) {
        cursor.position = position
        const shape = lengths.slice(1, rank + 1)
        return new Numbers(storage, start, shape, from, position, fault, booleanIndex)
      }
      counts[open] = (counts[open] ?? 0) + 1
      position = skipSpace(bytes, position)
      byte = byteAt(bytes, position)
    }
    if (byte !== 0x2c) throw unexpected(cursor, position, "',' or ']'")
    position = skipSpace(bytes, position + 1)
    byte = byteAt(bytes, position)
  }
}

/** Reads the number at the cursor: JSON's, or NaN, Infinity, -Infinity. Exact. */
export function readNumber (cursor: Cursor): number {
  const { bytes } = cursor
  const start = cursor.position
  let position = start
  let byte = byteAt(bytes, position)
  const negative = byte === 0x2d
  if (negative) byte = byteAt(bytes, ++position)
  let mantissa = 0
  if (byte === 0x30) {
    byte = byteAt(bytes, ++position)
    if (isDigit(byte)) throw unexpected(cursor, position, 'no digit (a leading zero stands before)')
  } else if (isDigit(byte)) {
    do {
      mantissa = mantissa * 10 + (byte - 0x30)
      byte = byteAt(bytes, ++position)
    } while (isDigit(byte))
  } else {
    return readNonFinite(cursor, position, negative)
  }
  let scale = 0
  if (byte === 0x2e) {
    const point = ++position
    byte = byteAt(bytes, position)
    if (!isDigit(byte)) throw unexpected(cursor, position, 'a digit')
    do {
      mantissa = mantissa * 10 + (byte - 0x30)
      byte = byteAt(bytes, ++position)
    } while (isDigit(byte))
    scale = point - position
  }
  if (byte === 0x65 || byte === 0x45) {
    byte = byteAt(bytes, ++position)
    const below = byte === 0x2d
    if (below || byte === 0x2b) byte = byteAt(bytes, ++position)
    if (!isDigit(byte)) throw unexpected(cursor, position, 'a digit')
    let exponent = 0
    do {
      exponent = Math.min(exponent * 10 + (byte - 0x30), 99_999)
      byte = byteAt(bytes, ++position)
    } while (isDigit(byte))
    scale += below ? -exponent : exponent
  }
  cursor.position = position
  // Up to 2^53 the mantissa is exact, and so are 22 powers of ten: one rounding, the right one.
  if (mantissa <= Number.MAX_SAFE_INTEGER && scale >= -22 && scale <= 22) {
    const size = scale < 0
      ? mantissa / (powersOfTen[-scale] ?? 1)
      : mantissa * (powersOfTen[scale] ?? 1)
    return negative ? -size : size
  }
  return Number(bytes.toString('latin1', start, position))
}

/** True for the first byte of a number or of a bare NaN or Infinity. */
export function isNumberStart (byte: number): boolean {
  return isDigit(byte) || byte === 0x2d || byte === 0x4e || byte === 0x49
}

/** True where "NaN", "Infinity" or "-Infinity" stands in quotes. */
export function isQuotedNonFinite (bytes: Buffer, position: number): boolean {
  return nonFiniteWords.some(word => startsWith(bytes, position + 1, word) &&
    byteAt(bytes, position + 1 + word.length) === 0x22)
}

const keptValues = 1 << 16
const nonFiniteWords = ['NaN', 'Infinity', '-Infinity']
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

function readNonFinite (cursor: Cursor, position: number, negative: boolean): number {
  const { bytes } = cursor
  const word = startsWith(bytes, position, 'Infinity') ? 'Infinity' : 'NaN'
  if (!startsWith(bytes, position, word) || (negative && word === 'NaN')) {
    throw unexpected(cursor, position, negative ? 'a digit' : 'a value')
  }
  cursor.position = position + word.length
  return Number(negative ? '-Infinity' : word)
}

function startsWith (bytes: Buffer, position: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    if (byteAt(bytes, position + index) !== word.charCodeAt(index)) return false
  }
  return true
}

function isDigit (byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function ofLength (length: number | undefined): string {
  return length === undefined ? '' : ` of length ${length}`
}

function describe (bytes: Buffer, position: number): string {
  const byte = byteAt(bytes, position)
  const kind = byte === 0x22 ? 'a string' : byte === 0x7b ? 'an object' : 'null'
  return `${kind} where a number belongs`
}
