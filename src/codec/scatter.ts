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
  /** The length of the head, prefix included. */
  headBytes (prefix: Buffer): number
  readHead (head: Buffer, bodyBytes: number): Head<Body>
}

/** A tensor's place, and how much of it has come. */
interface Slot {
  readonly part: Part
  readonly count: number
  readonly address: number
  /** Bytes that come, and have come. */
  readonly bytes: number
  filled: number
}

export class Scatter<Body> {
  readonly #frame: Frame<Body>
  readonly #heap: Heap
  readonly #lease: Lease
  readonly #bodyBytes: number
  #head: Buffer
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
    this.#head = Buffer.alloc(Math.min(frame.prefixBytes, bodyBytes))
  }

  /** The next piece. Throws what is wrong with the head, TENSOR_INVALID, HEAP_FULL. */
  write (piece: Uint8Array): void {
    let from = 0
    while (this.#content === undefined) {
      const to = Math.min(from + this.#head.length - this.#headFilled, piece.length)
      this.#head.set(piece.subarray(from, to), this.#headFilled)
      this.#headFilled += to - from
      from = to
      if (this.#headFilled < this.#head.length) return
      if (this.#prefixRead) this.#open(this.#frame.readHead(this.#head, this.#bodyBytes))
      else this.#lengthen()
    }
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

  // The prefix has come: room for the whole head.
  #lengthen (): void {
    const bytes = this.#frame.headBytes(this.#head)
    if (bytes > skeletonBytesMax) {
      throw new LossdError('BODY_TOO_LARGE',
        `The header has ${bytes} bytes; the limit is ${skeletonBytesMax} bytes`)
    }
    if (bytes > this.#bodyBytes) {
      throw badBinary(`its header has ${bytes} bytes, the whole body ${this.#bodyBytes}`)
    }
    const head = Buffer.alloc(bytes)
    head.set(this.#head)
    this.#head = head
    this.#prefixRead = true
  }

  #open (head: Head<Body>): void {
    this.#content = head
    const sized = head.parts.map(part => ({ part, count: countOf(part) }))
    const bytes = sized.map(({ part, count }) => count * wireBytes(part.datatype))
    const sum = bytes.reduce((total, own) => total + own, this.#head.length)
    if (sum !== this.#bodyBytes) {
      throw badBinary(`header and tensors have ${sum} bytes, the body ${this.#bodyBytes}`)
    }
    for (const [index, { part, count }] of sized.entries()) {
      const own = bytes[index] ?? 0
      const address = this.#lease.allocate(isHalf(part.datatype) ? 2 * own : own)
      this.#slots.push({ part, count, address, bytes: own, filled: 0 })
    }
    if (this.#slots[0]?.bytes === 0) this.#advance()
  }

  // To the next slot that is not full from the start.
  #advance (): void {
    do this.#next++
    while (this.#slots[this.#next]?.bytes === 0)
  }

  #fill (slot: Slot, piece: Uint8Array, from: number, to: number): void {
    const { part: { name, datatype }, count, address } = slot
    const before = slot.filled
    slot.filled += to - from
    if (isHalf(datatype)) {
      copyBytes(this.#heap, address + 2 * count + before, piece, from, to)
      widenHalves(this.#heap, datatype, address, count, before >>> 1, slot.filled >>> 1)
      return
    }
    copyBytes(this.#heap, address + before, piece, from, to)
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

/**
 * Copies bytes [from, to) of a piece to an address. Copying into shared memory is 7 to 11 times
 * slower where source and target differ modulo 8; such pieces go through a buffer that does not.
 */
function copyBytes (
  { u8 }: Heap, address: number, piece: Uint8Array, from: number, to: number
): void {
  if (((piece.byteOffset + from - address) & 7) === 0) {
    u8.set(piece.subarray(from, to), address)
    return
  }
  for (let start = from; start < to; start += bounceBytes) {
    const end = Math.min(start + bounceBytes, to)
    const target = address + start - from
    const phase = target & 7
    bounce.set(piece.subarray(start, end), phase)
    u8.set(bounce.subarray(phase, phase + end - start), target)
  }
}

const bounceBytes = 64 << 10
const bounce = new Uint8Array(bounceBytes + 8)
