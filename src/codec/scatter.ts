// A binary body on its way into the heap. It is never collected: its head is read when it has come,
// all sizes are checked, every tensor gets a slot, and each piece is copied once, to its place.
//
//     pieces   │ head … │ … tensor 0 … │ … tensor 1 │ …      of any length, cut anywhere
//                │            │              │
//              Frame        slot 0         slot 1            slots begin at multiples of 64

import { type Datatype, datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount } from '../buffer/tensor.ts'
import { LossdError } from '../errors.ts'
import { copyBytes } from './copy-bytes.ts'
import { type Half, widenHalves } from './half.ts'
import { skeletonBytesMax } from './cursor.ts'
import { rankMax } from './json-numbers.ts'
import { childPointer } from './json-tensor.ts'
import { StagedTensor } from './staged.ts'

/** A datatype of a binary body; halves become FP32. */
export type WireDatatype = Datatype | Half

/** A tensor of a body as its head announces it. */
export interface Part {
  readonly name: string
  readonly datatype: WireDatatype
  readonly shape: readonly number[]
}

/** What a head says. */
export interface Head<Body> {
  /** In the order of their bytes, which fill the rest of the body without a gap. */
  readonly parts: readonly Part[]
  /** The body, once its tensors have arrived. */
  readonly body: (tensors: readonly StagedTensor[]) => Body
}

/** How a format frames a body. Its functions throw what is wrong with the head. */
export interface Frame<Body> {
  /** Bytes from the start that tell the length of the head. */
  readonly prefixBytes: number
  /** The length of the head, prefix included; more than the prefix may have come. */
  headBytes (begin: Buffer): number
  /** `head` may be part of a piece, which is gone afterwards: whoever keeps it copies it. */
  readHead (head: Buffer, bodyBytes: number): Head<Body>
}

/** A tensor's place, and how much of it has come. */
interface Slot {
  readonly part: Part
  readonly count: number
  /** 0 until all sizes are known. */
  address: number
  /** Bytes that come, and have come. */
  readonly bytes: number
  filled: number
}

export class Scatter<Body> {
  readonly #frame: Frame<Body>
  readonly #heap: Heap
  readonly #lease: Lease
  readonly #bodyBytes: number
  // The beginning of a head that comes in several pieces, and how much of it is there.
  #head: Buffer | undefined
  #headFilled = 0
  #prefixRead = false
  #content: Head<Body> | undefined
  readonly #slots: Slot[] = []
  #next = 0

  /** A body of so many bytes, into memory of the lease. Whoever makes it ends the lease. */
  constructor (frame: Frame<Body>, heap: Heap, lease: Lease, bodyBytes: number) {
    this.#frame = frame
    this.#heap = heap
    this.#lease = lease
    this.#bodyBytes = bodyBytes
  }

  /**
   * The next piece, which nobody reads afterwards. Throws what is wrong with the head,
   * TENSOR_INVALID, HEAP_FULL.
   */
  write (piece: Buffer): void {
    let from = this.#content === undefined ? this.#writeHead(piece) : 0
    while (from < piece.length) {
      const slot = this.#slots[this.#next]
      if (slot === undefined) throw badBinary(`it has more than ${this.#bodyBytes} bytes`)
      const to = Math.min(from + slot.bytes - slot.filled, piece.length)
      this.#fill(slot, piece, from, to)
      from = to
      if (slot.filled === slot.bytes) this.#advance()
    }
  }

  /** The body, when its last piece has come. Throws BAD_BINARY if it is too short. */
  end (): Body {
    if (this.#content === undefined || this.#slots.some(({ bytes, filled }) => filled < bytes)) {
      throw badBinary(`it ends before its ${this.#bodyBytes} bytes have come`)
    }
    const tensors = this.#slots.map(({ part: { datatype, shape }, address }) =>
      new StagedTensor(isHalf(datatype) ? 'FP32' : datatype, shape, address, this.#lease))
    return this.#content.body(tensors)
  }

  // What of a piece belongs to the head: mostly all of the head.
  #writeHead (piece: Buffer): number {
    const { prefixBytes } = this.#frame
    if (this.#head === undefined && piece.length >= Math.min(prefixBytes, this.#bodyBytes)) {
      const bytes = this.#headBytes(piece)
      if (piece.length >= bytes) {
        this.#open(piece.subarray(0, bytes))
        return bytes
      }
    }
    this.#head ??= Buffer.alloc(Math.min(prefixBytes, this.#bodyBytes))
    for (let from = 0; ;) {
      const to = Math.min(from + this.#head.length - this.#headFilled, piece.length)
      this.#head.set(piece.subarray(from, to), this.#headFilled)
      this.#headFilled += to - from
      from = to
      if (this.#headFilled < this.#head.length) return from
      if (this.#prefixRead) {
        this.#open(this.#head)
        return from
      }
      const head = Buffer.alloc(this.#headBytes(this.#head))
      head.set(this.#head)
      this.#head = head
      this.#prefixRead = true
    }
  }

  #headBytes (prefix: Buffer): number {
    const bytes = this.#frame.headBytes(prefix)
    if (bytes > skeletonBytesMax) {
      throw new LossdError('BODY_TOO_LARGE',
        `The header has ${bytes} bytes; the limit is ${skeletonBytesMax} bytes`)
    }
    if (bytes > this.#bodyBytes) {
      throw badBinary(`its header has ${bytes} bytes, the whole body ${this.#bodyBytes}`)
    }
    return bytes
  }

  // All sizes are checked before anything is allocated.
  #open (bytes: Buffer): void {
    const head = this.#frame.readHead(bytes, this.#bodyBytes)
    let sum = bytes.length
    for (const part of head.parts) {
      const count = countOf(part)
      const own = count * wireBytes(part.datatype)
      sum += own
      this.#slots.push({ part, count, address: 0, bytes: own, filled: 0 })
    }
    if (sum !== this.#bodyBytes) {
      throw badBinary(`header and tensors have ${sum} bytes, the body ${this.#bodyBytes}`)
    }
    for (const slot of this.#slots) {
      const { part, bytes } = slot
      slot.address = this.#lease.allocate(isHalf(part.datatype) ? 2 * bytes : bytes)
    }
    this.#content = head
    if (this.#slots[0]?.bytes === 0) this.#advance()
  }

  // To the next slot that is not full from the start.
  #advance (): void {
    do this.#next++
    while (this.#slots[this.#next]?.bytes === 0)
  }

  #fill (slot: Slot, piece: Buffer, from: number, to: number): void {
    const { part: { name, datatype }, count, address } = slot
    const before = slot.filled
    slot.filled += to - from
    if (isHalf(datatype)) {
      copyBytes(piece.subarray(from, to), this.#heap, address + 2 * count + before)
      widenHalves(this.#heap, datatype, address, count, before >>> 1, slot.filled >>> 1)
      return
    }
    copyBytes(piece.subarray(from, to), this.#heap, address + before)
    if (datatype !== 'BOOL') return
    const pointer = childPointer('', name)
    for (let index = from; index < to; index++) {
      if ((piece[index] ?? 0) <= 1) continue
      throw new LossdError('TENSOR_INVALID',
        `${pointer}: element ${before + index - from} is ${piece[index]}; a BOOL is 0 or 1`,
        { pointer })
    }
  }
}

/** BAD_BINARY with a reason. */
export function badBinary (reason: string): LossdError {
  return new LossdError('BAD_BINARY', `The body cannot be read: ${reason}`)
}

/** Bytes of an element as it comes. */
export function wireBytes (datatype: WireDatatype): number {
  return isHalf(datatype) ? 2 : datatypes[datatype].bytes
}

function isHalf (datatype: WireDatatype): datatype is Half {
  return datatype === 'FP16' || datatype === 'BF16'
}

// Kernels count in 32 bits, also where another length is 0.
const lengthMax = 2 ** 31 - 1

function countOf ({ name, shape }: Part): number {
  const pointer = childPointer('', name)
  if (shape.length > rankMax) {
    throw new LossdError('TENSOR_INVALID',
      `${pointer}: ${shape.length} axes; the limit is ${rankMax}`, { pointer })
  }
  const odd = shape.find(length => !Number.isInteger(length) || length < 0 || length > lengthMax)
  if (odd !== undefined) {
    throw new LossdError('TENSOR_INVALID',
      `${pointer}: a length is a whole number from 0 to ${lengthMax}; got ${odd}`, { pointer })
  }
  return elementCount(shape)
}
