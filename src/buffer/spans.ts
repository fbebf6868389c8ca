// Which parts of the heap are free: first-fit over free spans kept by size class, with neighbours
// merged at once. Knows granules only; its books lie outside the heap, where no kernel can harm
// them.
//
// A span is a run of granules, used or free. `sizes` is 0 but for the tags at its ends:
//
//     used span of n        n 0 0 … 0 0         the first granule says how long it is
//     free span of n       -n 0 0 … 0 -n        both ends say it, so that a neighbour finds it
//
// The books are three numbers per granule, but the operating system gives a page of them only when
// it is written, so that they cost little beside the memory they describe.

const none = -1

/** Spans over granules 0 … count − 1; at first all are one free span. */
export class Spans {
  readonly count: number
  /** Granules in used spans. */
  used = 0
  readonly #sizes: Int32Array
  // Free spans of a class are a list in both directions, linked by their first granules.
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #heads: Int32Array
  // A bit for each class that has a free span.
  readonly #filled = new Int32Array(4)

  constructor (count: number) {
    this.count = count
    // The granule behind the last counts as used, so that nothing merges with it.
    this.#sizes = new Int32Array(count + 1)
    this.#next = new Int32Array(count)
    this.#previous = new Int32Array(count)
    this.#heads = new Int32Array(128).fill(none)
    this.#insert(0, count)
  }

  /**
   * The first of `n` granules, at the low or the high end of the span they are cut from; −1 if none
   * fits.
   */
  take (n: number, end: 'low' | 'high'): number {
    const span = this.#find(n)
    if (span === none) return none
    const size = -at(this.#sizes, span)
    this.#remove(span, size)
    const rest = size - n
    const first = end === 'low' ? span : span + rest
    this.#sizes[first + n - 1] = 0
    this.#sizes[first] = n
    if (rest > 0) this.#insert(end === 'low' ? span + n : span, rest)
    this.used += n
    return first
  }

  /** Gives a used span back and returns its size; 0 if no used span begins there. */
  give (first: number): number {
    const n = at(this.#sizes, first)
    if (n <= 0) return 0
    let start = first
    let size = n
    this.#sizes[first] = 0
    const after = at(this.#sizes, first + n)
    if (after < 0) {
      this.#remove(first + n, -after)
      size -= after
    }
    const before = first > 0 ? at(this.#sizes, first - 1) : 0
    if (before < 0) {
      start += before
      size -= before
      this.#remove(start, -before)
    }
    this.#insert(start, size)
    this.used -= n
    return n
  }

  /** Free spans, for tests and gauges: an empty heap has one. */
  freeSpans (): number {
    let spans = 0
    for (const head of this.#heads) {
      for (let span = head; span !== none; span = at(this.#next, span)) spans++
    }
    return spans
  }

  // A span of the request's own class may be too short: its head is looked at first, since a block
  // that was just freed lies there; then any larger class, where all fit; then the rest of its own.
  #find (n: number): number {
    const own = classOf(n)
    const head = at(this.#heads, own)
    if (head !== none && -at(this.#sizes, head) >= n) return head
    const larger = this.#classFrom(own + 1)
    if (larger !== none) return at(this.#heads, larger)
    let span = head
    while (span !== none && -at(this.#sizes, span) < n) span = at(this.#next, span)
    return span
  }

  // The smallest class from `first` on that has a free span.
  #classFrom (first: number): number {
    let word = first >>> 5
    let bits = at(this.#filled, word) & (-1 << (first & 31))
    while (bits === 0) {
      if (++word === this.#filled.length) return none
      bits = at(this.#filled, word)
    }
    return word * 32 + 31 - Math.clz32(bits & -bits)
  }

  #insert (first: number, size: number): void {
    const own = classOf(size)
    const head = at(this.#heads, own)
    this.#sizes[first] = -size
    this.#sizes[first + size - 1] = -size
    this.#next[first] = head
    this.#previous[first] = none
    if (head !== none) this.#previous[head] = first
    else this.#filled[own >>> 5] = at(this.#filled, own >>> 5) | (1 << (own & 31))
    this.#heads[own] = first
  }

  // Its tags are cleared, since they may come to lie inside a larger span.
  #remove (first: number, size: number): void {
    const next = at(this.#next, first)
    const previous = at(this.#previous, first)
    if (next !== none) this.#previous[next] = previous
    if (previous !== none) {
      this.#next[previous] = next
    } else {
      const own = classOf(size)
      this.#heads[own] = next
      if (next === none) {
        this.#filled[own >>> 5] = at(this.#filled, own >>> 5) & ~(1 << (own & 31))
      }
    }
    this.#sizes[first] = 0
    this.#sizes[first + size - 1] = 0
  }
}

// Four classes for each power of two: 1, 2, 3, 4, 5, 6, 7, 8-9, 10-11, 12-13, 14-15, 16-19 …
function classOf (n: number): number {
  const power = 31 - Math.clz32(n)
  return power < 2 ? n : (power - 1) * 4 + ((n >>> (power - 2)) & 3)
}

function at (array: Int32Array, index: number): number {
  return array[index] ?? 0
}
