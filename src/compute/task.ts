// A job as its caller sees it: a promise, a deadline, a signal, and memory that may not be given
// back while a thread can touch it.

import { LossdError } from '../errors.ts'
import type { Entry } from './library.ts'

/** What can be held while a job is under way: a lease of the heap. */
export interface Holdable {
  hold (): void
  release (): void
}

export interface RunOptions {
  /** Milliseconds from now; looked at every 25 ms. */
  readonly deadlineMs?: number | undefined
  /** Aborted when nobody wants the result any more. */
  readonly signal?: AbortSignal | undefined
  /**
   * The memory of the job. A job that ends early rejects at once, while a thread may still be
   * writing: the lease is held until none is.
   */
  readonly lease?: Holdable | undefined
}

/**
 * A job that was not run inline. It settles once, and is released once, not before it has settled.
 */
export class Task {
  readonly entry: Entry
  readonly args: number
  readonly nanoseconds: number
  /**
   * Only threads with a lower index may run it: so many were there when its scratch was laid out.
   */
  readonly threads: number
  readonly deadlineAtMs: number
  readonly promise: Promise<void>
  /** Why it is being ended. */
  reason: LossdError | undefined
  /** −1 while it waits. */
  slot = -1
  readonly #options: RunOptions
  readonly #onAbort: () => void
  #resolve: () => void = () => {}
  #reject: (reason: LossdError) => void = () => {}

  constructor (
    entry: Entry, args: number, nanoseconds: number, threads: number, options: RunOptions,
    abort: (task: Task) => void
  ) {
    this.entry = entry
    this.args = args
    this.nanoseconds = nanoseconds
    this.threads = threads
    this.#options = options
    const { deadlineMs, signal, lease } = options
    this.deadlineAtMs = deadlineMs === undefined ? Infinity : performance.now() + deadlineMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#onAbort = () => abort(this)
    signal?.addEventListener('abort', this.#onAbort)
    lease?.hold()
    entry.users++
  }

  /** Settles the promise: with the error, if there is one. */
  settle (error?: LossdError): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    if (error === undefined) this.#resolve()
    else this.#reject(error)
  }

  /** Lets go of the memory. */
  release (): void { this.#options.lease?.release() }

  deadlineError (): LossdError {
    return new LossdError('DEADLINE_EXCEEDED', `Not finished within ${this.#options.deadlineMs} ms`)
  }
}
