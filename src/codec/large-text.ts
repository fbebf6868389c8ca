// A large body in the heap: its text, the record by which a program of the pool reads its arrays of
// numbers a stretch at a time (program-code.ts), and at last its value.
//
//     text │ zeros      record │ room for long digits │ passes      elements
//
// The text and what the program knows go back as soon as the value is there.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { LossdError } from '../errors.ts'
import { copyBytes } from './copy-bytes.ts'
import { type Cursor, limitSkeleton, skeletonBytesMax } from './cursor.ts'
import { Numbers, passError, type Real } from './json-numbers.ts'
import { type Json, readText } from './json-reader.ts'
import { slackBytes } from './pad.ts'
import { pass, passBytes } from './pass.ts'
import { codecRecord, codecRecordBytes, codecTasks, readStates } from './program-code.ts'

/** Most arrays of numbers of a body. */
const arraysMax = 1024
/** A stretch takes some milliseconds. */
const usualStretchBytes = 2 << 20
// Of the slowest: long decimals, and single digits that become real numbers.
const nanosecondsPerByte = 2
const scratchBytes = 4096

/** At least as many elements as stand in a text, from an address to another. */
export type CountElements = (from: number, end: number) => number

export class LargeText {
  readonly #heap: Heap
  /** Of the text and of what the program knows. */
  readonly #lease: Lease
  readonly #text: number
  readonly #length: number
  readonly #count: CountElements
  #received = 0
  /** Elements at most, of what has come. */
  #most = 0
  #mayNeedDoubles = false
  #record = 0
  #elements: Lease | undefined

  /** Throws HEAP_FULL. */
  constructor (heap: Heap, lease: Lease, length: number, count: CountElements) {
    this.#heap = heap
    this.#count = count
    this.#lease = lease
    this.#length = length
    this.#text = lease.allocate(length + slackBytes)
  }

  /** The body. */
  get bytes (): Buffer { return Buffer.from(this.#heap.memory.buffer, this.#text, this.#length) }

  /** True if all has come and may ask for FP64: by that word, perhaps in escapes. */
  get mayNeedDoubles (): boolean { return this.#mayNeedDoubles }

  /** Takes the next bytes of the body, which has as many as were announced. */
  write (chunk: Uint8Array): void {
    const from = this.#text + this.#received
    copyBytes(chunk, this.#heap, from)
    this.#received += chunk.length
    this.#most += this.#count(from, from + chunk.length)
    // The word may have begun in the chunk before.
    const before = Math.min(3, from - this.#text)
    const part = Buffer.from(this.#heap.memory.buffer, from - before, before + chunk.length)
    this.#mayNeedDoubles ||= part.includes('FP64') || part.includes('\\u')
  }

  /**
   * The address of the record for the program, when all bytes have come. The elements get memory of
   * a lease of their own. Throws HEAP_FULL.
   */
  begin (elements: Lease, real: Real): number {
    const { u8, i32 } = this.#heap
    const end = this.#text + this.#length
    u8.fill(0, end, end + slackBytes)
    // Whole numbers may lie there twice; all arrays begin at borders of 64 bytes, as tensors do.
    const most = Math.min(this.#most, this.#length)
    const next = elements.allocate((real === 'FP32' ? 12 : 16) * most + 2 * 64 * arraysMax)
    // Who leaves ends both leases; the program may still be writing, and holds the text's alone.
    this.#lease.carry(elements)
    const record = this.#lease.allocate(
      codecRecordBytes + scratchBytes + (arraysMax + 1) * passBytes)
    const scratch = record + codecRecordBytes
    const passes = scratch + scratchBytes
    i32.fill(0, record / 4, scratch / 4)
    i32[(passes + pass.status) / 4] = 0
    const words: readonly [number, number][] = [
      [0, 1],
      [codecRecord.chunks, 1],
      [codecRecord.task, codecTasks.read],
      [codecRecord.position, this.#text],
      [codecRecord.end, end],
      [codecRecord.passes, passes],
      [codecRecord.passMax, arraysMax],
      [codecRecord.next, next],
      [codecRecord.real, real === 'FP32' ? 2 : 1],
      [codecRecord.scratch, scratch]
    ]
    for (const [offset, value] of words) i32[(record + offset) / 4] = value
    this.#record = record
    this.#elements = elements
    return record
  }

  /** Sets the next stretch, of so many bytes; false if there is none any more. */
  advance (stretchBytes = usualStretchBytes): boolean {
    const { i32 } = this.#heap
    const at = this.#record / 4
    const begun = i32[at + codecRecord.stop / 4] !== 0
    if (begun && i32[at + codecRecord.state / 4] !== readStates.paused) return false
    const from = this.#word(codecRecord.stop) || this.#text
    const bytes = Math.min(stretchBytes, this.#text + this.#length - from)
    i32[at + codecRecord.stop / 4] = from + Math.max(1, bytes)
    // Where an array ends, its whole numbers may become real ones, wherever it began.
    i32[at + codecRecord.nanoseconds / 4] = (from - this.#text + bytes) * nanosecondsPerByte
    return true
  }

  /** The value, whose arrays the program has read. Throws BAD_JSON, BODY_TOO_LARGE. */
  read (): Json {
    const { memory: { buffer }, u8 } = this.#heap
    const isTooLarge = this.#word(codecRecord.state) === readStates.skeletonTooLarge
    const length = isTooLarge ? this.#word(codecRecord.position) - this.#text : this.#length
    // The reader comes to an end there at the latest.
    u8.fill(0, this.#text + length, this.#text + length + slackBytes)
    const cursor: Cursor = {
      bytes: Buffer.from(buffer, this.#text, this.#length + slackBytes),
      address: this.#text,
      length,
      position: 0,
      numberBytes: 0
    }
    try {
      return readText(cursor, this.#readNumbers())
    } catch (fault) {
      if (isTooLarge && fault instanceof LossdError && fault.errors[0]?.position === length) {
        limitSkeleton({ ...cursor, numberBytes: length - skeletonBytesMax - 1 }, length)
      }
      throw fault
    }
  }

  /** Hands out the arrays as they were read, one after the other. */
  #readNumbers (): (cursor: Cursor, depth: number) => Numbers {
    const { i32 } = this.#heap
    const count = this.#word(codecRecord.passCount)
    const state = this.#word(codecRecord.state)
    let at = this.#word(codecRecord.passes)
    let index = 0
    return cursor => {
      if (index === count) {
        if (state === readStates.error) throw passError(cursor, i32, at / 4)
        throw new LossdError('TENSORS_TOO_MANY',
          `The body has more than ${arraysMax} arrays of numbers, the limit`)
      }
      const from = ((i32[(at + pass.from) / 4] ?? 0) >>> 0) - this.#text
      if (from !== cursor.position) throw new Error(`the array at ${from} is not where it was`)
      const numbers = new Numbers(this.#heap, at, this.#text, this.#elements)
      cursor.numberBytes += numbers.to - from - (i32[(at + pass.otherBytes) / 4] ?? 0)
      cursor.position = numbers.to
      at += passBytes
      index++
      return numbers
    }
  }

  /** A word of the record. */
  #word (offset: number): number {
    return (this.#heap.i32[(this.#record + offset) / 4] ?? 0) >>> 0
  }
}
