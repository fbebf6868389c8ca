// Atomic operations on the words of the shared memory. An interface, so that tests can put delays
// before every operation or run all orders of them: the protocol (board.ts, turn.ts) touches shared
// words in no other way.

export interface Words {
  load (index: number): number
  store (index: number, value: number): void
  /** These return the former value. */
  add (index: number, value: number): number
  or (index: number, value: number): number
  exchange (index: number, value: number): number
  compareExchange (index: number, expected: number, value: number): number
  /** Sleeps until `notify`, unless the word does not hold `value`. */
  wait (index: number, value: number): void
  /** Wakes at most `count` sleepers. */
  notify (index: number, count: number): void
}

/** The real thing; sequentially consistent like everything in Atomics. */
export class AtomicWords implements Words {
  readonly #words: Int32Array

  constructor (words: Int32Array) { this.#words = words }

  load (index: number): number { return Atomics.load(this.#words, index) }
  store (index: number, value: number): void { Atomics.store(this.#words, index, value) }
  add (index: number, value: number): number { return Atomics.add(this.#words, index, value) }
  or (index: number, value: number): number { return Atomics.or(this.#words, index, value) }

  exchange (index: number, value: number): number {
    return Atomics.exchange(this.#words, index, value)
  }

  compareExchange (index: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, index, expected, value)
  }

  wait (index: number, value: number): void { Atomics.wait(this.#words, index, value) }
  notify (index: number, count: number): void { Atomics.notify(this.#words, index, count) }
}
