// A large reply: texts, and tensors that a program of the pool prints in the heap, each chunk of
// elements into room of its own. What comes of it goes to the socket piece by piece.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { describe, elementBytesMax, printed, printedCount, textSlack } from './printed.ts'
import { codecRecord, codecRecordBytes, codecTasks } from './program-code.ts'

/** A tensor of the heap as it is nested in a reply. */
export interface Printed {
  readonly tensor: Tensor
  readonly shape: readonly number[]
}

/** Some ten microseconds of work; more where pieces would become too many. */
const chunkElementsMin = 2048
const chunksMax = 512
const nanosecondsPerElement = 15
const descriptionBytes = 128

export class Printout {
  readonly heap: Heap
  readonly #parts: readonly (Buffer | string | Printed)[]
  readonly #records = new Map<Printed, number>()

  constructor (heap: Heap, parts: readonly (Buffer | string | Printed)[]) {
    this.heap = heap
    this.#parts = parts
  }

  /** Records for the program, one for each tensor, with all the room it needs. Throws HEAP_FULL. */
  begin (lease: Lease): number[] {
    for (const part of this.#parts) {
      if (isPrinted(part)) this.#records.set(part, this.#record(part, lease))
    }
    return [...this.#records.values()]
  }

  /** The text, when the program has run. */
  pieces (): Buffer[] {
    return this.#parts.flatMap(part => {
      if (typeof part === 'string') return [Buffer.from(part)]
      return isPrinted(part) ? this.#textOf(part) : [part]
    })
  }

  #record ({ tensor: { datatype, address }, shape }: Printed, lease: Lease): number {
    const { i32 } = this.heap
    const count = printedCount(shape)
    const chunkElements = Math.max(chunkElementsMin, Math.ceil(count / chunksMax))
    const chunks = Math.ceil(count / chunkElements)
    const record = lease.allocate(codecRecordBytes + descriptionBytes + 4 * chunks)
    const description = record + codecRecordBytes
    describe(i32, description, address, datatype, shape)
    const stride = chunkBytes(i32, description, chunkElements)
    const words: readonly [number, number][] = [
      [0, 1],
      [codecRecord.chunks, chunks],
      [codecRecord.nanoseconds, chunkElements * nanosecondsPerElement],
      [codecRecord.task, codecTasks.print],
      [codecRecord.printed, description],
      [codecRecord.count, count],
      [codecRecord.chunkElements, chunkElements],
      [codecRecord.output, lease.allocate(stride * chunks + textSlack)],
      [codecRecord.stride, stride],
      [codecRecord.lengths, description + descriptionBytes]
    ]
    for (const [offset, value] of words) i32[(record + offset) / 4] = value
    return record
  }

  #textOf (part: Printed): Buffer[] {
    const { i32, memory: { buffer } } = this.heap
    const at = (this.#records.get(part) ?? 0) / 4
    const word = (offset: number): number => (i32[at + offset / 4] ?? 0) >>> 0
    const lengths = word(codecRecord.lengths) / 4
    return Array.from({ length: word(codecRecord.chunks) }, (_, chunk) => Buffer.from(
      buffer, word(codecRecord.output) + chunk * word(codecRecord.stride), i32[lengths + chunk]))
  }
}

function isPrinted (part: Buffer | string | Printed): part is Printed {
  return typeof part === 'object' && 'tensor' in part
}

/** Most bytes of a chunk's text: its elements and commas, and the brackets of its rows. */
function chunkBytes (i32: Int32Array, description: number, chunkElements: number): number {
  const words = description / 4
  const rank = i32[words + printed.rank / 4] ?? 0
  const row = rank === 0 ? 1 : i32[words + printed.sizes / 4 + rank - 1] ?? 1
  const rows = Math.ceil(chunkElements / row) + 1
  const element = elementBytesMax[i32[words + printed.datatype / 4] ?? 0] ?? 0
  return Math.ceil((chunkElements * element + 2 * rank * rows + textSlack) / 64) * 64
}
