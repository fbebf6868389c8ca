// One session's order: operations run one at a time, in the order of their arrival. A bounded number
// may wait; beyond that the client is told to come back.

import { LossdError } from '../errors.ts'

interface Letter {
  readonly run: () => void
  readonly refuse: (error: unknown) => void
  readonly signal: AbortSignal | undefined
}

export class Mailbox {
  readonly #waiting: Letter[] = []
  readonly #waitingMax: number
  #busy = false

  /** `waitingMax` operations may wait behind the one that runs. */
  constructor (waitingMax: number) {
    this.#waitingMax = waitingMax
  }

  /** True while nothing runs or waits. */
  get idle (): boolean { return !this.#busy }

  get waitingCount (): number { return this.#waiting.length }

  /**
   * Runs the operation when its turn comes: at once if nothing runs. Its outcome is the caller's; a
   * failed operation does not hold up the next. An operation whose signal aborts before its turn is
   * never run. Throws SESSION_QUEUE_FULL, CANCELLED.
   */
  post<T> (operation: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#busy && this.#waiting.length >= this.#waitingMax) {
      const detail = `The session has ${this.#waitingMax} operations waiting, the limit`
      return Promise.reject(new LossdError('SESSION_QUEUE_FULL', detail))
    }
    return new Promise<T>((resolve, reject) => {
      const run = (): void => {
        attempt(operation).then(resolve, reject).finally(() => this.#next())
      }
      this.#waiting.push({ run, refuse: reject, signal })
      if (!this.#busy) this.#next()
    })
  }

  #next (): void {
    this.#busy = false
    for (let letter = this.#waiting.shift(); letter !== undefined; letter = this.#waiting.shift()) {
      if (letter.signal?.aborted === true) {
        letter.refuse(new LossdError('CANCELLED'))
        continue
      }
      this.#busy = true
      letter.run()
      return
    }
  }
}

/** Starts the operation now; what it throws becomes a rejection. */
async function attempt<T> (operation: () => T | Promise<T>): Promise<T> {
  return await operation()
}
