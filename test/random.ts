// Random numbers for tests, from a seed: the same on every machine.

export class Random {
  #state: number

  constructor (seed: number) { this.#state = seed >>> 0 }

  /** Uniform in [0, 1): mulberry32. */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from 0 to below the bound. */
  below (bound: number): number { return Math.floor(this.next() * bound) }

  /** Standard normal, by Box and Muller. */
  normal (): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  /** 0 … count − 1 in random order. */
  shuffle (count: number): number[] {
    const places = Array.from({ length: count }, (_, index) => index)
    for (let index = count - 1; index > 0; index--) {
      const other = this.below(index + 1)
      const swapped = places[index] ?? 0
      places[index] = places[other] ?? 0
      places[other] = swapped
    }
    return places
  }
}
