// Finds threads that hang: in the same range of chunks for too long, or inside a job that was
// sealed. No chunk takes more than some 10 ms, so a second is long.

import { threadField, threadWord } from './job.ts'
import type { Words } from './words.ts'

export interface WatchLimits {
  /** Longest time in one claim. */
  readonly hangMs: number
  /** Longest time inside a job that has been ended. */
  readonly sealedMs: number
}

interface Sight {
  inside: number
  claims: number
  isDraining: boolean
  sinceMs: number
}

/** Compares what threads do from one look to the next. */
export class Watch {
  readonly #words: Words
  readonly #limits: WatchLimits
  readonly #sights = new Map<number, Sight>()
  // A clock that stands still while the main thread is held up, since the workers' machine may be
  // too.
  #clockMs = 0

  constructor (words: Words, limits: WatchLimits) {
    this.#words = words
    this.#limits = limits
  }

  /** Lets time pass; a long gap counts for two looks only. */
  pass (elapsedMs: number, tickMs: number): void {
    this.#clockMs += Math.min(elapsedMs, 2 * tickMs)
  }

  /** True when a thread does not come out of what it does; `isDraining` tells of a slot. */
  isHung (thread: number, isDraining: (slot: number) => boolean): boolean {
    const inside = this.#words.load(threadWord(thread, threadField.inside))
    const claims = this.#words.load(threadWord(thread, threadField.claims))
    const draining = inside > 0 && isDraining(inside - 1)
    const sight = this.#sights.get(thread)
    const isSame = sight !== undefined && inside > 0 && sight.inside === inside &&
      sight.claims === claims && sight.isDraining === draining
    if (!isSame) {
      this.#sights.set(thread, { inside, claims, isDraining: draining, sinceMs: this.#clockMs })
      return false
    }
    const limitMs = draining ? this.#limits.sealedMs : this.#limits.hangMs
    return this.#clockMs - sight.sinceMs > limitMs
  }
}
