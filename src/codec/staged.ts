// A tensor of a request that lies in the heap already: binary bodies are written there as they
// arrive. It stands in a body where JSON has numbers, so that whoever reads a body reads it too.

import { type Datatype, datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount } from '../buffer/tensor.ts'

/** A tensor at an address of the heap; who uses it there carries its lease. */
export class StagedTensor {
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly count: number
  readonly address: number
  readonly lease: Lease

  constructor (datatype: Datatype, shape: readonly number[], address: number, lease: Lease) {
    this.datatype = datatype
    this.shape = shape
    this.count = elementCount(shape)
    this.address = address
    this.lease = lease
  }
}

/** Writes its elements as float32 or float64 to an address, each rounded to nearest. */
export function writeReal (
  { datatype, count, address }: StagedTensor, to: 'FP32' | 'FP64', heap: Heap, target: number
): void {
  const { bytes } = datatypes[datatype]
  if (datatype === to) {
    heap.u8.copyWithin(target, address, address + count * bytes)
    return
  }
  const view = to === 'FP32' ? heap.f32 : heap.f64
  const first = target / datatypes[to].bytes
  if (datatype === 'INT64') {
    for (let index = 0; index < count; index++) view[first + index] = wholeAt(heap, address, index)
    return
  }
  const values = viewOf(heap, datatype)
  const start = address / bytes
  for (let index = 0; index < count; index++) view[first + index] = values[start + index] ?? 0
}

/** Its elements as doubles: INT64 beyond 2^53 is rounded. */
export function valuesOf (tensor: StagedTensor, heap: Heap): Float64Array {
  const { datatype, count, address } = tensor
  if (datatype === 'INT64') {
    return Float64Array.from({ length: count }, (_, index) => wholeAt(heap, address, index))
  }
  const start = address / datatypes[datatype].bytes
  return Float64Array.from(viewOf(heap, datatype).subarray(start, start + count))
}

function viewOf (
  heap: Heap, datatype: Exclude<Datatype, 'INT64'>
): Float32Array | Float64Array | Int32Array | Uint8Array {
  switch (datatype) {
    case 'FP32': return heap.f32
    case 'FP64': return heap.f64
    case 'INT32': return heap.i32
    default: return heap.u8
  }
}

// An INT64 by its halves: a BigInt for each element would cost more than all the rest.
function wholeAt ({ i32 }: Heap, address: number, index: number): number {
  const low = address / 4 + 2 * index
  return (i32[low + 1] ?? 0) * 4294967296 + ((i32[low] ?? 0) >>> 0)
}
