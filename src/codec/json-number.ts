// One number in JSON text: exact, and quick where the digits are few.

import { byteAt, type Cursor, unexpected } from './cursor.ts'

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
