// A bounded map that forgets what was used longest ago.

export class Recent<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #max: number
  readonly #forget: (value: Value) => void

  constructor (max: number, forget: (value: Value) => void = () => {}) {
    this.#max = max
    this.#forget = forget
  }

  get size (): number { return this.#entries.size }

  /** The value of a key, made if it is not there. */
  get (key: Key, make: () => Value): Value {
    return this.find(key) ?? this.add(key, make())
  }

  /** The value of a key, used now; undefined if it is not there. */
  find (key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && this.#entries.size > this.#max / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  /** Adds the value of a key that is not there, and gives it back. */
  add (key: Key, value: Value): Value {
    this.#entries.set(key, value)
    if (this.#entries.size > this.#max) this.#drop()
    return value
  }

  #drop (): void {
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key)
      this.#forget(value)
      return
    }
  }
}
