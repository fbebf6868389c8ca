// Runs programs: short ones at once on the calling thread, others on worker threads. Here settings,
// time and the end of it all; jobs.ts has the jobs, crew.ts the threads, and the protocol between
// them is in board.ts and turn.ts.
//
//     run ──short──▶ inline ──▶ done
//      └───────────▶ jobs ──▶ board ──▶ workers of the crew ──bell──▶ jobs

import { availableParallelism } from 'node:os'
import { LossdError } from '../errors.ts'
import type { Program } from '../kernels/program.ts'
import { Crew, type Fault } from './crew.ts'
import { jobNanoseconds } from './estimate.ts'
import { InlineBudget } from './inline-budget.ts'
import { Instances } from './instances.ts'
import { Jobs } from './jobs.ts'
import { Library } from './library.ts'
import type { RunOptions } from './task.ts'
import { Watch } from './watch.ts'
import { AtomicWords, type Words } from './words.ts'

export type { Fault } from './crew.ts'
export type { RunOptions } from './task.ts'

export interface PoolSettings {
  readonly memory: WebAssembly.Memory
  /** Worker threads; by default one for each available CPU. */
  readonly threads?: number
  /** Most jobs waiting for a slot; 256 more may be in slots. */
  readonly queueJobsMax?: number
  /** Jobs estimated below this always run inline. */
  readonly inlineAlwaysUs?: number
  /** Jobs estimated up to this run inline while the main thread has time. */
  readonly inlineBudgetUs?: number
  /** Keep each worker on one CPU. */
  readonly pin?: boolean
  /** Most programs that threads keep. */
  readonly programsMax?: number
  /** Longest time in one range of chunks. */
  readonly hangMs?: number
  /** Hears of threads that trapped, ended or hung; 'fatal' means that the process should exit. */
  readonly onFault?: (fault: Fault) => void
  /** For tests: other atomics on the main thread, and a module with a worker's. */
  readonly words?: { readonly main: Words, readonly module: string }
}

export interface PoolStats {
  /** Worker threads that can take work. */
  readonly threads: number
  readonly threadIndices: number
  readonly queued: number
  /** Jobs in slots, ended ones that a thread has not left included. */
  readonly posted: number
  readonly programs: number
  // Counts since the start.
  readonly inline: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly lost: number
  readonly refused: number
  readonly respawns: number
  readonly zombies: number
}

const tickMs = 25
/** Longest time inside a job that has been ended: its memory is back within 300 ms. */
const sealedMs = 200
/** For threads to leave by themselves at the end. */
const stopMs = 250

/** Programs in, results in memory out. */
export class Pool {
  readonly #heap: Int32Array
  readonly #instances: Instances
  readonly #library: Library
  readonly #inline: InlineBudget
  readonly #jobs: Jobs
  readonly #crew: Crew
  readonly #watch: Watch
  readonly #counts = { inline: 0, trapped: 0 }
  #timer: NodeJS.Timeout | undefined
  #tickedAtMs = 0
  #closed: Promise<void> | undefined

  constructor (settings: PoolSettings) {
    const { memory, pin = false } = settings
    const heap = new Int32Array(memory.buffer)
    const words = settings.words?.main ?? new AtomicWords(heap)
    const library = new Library(settings.programsMax ?? 1024, id => this.#drop(id))
    this.#heap = heap
    this.#library = library
    this.#instances = new Instances({ memory, thread: 0 })
    this.#inline = new InlineBudget({
      inlineAlwaysUs: settings.inlineAlwaysUs ?? 20,
      inlineBudgetUs: settings.inlineBudgetUs ?? 200
    })
    this.#watch = new Watch(words, { hangMs: settings.hangMs ?? 1000, sealedMs })
    const queueJobsMax = settings.queueJobsMax ?? 1024
    this.#jobs = new Jobs({ heap, words, library, queueJobsMax }, () => this.#crew)
    this.#crew = new Crew({
      memory,
      words,
      pin,
      threads: settings.threads ?? availableParallelism(),
      wordsModule: settings.words?.module,
      programs: () => library.inUse()
    }, {
      bell: () => this.#jobs.answer(),
      gone: thread => this.#jobs.abandon(thread),
      retired: () => this.#jobs.loseStranded(Math.min(...this.#crew.threads())),
      fault: fault => settings.onFault?.(fault)
    })
  }

  /** Fulfilled when all workers take turns; jobs are taken before. */
  get ready (): Promise<void> { return this.#crew.ready }

  /** Thread indices that may run kernels now, the main thread's included: scratch for so many. */
  get threadIndices (): number { return this.#crew.indices }

  /**
   * Runs a program on the record at `args`. Undefined when it has run already; else a promise.
   * The record and all it points to must not change before the job has ended, and lie in
   * `options.lease`, laid out for as many threads as `threadIndices` says now.
   * @throws KERNEL_TRAPPED, QUEUE_FULL, CANCELLED, DRAINING; the promise: KERNEL_TRAPPED,
   * WORKER_LOST, DEADLINE_EXCEEDED, CANCELLED, DRAINING.
   */
  run (program: Program, args: number, options: RunOptions = {}): undefined | Promise<void> {
    if (this.#closed !== undefined) throw new LossdError('DRAINING')
    if (options.signal?.aborted === true) throw new LossdError('CANCELLED')
    const entry = this.#library.find(program)
    const nanoseconds = jobNanoseconds(this.#heap, args)
    if (this.#inline.admits(nanoseconds)) return this.#runInline(program, args)
    const promise = this.#jobs.add(entry, args, nanoseconds, options)
    this.#startTicking()
    return promise
  }

  /** Lets all threads drop a program, once no job needs it. It may be run again later. */
  forget (programId: number): void { this.#library.forget(programId) }

  stats (): PoolStats {
    const { outstanding, queued, counts } = this.#jobs
    const { alive, indices, respawns, zombies } = this.#crew
    return {
      threads: alive,
      threadIndices: indices,
      queued,
      posted: outstanding - queued,
      programs: this.#library.size,
      ...counts,
      inline: this.#counts.inline,
      failed: counts.failed + this.#counts.trapped,
      respawns,
      zombies
    }
  }

  /** Takes no more jobs, gives those there are some time, ends the rest and then the threads. */
  close ({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  #runInline (program: Program, args: number): undefined {
    if (!this.#instances.has(program.id)) this.#instances.add(program.id, program.module)
    try {
      this.#instances.runAll(program.id, args)
    } catch (cause) {
      this.#counts.trapped++
      throw new LossdError('KERNEL_TRAPPED', `A kernel stopped: ${String(cause)}`, { cause })
    }
    this.#counts.inline++
  }

  #drop (program: number): void {
    this.#instances.forget(program)
    this.#crew.forget(program)
  }

  // Only while there is something to watch; meanwhile it keeps the process alive.
  #startTicking (): void {
    if (this.#timer !== undefined) return
    this.#tickedAtMs = performance.now()
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  #tick (): void {
    const nowMs = performance.now()
    this.#watch.pass(nowMs - this.#tickedAtMs, tickMs)
    this.#tickedAtMs = nowMs
    this.#jobs.expire(nowMs)
    for (const thread of this.#crew.threads()) {
      if (!this.#watch.isHung(thread, slot => this.#jobs.isDraining(slot))) continue
      if (!this.#crew.terminate(thread)) continue
      this.#jobs.loseJobOf(thread)
    }
    this.#crew.check()
    if (this.#jobs.outstanding === 0 && !this.#crew.isEnding) this.#stopTicking()
  }

  #stopTicking (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #close (graceMs: number): Promise<void> {
    if (this.#jobs.outstanding > 0 && graceMs > 0) await this.#idle(graceMs)
    this.#jobs.endAll()
    await this.#crew.close(stopMs)
    this.#stopTicking()
  }

  // Fulfilled when the last job has been freed, at the latest after the time given.
  #idle (timeMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, timeMs)
      this.#jobs.onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
