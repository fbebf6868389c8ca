// The last few things of a kind, to be found again by what they are like: who trains sends requests
// that differ in their numbers alone.

/** At most so many values; the oldest goes. */
export class Recent<Value> {
  readonly #values: Value[] = []
  readonly #most: number
  #next = 0

  constructor (most: number) { this.#most = most }

  find (isLike: (value: Value) => boolean): Value | undefined {
    for (const value of this.#values) if (isLike(value)) return value
    return undefined
  }

  keep (value: Value): Value {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#most
    return value
  }
}
