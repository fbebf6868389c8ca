// Work done apart from the event loop and from the threads that compute: one piece at a time on a
// thread of its own, which is ended when a piece takes longer than the limit. Short ones go first,
// and have a spare thread when they must wait, so that they do not wait for a hostile formula.
//
//     do ──▶ waiting, by weight ──▶ the thread, free ──▶ made, or the error it came to
//               └─ light, 100 ms ─▶ a spare thread        └─ limit ─▶ COMPILE_TIMEOUT, a new thread

import type { Worker } from 'node:worker_threads'
import { LossdError } from '../errors.ts'
import type { Work } from '../kernels/apart.ts'
import { startWorker } from './start-worker.ts'
import type { Order, Outcome } from './workshop-message.ts'

export interface WorkshopSettings {
  /** Longest time for one piece of work. */
  readonly limitMs: number
  /** Most pieces that wait for a thread. */
  readonly queueMax?: number
  /** What a thread imports before its first piece. */
  readonly modules?: readonly string[]
}

interface Piece {
  readonly weight: number
  readonly order: Order
  readonly resolve: (made: unknown) => void
  readonly reject: (reason: Error) => void
}

interface Bench {
  readonly worker: Worker
  /** True for one that takes light pieces only. */
  readonly spare: boolean
  isUp: boolean
  piece: Piece | undefined
  timer: NodeJS.Timeout | undefined
}

/** The built-in losses are lighter, but for a few. */
const lightMax = 2000
const spareAfterMs = 100
const idleMs = 10_000
/** Of JavaScript's own memory: a formula within its limits stays below a third of it. */
const memoryMb = 512
/** For what lives briefly: with more a thread keeps 25 MB that it needs no longer. */
const youngMb = 8

export class Workshop {
  readonly #settings: Required<WorkshopSettings>
  readonly #benches = new Set<Bench>()
  readonly #waiting: Piece[] = []
  #patience: NodeJS.Timeout | undefined
  #closed = false

  /** The first thread starts with the first piece. */
  constructor (settings: WorkshopSettings) {
    this.#settings = { queueMax: 256, modules: [], ...settings }
  }

  /** Pieces that are under way or wait. */
  get outstanding (): number {
    return [...this.#benches].filter(bench => bench.piece !== undefined).length +
      this.#waiting.length
  }

  /**
   * Has a piece of work done. Rejects with the error it comes to, with COMPILE_TIMEOUT, QUEUE_FULL,
   * FORMULA_TOO_LARGE when its thread has no memory left, WORKER_LOST, DRAINING.
   */
  do<Given, Made> (work: Work<Given, Made>, given: Given): Promise<Made> {
    const { module, name } = work
    return new Promise((resolve, reject) => {
      const { queueMax } = this.#settings
      if (this.#closed) throw new LossdError('DRAINING')
      if (this.#waiting.length >= queueMax) {
        throw new LossdError('QUEUE_FULL', `${queueMax} programs wait to be compiled, the limit`)
      }
      // The thread runs what the module exports under this name.
      const done = resolve as (made: unknown) => void
      const weight = work.weigh?.(given) ?? 0
      const later = this.#waiting.findIndex(other => other.weight > weight)
      this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0,
        { weight, order: { module, name, given }, resolve: done, reject })
      this.#serve()
    })
  }

  /** Ends the threads; what is not done is rejected. */
  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#patience)
    const draining = new LossdError('DRAINING')
    for (const piece of this.#waiting.splice(0)) piece.reject(draining)
    const benches = [...this.#benches]
    for (const bench of benches) bench.piece?.reject(draining)
    await Promise.all(benches.map(bench => this.#end(bench)))
  }

  #start (spare: boolean): void {
    const { modules } = this.#settings
    const worker = startWorker(new URL('./workshop-worker.js', import.meta.url), {
      workerData: modules, resourceLimits: {
        maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: youngMb
      }
    })
    const bench: Bench = { worker, spare, isUp: false, piece: undefined, timer: undefined }
    this.#benches.add(bench)
    worker.on('message', (outcome: Outcome) => this.#receive(bench, outcome))
    worker.on('error', fault => this.#lose(bench, lossOf(fault)))
    worker.on('exit', () => this.#lose(bench, new LossdError('WORKER_LOST')))
  }

  #serve (): void {
    for (const bench of this.#benches) {
      const [first] = this.#waiting
      if (first === undefined) return
      if (!bench.isUp || bench.piece !== undefined) continue
      if (bench.spare && first.weight > lightMax) continue
      this.#waiting.shift()
      this.#give(bench, first)
    }
    if (this.#waiting.length === 0) return
    const has = (spare: boolean): boolean =>
      [...this.#benches].some(bench => bench.spare === spare)
    if (!has(false)) this.#start(false)
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined
      if ((this.#waiting[0]?.weight ?? Infinity) <= lightMax && !has(true)) this.#start(true)
    }, spareAfterMs)
  }

  #give (bench: Bench, piece: Piece): void {
    const { limitMs } = this.#settings
    clearTimeout(bench.timer)
    bench.piece = piece
    bench.worker.ref()
    bench.worker.postMessage(piece.order)
    bench.timer = setTimeout(() => {
      piece.reject(new LossdError('COMPILE_TIMEOUT', `Compiling took longer than ${limitMs} ms, ` +
        'the limit. Let the formula have fewer operations, or split it into terms; whoever runs ' +
        'the service can raise COMPILE_MS_MAX'))
      void this.#end(bench)
      this.#serve()
    }, limitMs)
  }

  #receive (bench: Bench, outcome: Outcome): void {
    const { piece } = bench
    clearTimeout(bench.timer)
    bench.isUp = true
    bench.piece = undefined
    // From here on only work keeps the process alive.
    bench.worker.unref()
    if ('made' in outcome) piece?.resolve(outcome.made)
    else if ('code' in outcome) piece?.reject(errorOf(outcome))
    else if ('fault' in outcome) piece?.reject(new Error(outcome.fault))
    this.#serve()
    if (bench.piece === undefined && bench.spare) {
      bench.timer = setTimeout(() => void this.#end(bench), idleMs).unref()
    }
  }

  #lose (bench: Bench, reason: LossdError): void {
    clearTimeout(bench.timer)
    bench.piece?.reject(reason)
    bench.piece = undefined
    if (this.#benches.delete(bench) && !this.#closed) this.#serve()
  }

  async #end (bench: Bench): Promise<void> {
    this.#benches.delete(bench)
    clearTimeout(bench.timer)
    await bench.worker.terminate()
  }
}

function errorOf ({ code, message, errors }: Extract<Outcome, { code: unknown }>): LossdError {
  return new LossdError(code, message, { errors })
}

function lossOf (fault: Error & { readonly code?: string }): LossdError {
  if (fault.code !== 'ERR_WORKER_OUT_OF_MEMORY') {
    return new LossdError('WORKER_LOST', undefined, { cause: fault })
  }
  return new LossdError('FORMULA_TOO_LARGE', `Compiling needs more than ${memoryMb} MiB. ` +
    'Let the formula have fewer operations, or split it into terms')
}
