// The jobs under way: those in slots of the board and those that wait for one, oldest first. Says
// what each end of a job means for its caller, and lets go of its memory when no thread is inside.
//
//     add ──▶ queue ──▶ slot ──▶ ended: the promise settles ──▶ freed: the memory may be given back
//               └──────── cancel ────────┘

import { LossdError } from '../errors.ts'
import { Board } from './board.ts'
import { chunksOf, grainOf, nanosecondsOf, stepsOf, urgencyOf } from './estimate.ts'
import { cancelled, chunksMax, done, failed, lost, programMissing } from './job.ts'
import type { Entry, Library } from './library.ts'
import { type RunOptions, Task } from './task.ts'
import type { Words } from './words.ts'

export interface JobsSettings {
  readonly heap: Int32Array
  readonly words: Words
  readonly library: Library
  readonly queueJobsMax: number
}

/** What jobs need of the threads; see crew.ts. */
export interface Threads {
  readonly indices: number
  send (entry: Entry): void
}

export class Jobs {
  readonly #settings: JobsSettings
  readonly #threads: () => Threads
  readonly #board: Board
  readonly #queue: Task[] = []
  readonly #slots: (Task | undefined)[] = []
  readonly counts = { done: 0, failed: 0, cancelled: 0, lost: 0, refused: 0 }
  #outstanding = 0
  #arrivals = 0
  /** Called when the last job has been freed. */
  onIdle: () => void = () => {}

  constructor (settings: JobsSettings, threads: () => Threads) {
    this.#settings = settings
    this.#threads = threads
    this.#board = new Board(settings.words, {
      ended: (slot, status, error) => this.#ended(slot, status, error),
      freed: slot => this.#freed(slot)
    })
    this.#board.answer()
  }

  /** Jobs that have not been freed. */
  get outstanding (): number { return this.#outstanding }
  get queued (): number { return this.#queue.length }

  /** Throws QUEUE_FULL. */
  add (entry: Entry, args: number, nanoseconds: number, options: RunOptions): Promise<void> {
    const { heap, queueJobsMax } = this.#settings
    checkChunks(heap, args)
    if (this.#queue.length >= queueJobsMax) {
      this.counts.refused++
      throw new LossdError('QUEUE_FULL', `${queueJobsMax} jobs are waiting, the limit`)
    }
    const task = new Task(entry, args, nanoseconds, this.#threads().indices, options, task =>
      this.#end(task, cancelled, new LossdError('CANCELLED')))
    this.#outstanding++
    if (this.#queue.length > 0 || !this.#post(task)) this.#queue.push(task)
    return task.promise
  }

  /** At a bell of the workers. */
  answer (): void {
    this.#board.answer()
    this.#pump()
  }

  /** After a thread has ended for good. */
  abandon (thread: number): void {
    this.#board.abandon(thread)
    this.#pump()
  }

  /** Ends the job that a thread hangs in. */
  loseJobOf (thread: number): void {
    const task = this.#slots[this.#board.slotOf(thread)]
    if (task !== undefined) this.#end(task, lost, new LossdError('WORKER_LOST'))
  }

  /** Ends the jobs that no thread from this index on can run: their scratch has no room for it. */
  loseStranded (lowestThread: number): void {
    for (const task of this.#tasks()) {
      if (task.threads <= lowestThread) this.#end(task, lost, new LossdError('WORKER_LOST'))
    }
  }

  /** Ends the jobs whose deadline has passed. */
  expire (nowMs: number): void {
    for (const task of this.#tasks()) {
      if (task.deadlineAtMs <= nowMs) this.#end(task, cancelled, task.deadlineError())
    }
  }

  endAll (): void {
    for (const task of this.#tasks()) this.#end(task, cancelled, new LossdError('DRAINING'))
  }

  /** True while a job has ended but a thread may be inside. */
  isDraining (slot: number): boolean { return this.#board.isDraining(slot) }

  // False if no slot is free.
  #post (task: Task): boolean {
    const { heap } = this.#settings
    const { entry, args, nanoseconds, threads } = task
    const { indices } = this.#threads()
    this.#threads().send(entry)
    const chunks = chunksOf(heap, args, 0)
    const slot = this.#board.post({
      program: entry.program.id,
      args,
      // An empty step is claimed as if it had a chunk.
      chunks: Math.max(1, chunks),
      grain: grainOf(chunks, nanosecondsOf(heap, args, 0), indices - 1),
      urgency: urgencyOf(nanoseconds, this.#arrivals++),
      threads
    })
    if (slot < 0) return false
    task.slot = slot
    this.#slots[slot] = task
    return true
  }

  #pump (): void {
    for (let task = this.#queue[0]; task !== undefined; task = this.#queue[0]) {
      if (!this.#post(task)) return
      this.#queue.shift()
    }
  }

  #ended (slot: number, status: number, error: number): void {
    const task = this.#slots[slot]
    if (task === undefined) return
    if (status === done) {
      this.counts.done++
      task.settle()
    } else if (status === failed) {
      this.counts.failed++
      task.settle(new LossdError('KERNEL_TRAPPED',
        error === programMissing ? 'A thread does not have the program' : 'A kernel stopped'))
    } else {
      this.counts[status === lost ? 'lost' : 'cancelled']++
      task.settle(task.reason ?? new LossdError(status === lost ? 'WORKER_LOST' : 'CANCELLED'))
    }
  }

  #freed (slot: number): void {
    const task = this.#slots[slot]
    this.#slots[slot] = undefined
    if (task !== undefined) this.#release(task)
  }

  #release (task: Task): void {
    task.release()
    this.#settings.library.leave(task.entry)
    if (--this.#outstanding === 0) this.onIdle()
  }

  // Ends a job early. One that has just ended by itself settles at the bell instead.
  #end (task: Task, status: typeof cancelled | typeof lost, reason: LossdError): void {
    if (task.slot >= 0) {
      if (this.#slots[task.slot] !== task || this.isDraining(task.slot)) return
      task.reason = reason
      this.#board.end(task.slot, status)
    } else {
      const index = this.#queue.indexOf(task)
      if (index < 0) return
      this.#queue.splice(index, 1)
      this.counts[status === lost ? 'lost' : 'cancelled']++
      task.settle(reason)
      this.#release(task)
    }
    this.#pump()
  }

  #tasks (): Task[] {
    return [...this.#slots, ...this.#queue].filter(task => task !== undefined)
  }
}

function checkChunks (heap: Int32Array, args: number): void {
  for (let step = stepsOf(heap, args) - 1; step >= 0; step--) {
    const chunks = chunksOf(heap, args, step)
    if (chunks < 0 || chunks > chunksMax) {
      throw new RangeError(`A step has 0 to ${chunksMax} chunks; step ${step} has ${chunks}`)
    }
  }
}
