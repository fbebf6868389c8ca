// The codec at work in the heap, as a program of the pool: large bodies are read and large replies
// printed there, so that the main thread only says where.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Json } from '../codec/json-reader.ts'
import type { Real } from '../codec/json-numbers.ts'
import type { CountElements, LargeText } from '../codec/large-text.ts'
import { type Narrow, narrowIn } from '../codec/pad.ts'
import { writeTables } from '../codec/tables.ts'
import type { Printout } from '../codec/printout.ts'
import { turn } from '../codec/turns.ts'
import { LossdError } from '../errors.ts'
import type { Program } from '../kernels/program.ts'
import type { Machine } from './execute.ts'
import { codecModule, openCodec } from './open-codec.ts'
import type { RunOptions } from './pool.ts'

/** Programs of kernels are numbered from 1. */
const programId = 0

const works = new WeakMap<Heap, CodecWork>()

/** Makes the codec ready, on this thread and in a machine's heap. */
export async function startCodec (machine: Machine): Promise<void> {
  await openCodec()
  if (!works.has(machine.heap)) works.set(machine.heap, new CodecWork(machine))
}

/** The codec in a heap, after startCodec. */
export function codecOf (heap: Heap): CodecWork {
  const work = works.get(heap)
  if (work === undefined) throw new Error('startCodec() has not been awaited')
  return work
}

export class CodecWork {
  readonly #machine: Machine
  readonly #program: Program
  /** As program-code.ts exports it. */
  readonly count: CountElements

  /** After openCodec. */
  constructor (machine: Machine) {
    const module = codecModule()
    this.#machine = machine
    this.#program = { id: programId, module, steps: 1 }
    const { memory } = machine.heap
    writeTables(memory)
    const { exports } = new WebAssembly.Instance(module, { lossd: { memory } })
    this.count = exports['countElements'] as CountElements
    narrowIn.set(machine.heap, exports['narrow'] as Narrow)
  }

  /**
   * The value of a text that has come, its elements in a lease of their own. Throws BAD_JSON,
   * BODY_TOO_LARGE, HEAP_FULL, QUEUE_FULL, WORKER_LOST, DEADLINE_EXCEEDED, CANCELLED.
   */
  async read (
    text: LargeText, elements: Lease, real: Real, options: RunOptions
  ): Promise<Json> {
    const record = text.begin(elements, real)
    while (text.advance()) await this.#run(record, options)
    await turn()
    // Who left while it waited has given the memory back.
    if (options.signal?.aborted === true) throw new LossdError('CANCELLED')
    return text.read()
  }

  /**
   * The text of a reply, piece by piece, in memory of a lease. Throws HEAP_FULL, QUEUE_FULL,
   * WORKER_LOST.
   */
  async print (printout: Printout, lease: Lease): Promise<Buffer[]> {
    await Promise.all(printout.begin(lease).map(record => this.#run(record, { lease })))
    return printout.pieces()
  }

  #run (record: number, options: RunOptions): undefined | Promise<void> {
    return this.#machine.pool.run(this.#program, record, options)
  }
}
