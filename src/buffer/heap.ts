// The one shared memory: reserved at start, never grown, lent out in blocks. Tensors, the records
// of programs and their scratch lie here; the pool's own words lie in the first 64 KiB.
//
//     0          1024        22784               65536                                       end
//     │ nothing  │ pool      │ nothing           │ arena: blocks of 64-byte granules         │
//
//     block      │ bytes asked for, to a full granule │ one granule of slack │
//
// The slack may be read: a kernel's last vector may reach up to 64 bytes behind its tensor.

import { LossdError } from '../errors.ts'
import { Lease, type Lender } from './lease.ts'
import { Spans } from './spans.ts'
import { touchPages } from './touch.ts'

/** Bytes at the start of the memory that are never lent. */
export const reservedBytes = 65_536

const pageBytes = 65_536
const granuleBytes = 64
const slackGranules = 1
const largeGranules = (1 << 20) / granuleBytes

export interface HeapSettings {
  /** Size of the whole memory, a multiple of 64 KiB up to 4 GiB. */
  readonly bytes: number
  /** Write to every page once, in the background: the first touch of a page costs 1.6 µs. */
  readonly touch?: boolean
}

/** One shared WebAssembly.Memory and who has borrowed what of it. */
export class Heap implements Lender {
  readonly memory: WebAssembly.Memory
  readonly u8: Uint8Array
  /** The same bytes, for what Buffers can do. */
  readonly bytes: Buffer
  readonly i32: Int32Array
  readonly i64: BigInt64Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly #spans: Spans
  readonly #stopTouching: () => void
  #leases = 0

  static create (settings: HeapSettings): Heap { return new Heap(settings) }

  private constructor ({ bytes, touch = false }: HeapSettings) {
    if (bytes % pageBytes !== 0 || bytes <= reservedBytes || bytes > 65_536 * pageBytes) {
      throw new RangeError(
        `A heap is a multiple of 64 KiB, from 128 KiB to 4 GiB; got ${bytes} bytes`)
    }
    const pages = bytes / pageBytes
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const { buffer } = this.memory
    this.u8 = new Uint8Array(buffer)
    this.bytes = Buffer.from(buffer)
    this.i32 = new Int32Array(buffer)
    this.i64 = new BigInt64Array(buffer)
    this.f32 = new Float32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.#spans = new Spans((bytes - reservedBytes) / granuleBytes)
    this.#stopTouching = touch ? touchPages(this.i32) : () => {}
  }

  /** Bytes that can be lent at most, slack included. */
  get capacityBytes (): number { return this.#spans.count * granuleBytes }

  /** Bytes lent now, slack included. */
  get usedBytes (): number { return this.#spans.used * granuleBytes }

  /** Leases that have not given everything back. */
  get leases (): number { return this.#leases }

  /** Free spans; 1 when nothing is lent. */
  get freeSpans (): number { return this.#spans.freeSpans() }

  /**
   * A block's address, a multiple of 64; its content is what was there before. Throws HEAP_FULL.
   */
  allocate (bytes: number): number {
    const granules = Math.ceil(bytes / granuleBytes) + slackGranules
    // Large blocks come from the high end: small ones that live long do not lie in their way.
    const first = granules > this.#spans.count
      ? -1
      : this.#spans.take(granules, granules < largeGranules ? 'low' : 'high')
    if (first < 0) throw this.#full(bytes)
    return reservedBytes + first * granuleBytes
  }

  /** Gives a block back. */
  free (address: number): void {
    const first = (address - reservedBytes) / granuleBytes
    if (this.#spans.give(first) === 0) throw new Error(`No block of the heap begins at ${address}`)
  }

  lease (): Lease {
    this.#leases++
    return new Lease(this)
  }

  leaseReturned (): void { this.#leases-- }

  /** Ends the work in the background; the memory stays usable. */
  close (): void { this.#stopTouching() }

  #full (bytes: number): LossdError {
    const free = this.capacityBytes - this.usedBytes
    return new LossdError('HEAP_FULL',
      `The request needs ${bytes} bytes of memory in one piece; ${free} are free in all`)
  }
}
