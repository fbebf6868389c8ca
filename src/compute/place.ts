// The tensors of a body, each placed in the heap as the datatype that it is needed in. Large ones
// that have to be converted first are converted a slice at a time, so that nobody waits for them.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { convertSlowly, isLongWay, type Needed, placeTensor } from '../codec/placing.ts'
import { Unfinished } from '../kernels/apart.ts'

export type { Needed } from '../codec/placing.ts'

/**
 * All tensors in memory of the lease, or where they lie already.
 * @throws Unfinished while large ones are converted; TENSOR_INVALID, HEAP_FULL.
 */
export function placeAll (
  needed: ReadonlyMap<string, Needed>, heap: Heap, lease: Lease
): Map<string, Tensor> {
  const long: Needed[] = []
  for (const each of needed.values()) if (isLongWay(each)) long.push(each)
  if (long.length > 0) throw new Unfinished(convertSlowly(long, heap))
  const placed = new Map<string, Tensor>()
  for (const [name, { tensor, datatype }] of needed) {
    placed.set(name, placeTensor(tensor, datatype, heap, lease))
  }
  return placed
}
