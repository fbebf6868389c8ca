// What one request or session has borrowed from the heap. A lease ends once and gives all back,
// whatever path led there; a pool that still works on the memory holds it a little longer.

/** Where a lease borrows; implemented by the heap. */
export interface Lender {
  allocate (bytes: number): number
  free (address: number): void
  /** Called once, when everything of a lease has been given back. */
  leaseReturned (): void
}

/** Blocks of the heap that come back together. */
export class Lease {
  readonly #lender: Lender
  readonly #addresses: number[] = []
  #carried: Set<Lease> | undefined
  #holds = 0
  #ended = false

  constructor (lender: Lender) { this.#lender = lender }

  /** Borrows a block and returns its address. Throws HEAP_FULL. */
  allocate (bytes: number): number {
    if (this.#ended) throw new Error('A lease that has ended cannot allocate')
    const address = this.#lender.allocate(bytes)
    this.#addresses.push(address)
    return address
  }

  /** Holds another lease as long as this one lasts: what runs here reads memory of both. */
  carry (other: Lease): void {
    if (other === this || this.#carried?.has(other) === true) return
    other.hold()
    this.#carried ??= new Set()
    this.#carried.add(other)
  }

  /** Gives everything back, as soon as nobody holds it; a second call does nothing. */
  end (): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#holds === 0) this.#giveBack()
  }

  /** Keeps the blocks beyond `end` until as many `release` have been called. */
  hold (): void {
    if (this.#ended && this.#holds === 0) {
      throw new Error('A lease that was given back cannot be held')
    }
    this.#holds++
  }

  /** Ends one hold; the last one after `end` gives everything back. */
  release (): void {
    if (this.#holds === 0) throw new Error('A lease was released more often than held')
    this.#holds--
    if (this.#ended && this.#holds === 0) this.#giveBack()
  }

  #giveBack (): void {
    for (const address of this.#addresses) this.#lender.free(address)
    this.#addresses.length = 0
    if (this.#carried !== undefined) for (const other of this.#carried) other.release()
    this.#carried = undefined
    this.#lender.leaseReturned()
  }
}
