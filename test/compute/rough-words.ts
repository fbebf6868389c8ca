// Atomics with accidents: before an operation a thread may be held up for a while, or die. Loaded
// by workers in place of the plain ones; what may happen is set by words in the reserved part of
// the heap that nobody else uses.

import { execFileSync } from 'node:child_process'
import { AtomicWords, type Words } from '../../src/compute/words.ts'

/** Words of the heap: one operation in so many is delayed, or deadly; 0 for none. */
export const delayWord = 60_000 / 4
export const deathWord = 60_004 / 4
/** A worker that falls into a sleep of three seconds that nothing ends, inside a job. */
export const comaWord = 60_008 / 4

export function createWords (shared: Int32Array, thread: number): Words {
  return new RoughWords(shared, thread)
}

export class RoughWords implements Words {
  readonly #shared: Int32Array
  readonly #words: AtomicWords
  readonly thread: number
  #state: number

  constructor (shared: Int32Array, thread: number) {
    this.#shared = shared
    this.#words = new AtomicWords(shared)
    this.thread = thread
    this.#state = Math.imul(thread + 1, 0x9e3779b1) ^ Math.floor(performance.now() * 1000)
  }

  load (index: number): number {
    this.#suffer()
    return this.#words.load(index)
  }

  store (index: number, value: number): void {
    this.#suffer()
    this.#words.store(index, value)
  }

  add (index: number, value: number): number {
    this.#suffer()
    return this.#words.add(index, value)
  }

  or (index: number, value: number): number {
    this.#suffer()
    return this.#words.or(index, value)
  }

  exchange (index: number, value: number): number {
    this.#suffer()
    return this.#words.exchange(index, value)
  }

  compareExchange (index: number, expected: number, value: number): number {
    this.#suffer()
    const { thread } = this
    if (Atomics.compareExchange(this.#shared, comaWord, thread, 0) === thread && thread > 0) {
      execFileSync('sleep', ['3'])
    }
    return this.#words.compareExchange(index, expected, value)
  }

  wait (index: number, value: number): void {
    this.#suffer()
    this.#words.wait(index, value)
  }

  notify (index: number, count: number): void {
    this.#suffer()
    this.#words.notify(index, count)
  }

  #suffer (): void {
    const delays = this.#shared[delayWord] ?? 0
    if (delays > 0 && this.#random(delays) === 0) {
      const until = performance.now() + this.#random(100) / 1000
      while (performance.now() < until);
    }
    const deaths = this.#shared[deathWord] ?? 0
    // In a worker this ends the thread only.
    if (deaths > 0 && this.thread > 0 && this.#random(deaths) === 0) process.exit(3)
  }

  #random (below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0
    return (this.#state >>> 8) % below
  }
}
