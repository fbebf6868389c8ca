// Memory of a session's operations. What an operation computes lies in memory of its own; if it
// succeeds, the next values of the session are kept from it and the rest goes back. If it fails,
// all of it goes back, once no thread writes to it any more: the session's own values were never
// touched.

import type { Heap } from '../buffer/heap.ts'
import { Lease, type Lender } from '../buffer/lease.ts'
import { allocateTensor, type Tensor, tensorBytes } from '../buffer/tensor.ts'

/** Tensors of a session by name. */
export type Tensors = ReadonlyMap<string, Tensor>

/** A lease of which some blocks can be kept beyond its end. */
export class OperationMemory implements Lender {
  readonly heap: Heap
  readonly lease: Lease
  readonly #kept = new Set<number>()

  constructor (heap: Heap) {
    this.heap = heap
    this.lease = new Lease(this)
  }

  /** These tensors stay when the lease ends; from then on `release` gives them back. */
  keep (tensors: Tensors): void {
    for (const { address } of tensors.values()) this.#kept.add(address)
  }

  allocate (bytes: number): number { return this.heap.allocate(bytes) }

  free (address: number): void {
    if (!this.#kept.delete(address)) this.heap.free(address)
  }

  leaseReturned (): void { this.#kept.clear() }
}

/** Gives kept tensors back. */
export function release (heap: Heap, tensors: Tensors): void {
  for (const { address } of tensors.values()) heap.free(address)
}

/** Tensors of zeros. Throws HEAP_FULL. */
export function zeros (
  memory: OperationMemory, datatype: 'FP32' | 'FP64',
  shapes: Iterable<readonly [name: string, shape: readonly number[]]>
): Tensors {
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of shapes) {
    const tensor = allocateTensor(memory.lease, datatype, shape)
    memory.heap.u8.fill(0, tensor.address, tensor.address + tensorBytes(tensor))
    tensors.set(name, tensor)
  }
  return tensors
}

/** Copies of tensors, which last as long as the lease. Throws HEAP_FULL. */
export function copiesOf ({ heap, lease }: OperationMemory, tensors: Tensors): Tensors {
  const copies = new Map<string, Tensor>()
  for (const [name, tensor] of tensors) {
    const copy = allocateTensor(lease, tensor.datatype, tensor.shape)
    heap.u8.copyWithin(copy.address, tensor.address, tensor.address + tensorBytes(tensor))
    copies.set(name, copy)
  }
  return copies
}

/** A copy of a tensor's bytes. */
export function bytesOf (heap: Heap, tensor: Tensor): Uint8Array {
  return heap.u8.slice(tensor.address, tensor.address + tensorBytes(tensor))
}

/** The value of a scalar. */
export function scalarOf (heap: Heap, { datatype, address }: Tensor): number {
  return (datatype === 'FP32' ? heap.f32[address / 4] : heap.f64[address / 8]) ?? Number.NaN
}
