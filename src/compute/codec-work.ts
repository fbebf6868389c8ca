// The codec at work in the heap, as a program of the pool: large bodies are read and large replies
// printed there, so that the main thread only says where.

import type { Lease } from '../buffer/lease.ts'
import type { Json } from '../codec/json-reader.ts'
import type { Real } from '../codec/json-numbers.ts'
import type { LargeText } from '../codec/large-text.ts'
import { writePowers } from '../codec/powers.ts'
import type { Program } from '../kernels/program.ts'
import type { Machine } from './execute.ts'
import { codecModule } from './open-codec.ts'
import type { RunOptions } from './pool.ts'

/** Programs of kernels are numbered from 1. */
const programId = 0

const works = new WeakMap<Machine, CodecWork>()

/** The codec in a machine's heap. */
export function codecWork (machine: Machine): CodecWork {
  let work = works.get(machine)
  if (work === undefined) {
    work = new CodecWork(machine)
    works.set(machine, work)
  }
  return work
}

class CodecWork {
  readonly #machine: Machine
  readonly #program: Program
  readonly #countElements: (from: number, end: number) => number

  /** After openCodec. */
  constructor (machine: Machine) {
    const module = codecModule()
    this.#machine = machine
    this.#program = { id: programId, module, steps: 1 }
    const { memory } = machine.heap
    writePowers(memory)
    const { exports } = new WebAssembly.Instance(module, { lossd: { memory } })
    // As program-code.ts exports it.
    this.#countElements = exports['countElements'] as (from: number, end: number) => number
  }

  /**
   * The value of a text that has come, its elements in a lease of their own. Throws BAD_JSON,
   * BODY_TOO_LARGE, HEAP_FULL, QUEUE_FULL, WORKER_LOST, DEADLINE_EXCEEDED, CANCELLED.
   */
  async read (
    text: LargeText, elements: Lease, real: Real, options: RunOptions
  ): Promise<Json> {
    const record = text.begin(elements, real, this.#countElements)
    while (text.advance()) await this.run(record, options)
    return text.read()
  }

  /** Runs the program on a record. */
  run (record: number, options: RunOptions): undefined | Promise<void> {
    return this.#machine.pool.run(this.#program, record, options)
  }
}
