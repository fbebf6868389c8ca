// One session's order: operations run one at a time, in the order of their arrival. A bounded
// number may wait; beyond that the client is told to come back.

import { LossdError } from '../errors.ts'

/** How long an operation may wait for its turn, and whether anybody still wants it. */
export interface Waiting {
  readonly deadlineMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Letter {
  readonly run: () => void
  /** Called when it no longer waits: its turn has come, or it was given up. */
  readonly settle: () => void
}

export class Mailbox {
  readonly #letters: Letter[] = []
  readonly #waitingMax: number
  #busy = false

  /** `waitingMax` operations may wait behind the one that runs. */
  constructor (waitingMax: number) {
    this.#waitingMax = waitingMax
  }

  /** True while nothing runs or waits. */
  get idle (): boolean { return !this.#busy }

  get waiting (): number { return this.#letters.length }

  /**
   * Runs the operation when its turn comes: at once if nothing runs. Its outcome is the caller's;
   * one that fails does not hold up the next, and one that is given up before its turn is never
   * run. Throws SESSION_QUEUE_FULL, DEADLINE_EXCEEDED, CANCELLED, and what the operation throws.
   */
  post<T> (operation: () => T | Promise<T>, waiting: Waiting = {}): Promise<T> {
    if (!this.#busy) return this.#run(operation)
    if (this.#letters.length >= this.#waitingMax) {
      const detail = `The session has ${this.#waitingMax} operations waiting, the limit`
      return Promise.reject(new LossdError('SESSION_QUEUE_FULL', detail))
    }
    return new Promise<T>((resolve, reject) => {
      const run = (): void => { this.#run(operation).then(resolve, reject) }
      this.#letters.push(this.#letter(run, reject, waiting))
    })
  }

  #letter (
    run: () => void, reject: (error: LossdError) => void, { deadlineMs, signal }: Waiting
  ): Letter {
    const giveUp = (error: LossdError): void => {
      letter.settle()
      this.#letters.splice(this.#letters.indexOf(letter), 1)
      reject(error)
    }
    const abort = (): void => giveUp(new LossdError('CANCELLED'))
    const late = new LossdError('DEADLINE_EXCEEDED', `Not begun within ${deadlineMs} ms`)
    const timer = deadlineMs === undefined ? undefined : setTimeout(giveUp, deadlineMs, late)
    signal?.addEventListener('abort', abort)
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const letter = { run, settle }
    return letter
  }

  async #run<T> (operation: () => T | Promise<T>): Promise<T> {
    this.#busy = true
    try {
      return await operation()
    } finally {
      this.#next()
    }
  }

  #next (): void {
    const letter = this.#letters.shift()
    this.#busy = false
    letter?.settle()
    letter?.run()
  }
}
