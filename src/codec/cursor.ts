// A place in the bytes of a JSON body, and the words for what is wrong there.

import { LossdError } from '../errors.ts'
import { type Pad, padPlaces, padTextMax, slackBytes } from './pad.ts'

/** The bytes of a body and the position of the next one. */
export interface Cursor {
  /** The body's bytes and, behind them, zeros: no read is ever out of bounds. */
  readonly bytes: Buffer
  /** Where they lie in their memory. */
  readonly address: number
  /** The length of the body. */
  readonly length: number
  position: number
  /** Of the bytes before, those of arrays of numbers. */
  numberBytes: number
}

/** A cursor at the start of a body of up to padTextMax bytes, over a copy in a pad. */
export function openCursor (body: Buffer, pad: Pad): Cursor {
  const { length } = body
  if (length > padTextMax) throw new Error(`a body of ${length} bytes; a pad has ${padTextMax}`)
  const phase = body.byteOffset & 7
  const bytes = pad.text(phase)
  body.copy(bytes)
  for (let position = length; position < length + slackBytes; position++) bytes[position] = 0
  return { bytes, address: padPlaces.text + phase, length, position: 0, numberBytes: 0 }
}

/** Brackets open at a time, of objects and arrays together. */
export const nestingMax = 32

/** Bytes of a body beside its arrays of numbers: what becomes objects and strings costs more. */
export const skeletonBytesMax = 64 << 10

/** Throws BODY_TOO_LARGE if there were too many bytes beside arrays of numbers up to a position. */
export function limitSkeleton ({ numberBytes }: Cursor, position: number): void {
  if (position - numberBytes <= skeletonBytesMax) return
  const detail = `The body has more than ${skeletonBytesMax} bytes beside its arrays of numbers, ` +
    `the limit, before byte ${position}`
  throw new LossdError('BODY_TOO_LARGE', detail)
}

/** The byte at a position; 0, which JSON never has, behind the end. */
export function byteAt (bytes: Buffer, position: number): number {
  return bytes[position] ?? 0
}

/** The position of the next byte that is not white space. */
export function skipSpace (bytes: Buffer, position: number): number {
  let byte = byteAt(bytes, position)
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    byte = byteAt(bytes, ++position)
  }
  return position
}

/** BAD_JSON: what belongs at a position, and what stands there. */
export function unexpected (cursor: Cursor, position: number, expected: string): LossdError {
  const { bytes, length } = cursor
  if (position >= length) {
    return badJson(`the body ends at byte ${length} where ${expected} belongs`, length)
  }
  const byte = byteAt(bytes, position)
  const found = byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `byte 0x${byte.toString(16).padStart(2, '0')}`
  return badJson(`${found} at byte ${position} where ${expected} belongs`, position)
}

/** BAD_JSON with a reason; `position` in bytes from 0. */
export function badJson (reason: string, position: number): LossdError {
  const detail = `the body is not JSON: ${reason}`
  return new LossdError('BAD_JSON', detail, { pointer: '', position })
}

export function nestedTooDeep (position: number): LossdError {
  return badJson(`more than ${nestingMax} brackets are open at byte ${position}`, position)
}
