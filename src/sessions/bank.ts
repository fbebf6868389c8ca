// The tensors that a session keeps: each lies in the heap twice. One side holds the values, the next
// ones are written to the other, and when all of them stand the sides change places in one
// assignment: what fails halfway has changed nothing.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { type Tensor, tensorBytes } from '../buffer/tensor.ts'

export interface BankTensor {
  readonly name: string
  readonly shape: readonly number[]
}

export class Bank {
  readonly names: readonly string[]
  /** Bytes of all tensors, counted once. */
  readonly bytes: number
  readonly #heap: Heap
  #front: ReadonlyMap<string, Tensor>
  #back: ReadonlyMap<string, Tensor>

  /** Borrows memory for both sides and clears it. Throws HEAP_FULL; the lease gives back. */
  constructor (heap: Heap, lease: Lease, datatype: 'FP32' | 'FP64', tensors: readonly BankTensor[]) {
    this.#heap = heap
    const side = (): Map<string, Tensor> => new Map(tensors.map(({ name, shape }) => {
      const bytes = tensorBytes({ datatype, shape })
      const address = lease.allocate(bytes)
      heap.u8.fill(0, address, address + bytes)
      return [name, { datatype, shape, address }]
    }))
    this.names = tensors.map(({ name }) => name)
    this.bytes = tensors.reduce((sum, { shape }) => sum + tensorBytes({ datatype, shape }), 0)
    this.#front = side()
    this.#back = side()
  }

  /** The values, by name. */
  get values (): ReadonlyMap<string, Tensor> { return this.#front }

  /** Where the next values are written; nobody reads them before `flip`. */
  get next (): ReadonlyMap<string, Tensor> { return this.#back }

  /** The next values become the values. */
  flip (): void {
    [this.#front, this.#back] = [this.#back, this.#front]
  }

  /** A copy of a tensor's bytes. */
  bytesOf (tensor: Tensor): Uint8Array {
    return this.#heap.u8.slice(tensor.address, tensor.address + tensorBytes(tensor))
  }
}
