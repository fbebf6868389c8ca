// A tensor is a datatype, a shape and the address of its elements in the heap: row-major, dense.

import { type Datatype, datatypes } from './datatype.ts'
import type { Heap } from './heap.ts'

export interface Tensor {
  readonly datatype: Datatype
  /** Empty for a scalar. */
  readonly shape: readonly number[]
  /** Byte offset in the heap, a multiple of 64. */
  readonly address: number
}

/** Anything that lends memory: the heap itself or a lease. */
export interface Allocator {
  allocate (bytes: number): number
}

/** A tensor whose elements are yet to be written. Throws HEAP_FULL. */
export function allocateTensor (
  allocator: Allocator, datatype: Datatype, shape: readonly number[]
): Tensor {
  const bytes = elementCount(shape) * datatypes[datatype].bytes
  return { datatype, shape, address: allocator.allocate(bytes) }
}

/** The number of elements: 1 for a scalar, 0 where any length is 0. */
export function elementCount (shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1)
}

export function tensorBytes ({ datatype, shape }: Pick<Tensor, 'datatype' | 'shape'>): number {
  return elementCount(shape) * datatypes[datatype].bytes
}

/** What of a tensor does not depend on its numbers; plain JSON has no datatype yet. */
export interface Form {
  readonly datatype: Datatype | null
  readonly shape: readonly number[]
}

export function sameForm (a: Form, b: Form): boolean {
  return a.datatype === b.datatype && sameShape(a.shape, b.shape)
}

export function sameShape (a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false
  return true
}

/** The elements as bytes of the heap; valid as long as the tensor's memory is lent. */
export function bytesOf ({ bytes }: Heap, tensor: Tensor): Buffer {
  return bytes.subarray(tensor.address, tensor.address + tensorBytes(tensor))
}

/** The typed array through which JavaScript sees each datatype. */
export interface Views {
  FP32: Float32Array
  FP64: Float64Array
  INT64: BigInt64Array
  INT32: Int32Array
  UINT8: Uint8Array
  BOOL: Uint8Array
}

type Viewer<View> = (buffer: ArrayBufferLike, address: number, length: number) => View

const viewers: { readonly [Name in Datatype]: Viewer<Views[Name]> } = {
  FP32: (buffer, address, length) => new Float32Array(buffer, address, length),
  FP64: (buffer, address, length) => new Float64Array(buffer, address, length),
  INT64: (buffer, address, length) => new BigInt64Array(buffer, address, length),
  INT32: (buffer, address, length) => new Int32Array(buffer, address, length),
  UINT8: (buffer, address, length) => new Uint8Array(buffer, address, length),
  BOOL: (buffer, address, length) => new Uint8Array(buffer, address, length)
}

/** The elements as a typed array over the heap; valid as long as the tensor's memory is lent. */
export function viewOf<Name extends Datatype> (
  heap: Heap, tensor: Tensor & { readonly datatype: Name }
): Views[Name] {
  const view: Viewer<Views[Name]> = viewers[tensor.datatype]
  return view(heap.memory.buffer, tensor.address, elementCount(tensor.shape))
}
