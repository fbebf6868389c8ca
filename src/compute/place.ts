// The tensors of a body, each placed in the heap as the datatype that it is needed in. Large ones
// that have to be converted first are converted a slice at a time, so that nobody waits for them.

import type { Datatype } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { type JsonTensor, placeTensor } from '../codec/json-tensor.ts'
import { convertSlowly, isLongWay, StagedTensor } from '../codec/staged.ts'
import { Unfinished } from '../kernels/apart.ts'

/** A tensor of a body and the datatype that it is needed in. */
export interface Needed {
  readonly tensor: JsonTensor
  readonly datatype: Datatype
}

/**
 * All tensors in memory of the lease, or where they lie already.
 * @throws Unfinished while large ones are converted; TENSOR_INVALID, HEAP_FULL.
 */
export function placeAll (
  needed: ReadonlyMap<string, Needed>, heap: Heap, lease: Lease
): Map<string, Tensor> {
  const conversions: (() => Promise<void>)[] = []
  for (const { tensor: { source }, datatype } of needed.values()) {
    if (source instanceof StagedTensor && isLongWay(source, datatype)) {
      conversions.push(() => convertSlowly(source, datatype, heap))
    }
  }
  if (conversions.length > 0) throw new Unfinished(oneByOne(conversions))
  const placed = new Map<string, Tensor>()
  for (const [name, { tensor, datatype }] of needed) {
    placed.set(name, placeTensor(tensor, datatype, heap, lease))
  }
  return placed
}

// If one fails, no other is under way.
async function oneByOne (conversions: readonly (() => Promise<void>)[]): Promise<void> {
  for (const convert of conversions) await convert()
}
