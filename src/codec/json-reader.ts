// The bytes of a JSON body as data: objects without a prototype, strings, numbers, and arrays of
// numbers as Numbers. Strict where JSON.parse is lax: a key stands once, prototype keys are
// refused, brackets and the bytes beside arrays of numbers have a limit. Bare NaN, Infinity and
// -Infinity are read as numbers.

import {
  badJson, byteAt, type Cursor, limitSkeleton, nestedTooDeep, nestingMax, openCursor, skipSpace,
  skeletonBytesMax, unexpected
} from './cursor.ts'
import { shown } from '../errors.ts'
import { isNumberStart, isQuotedNonFinite, readNumber } from './json-number.ts'
import { Numbers, type ReadNumbers, type Real, readerOf } from './json-numbers.ts'
import { thePad } from './pad.ts'
import { StagedTensor } from './staged.ts'

/**
 * A value of a body. An array of numbers (or yes/no, or nothing) is Numbers, any other a list; a
 * tensor that lies in the heap already is staged.
 */
export type Json =
  null | boolean | number | string | Numbers | StagedTensor | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/**
 * The value of a body of up to padTextMax bytes. Its Numbers can be read until the next body is;
 * those with a point are kept as `real`. Throws BAD_JSON, BODY_TOO_LARGE.
 */
export function readJson (body: Buffer, real: Real = 'FP64'): Json {
  const pad = thePad()
  return readText(openCursor(body, pad), readerOf(pad, real))
}

/** As readJson, of a text whose arrays of numbers somebody else reads. */
export function readText (cursor: Cursor, readNumbers: ReadNumbers): Json {
  if (byteAt(cursor.bytes, 0) === 0xef) throw badJson('it begins with a byte order mark', 0)
  const value = readValue(cursor, readNumbers, 0)
  const end = skipSpace(cursor.bytes, cursor.position)
  if (end < cursor.length) throw unexpected(cursor, end, 'the end of the body')
  return value
}

/** True for an object of a body. */
export function isJsonObject (value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) &&
    !(value instanceof Numbers) && !(value instanceof StagedTensor)
}

const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// The same keys and words come with every request: short ones are kept, by a hash of their bytes.
const keptStrings: string[] = new Array(1024).fill('')
const shortBytesMax = 64

/** An object without a prototype that is quicker to make than Object.create(null). */
class Members {
  [key: string]: Json
}
Object.setPrototypeOf(Members.prototype, null)
Reflect.deleteProperty(Members.prototype, 'constructor')

function readValue (cursor: Cursor, readNumbers: ReadNumbers, depth: number): Json {
  const { bytes } = cursor
  const position = skipSpace(bytes, cursor.position)
  cursor.position = position
  const byte = byteAt(bytes, position)
  if (byte === 0x7b) return readObject(cursor, readNumbers, depth + 1)
  if (byte === 0x5b) {
    return holdsNumbers(bytes, position)
      ? readNumbers(cursor, depth)
      : readList(cursor, readNumbers, depth + 1)
  }
  if (byte === 0x22) return readString(cursor)
  if (isNumberStart(byte)) return readNumber(cursor)
  if (byte === 0x74) return readWord(cursor, 'true', true)
  if (byte === 0x66) return readWord(cursor, 'false', false)
  if (byte === 0x6e) return readWord(cursor, 'null', null)
  throw unexpected(cursor, position, 'a value')
}

function readObject (cursor: Cursor, readNumbers: ReadNumbers, depth: number): JsonObject {
  const { bytes } = cursor
  if (depth > nestingMax) throw nestedTooDeep(cursor.position)
  const object = new Members()
  let position = skipSpace(bytes, cursor.position + 1)
  if (byteAt(bytes, position) === 0x7d) {
    cursor.position = position + 1
    return object
  }
  for (;;) {
    if (byteAt(bytes, position) !== 0x22) throw unexpected(cursor, position, 'a key in quotes')
    cursor.position = position
    const key = readString(cursor)
    if (refusedKeys.has(key) || key in object) {
      const reason = refusedKeys.has(key) ? 'is refused' : 'stands twice'
      throw badJson(`the key ${JSON.stringify(shown(key))} at byte ${position} ${reason}`, position)
    }
    position = skipSpace(bytes, cursor.position)
    if (byteAt(bytes, position) !== 0x3a) throw unexpected(cursor, position, "':'")
    cursor.position = position + 1
    object[key] = readValue(cursor, readNumbers, depth)
    position = skipSpace(bytes, cursor.position)
    limitSkeleton(cursor, position)
    const byte = byteAt(bytes, position)
    if (byte === 0x7d) break
    if (byte !== 0x2c) throw unexpected(cursor, position, "',' or '}'")
    position = skipSpace(bytes, position + 1)
  }
  cursor.position = position + 1
  return object
}

function readList (cursor: Cursor, readNumbers: ReadNumbers, depth: number): readonly Json[] {
  const { bytes } = cursor
  if (depth > nestingMax) throw nestedTooDeep(cursor.position)
  const list: Json[] = []
  for (;;) {
    cursor.position++
    list.push(readValue(cursor, readNumbers, depth))
    const position = skipSpace(bytes, cursor.position)
    limitSkeleton(cursor, position)
    cursor.position = position
    const byte = byteAt(bytes, position)
    if (byte === 0x5d) break
    if (byte !== 0x2c) throw unexpected(cursor, position, "',' or ']'")
  }
  cursor.position++
  return list
}

/** True if the first thing inside the array's brackets is a number or a word, or nothing. */
function holdsNumbers (bytes: Buffer, position: number): boolean {
  let byte = byteAt(bytes, position)
  for (let depth = 0; byte === 0x5b && depth < nestingMax; depth++) {
    position = skipSpace(bytes, position + 1)
    byte = byteAt(bytes, position)
  }
  return isNumberStart(byte) || byte === 0x74 || byte === 0x66 || byte === 0x6e ||
    byte === 0x5d || byte === 0x5b || (byte === 0x22 && isQuotedNonFinite(bytes, position))
}

function readWord<T> (cursor: Cursor, word: string, value: T): T {
  const { bytes, position } = cursor
  for (let index = 0; index < word.length; index++) {
    if (byteAt(bytes, position + index) !== word.charCodeAt(index)) {
      throw unexpected(cursor, position, 'a value')
    }
  }
  cursor.position = position + word.length
  return value
}

/** A string; a short plain one is found without making it anew. */
function readString (cursor: Cursor): string {
  const { bytes } = cursor
  const start = cursor.position + 1
  const last = start + shortBytesMax
  let position = start
  let hash = 0
  let byte = byteAt(bytes, position)
  while (byte !== 0x22 && byte !== 0x5c && byte >= 0x20 && byte < 0x80 && position <= last) {
    hash = (Math.imul(hash, 31) + byte) | 0
    byte = byteAt(bytes, ++position)
  }
  const length = position - start
  if (byte !== 0x22 || length > shortBytesMax) return readLongString(cursor)
  cursor.position = position + 1
  const slot = hash & (keptStrings.length - 1)
  const kept = keptStrings[slot] ?? ''
  if (kept.length === length && sameText(bytes, start, kept)) return kept
  const text = bytes.toString('latin1', start, position)
  keptStrings[slot] = text
  return text
}

function sameText (bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false
  }
  return true
}

function readLongString (cursor: Cursor): string {
  const { bytes } = cursor
  const start = cursor.position + 1
  let position = start
  let plain = true
  let hash = 0
  let byte = byteAt(bytes, position)
  while (byte !== 0x22) {
    hash = (Math.imul(hash, 31) + byte) | 0
    if (byte < 0x20) {
      throw unexpected(cursor, position, `the rest of the string that begins at byte ${start - 1}`)
    }
    if (position - start > skeletonBytesMax) limitSkeleton(cursor, position)
    if (byte >= 0x80) plain = false
    if (byte === 0x5c) {
      plain = false
      position++
    }
    byte = byteAt(bytes, ++position)
  }
  cursor.position = position + 1
  limitSkeleton(cursor, position)
  if (position - start > keptBytesMax) return decodeLong(bytes, start, position, plain)
  const slot = hash & (keptTexts.length - 1)
  const kept = keptTexts[slot]
  if (kept?.raw.equals(bytes.subarray(start, position)) === true) return kept.text
  const text = decodeLong(bytes, start, position, plain)
  keptTexts[slot] = { raw: Buffer.from(bytes.subarray(start, position)), text }
  return text
}

// Formulas come again and again: the last ones are not decoded anew.
const keptTexts: { readonly raw: Buffer, readonly text: string }[] = new Array(64)
const keptBytesMax = 4096

function decodeLong (bytes: Buffer, start: number, end: number, plain: boolean): string {
  return plain ? bytes.toString('latin1', start, end) : decodeString(bytes, start, end)
}

/** A string with escapes or beyond ASCII: its bytes must be UTF-8, its surrogates in pairs. */
function decodeString (bytes: Buffer, start: number, end: number): string {
  let text: string
  try {
    text = textDecoder.decode(bytes.subarray(start, end))
  } catch {
    throw badJson(`the string at byte ${start} is not UTF-8`, start)
  }
  if (text.includes('\\')) {
    const [wrong] = /\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})./su.exec(text.replaceAll('\\\\', '__')) ?? []
    if (wrong !== undefined) throw badJson(`the string at byte ${start} holds ${wrong}`, start)
    text = String(JSON.parse(`"${text}"`))
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw badJson(`the string at byte ${start} has half a surrogate pair`, start)
  }
  return text
}
