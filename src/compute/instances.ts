// The programs of one thread: every thread makes its own instance of a module, over the one memory,
// and keeps its functions by the program's id.

import { chunksOf, grainOf, nanosecondsOf, stepsOf } from './estimate.ts'
import { programMissing, trapped } from './job.ts'
import type { Kernels } from './turn.ts'

export interface InstancesSettings {
  readonly memory: WebAssembly.Memory
  /** Index of this thread, 0 for the main thread: where it finds its scratch. */
  readonly thread: number
  /** Called when a program is not there; may `add` it. */
  readonly missing?: (program: number) => void
  /** Told what a kernel threw. */
  readonly trapped?: (reason: unknown) => void
}

type Kernel = (args: number, first: number, last: number) => void
type After = (args: number) => void

interface Instance {
  readonly kernels: readonly Kernel[]
  readonly afters: readonly After[]
}

/** Programs by id, instantiated when first used. */
export class Instances implements Kernels {
  readonly #settings: InstancesSettings
  readonly #heap: Int32Array
  readonly #modules = new Map<number, WebAssembly.Module>()
  readonly #instances = new Map<number, Instance>()

  constructor (settings: InstancesSettings) {
    this.#settings = settings
    this.#heap = new Int32Array(settings.memory.buffer)
  }

  get size (): number { return this.#modules.size }

  has (program: number): boolean { return this.#modules.has(program) }

  add (program: number, module: WebAssembly.Module): void { this.#modules.set(program, module) }

  forget (program: number): void {
    this.#modules.delete(program)
    this.#instances.delete(program)
  }

  steps (args: number): number { return stepsOf(this.#heap, args) }

  chunks (args: number, step: number): number { return chunksOf(this.#heap, args, step) }

  grain (args: number, step: number, threads: number): number {
    return grainOf(this.chunks(args, step), nanosecondsOf(this.#heap, args, step), threads)
  }

  run (program: number, args: number, step: number, first: number, last: number): number {
    try {
      const kernel = this.#instance(program)?.kernels[step]
      if (kernel === undefined) return programMissing
      kernel(args, first, last)
      return 0
    } catch (reason) {
      this.#settings.trapped?.(reason)
      return trapped
    }
  }

  after (program: number, args: number, step: number): number {
    try {
      const after = this.#instance(program)?.afters[step]
      if (after === undefined) return programMissing
      after(args)
      return 0
    } catch (reason) {
      this.#settings.trapped?.(reason)
      return trapped
    }
  }

  /** The whole program on this thread. Throws what a kernel throws. */
  runAll (program: number, args: number): void {
    const instance = this.#instance(program)
    if (instance === undefined) throw new Error(`There is no program ${program}`)
    const { kernels, afters } = instance
    const steps = stepsOf(this.#heap, args)
    for (let step = 0; step < steps; step++) {
      const chunks = chunksOf(this.#heap, args, step)
      if (chunks > 0) kernels[step]?.(args, 0, chunks)
      afters[step]?.(args)
    }
  }

  #instance (program: number): Instance | undefined {
    return this.#instances.get(program) ?? this.#instantiate(program)
  }

  #instantiate (program: number): Instance | undefined {
    if (!this.#modules.has(program)) this.#settings.missing?.(program)
    const module = this.#modules.get(program)
    if (module === undefined) return undefined
    const { memory, thread } = this.#settings
    // Immutable i32 globals are imported as plain numbers.
    const { exports } = new WebAssembly.Instance(module, { lossd: { memory, thread } })
    const kernels: Kernel[] = []
    const afters: After[] = []
    for (let step = 0; `a${step}` in exports; step++) {
      // By the agreement between kernels and pool these are functions of such numbers.
      kernels.push(exports[`k${step}`] as Kernel)
      afters.push(exports[`a${step}`] as After)
    }
    const instance = { kernels, afters }
    this.#instances.set(program, instance)
    return instance
  }
}
