// The way of a body's tensors to where kernels read them. A tensor that lies in the heap as the
// datatype that is needed stays there; where a large one has to be converted, it is a slice at a
// time, since others would have to wait for it.

import { type Datatype, datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Tensor } from '../buffer/tensor.ts'
import type { Elements } from './elements.ts'
import { Numbers } from './json-numbers.ts'
import { type JsonTensor, writeElements, writeTensor } from './json-tensor.ts'
import type { StagedTensor } from './staged.ts'
import { turn } from './turns.ts'

/** A tensor of a body and the datatype that it is needed in. */
export interface Needed {
  readonly tensor: JsonTensor
  readonly datatype: Datatype
}

/** A tensor in memory of the lease, or where it lies already. Throws TENSOR_INVALID, HEAP_FULL. */
export function placeTensor (
  tensor: JsonTensor, datatype: Datatype, heap: Heap, lease: Lease
): Tensor {
  const source = heldBy(tensor)
  const place = source && placeIn(source, tensor, datatype)
  if (place === undefined) return writeTensor(tensor, datatype, heap, lease)
  if (source?.lease !== undefined) lease.carry(source.lease)
  return { datatype, shape: tensor.shape, address: place.address }
}

/** True if a tensor has yet to be converted, and others would have to wait for it. */
export function isLongWay ({ tensor, datatype }: Needed): boolean {
  if (tensor.count <= sliceElements) return false
  const source = heldBy(tensor)
  return source !== undefined && placeIn(source, tensor, datatype) === undefined
}

/**
 * Converts tensors a slice at a time, into memory of their own leases. Throws HEAP_FULL; the
 * promise: TENSOR_INVALID.
 */
export function convertSlowly (needed: readonly Needed[], heap: Heap): Promise<void> {
  const leases = needed.map(({ tensor }) => heldBy(tensor)?.lease)
  const targets = needed.map(({ tensor: { count }, datatype }, index) =>
    leases[index]?.allocate(count * datatypes[datatype].bytes) ?? 0)
  for (const lease of leases) lease?.hold()
  const convert = async (): Promise<void> => {
    try {
      for (const [index, each] of needed.entries()) await slices(each, heap, targets[index] ?? 0)
    } finally {
      for (const lease of leases) lease?.release()
    }
  }
  return convert()
}

async function slices (
  { tensor, datatype }: Needed, heap: Heap, target: number
): Promise<void> {
  const { bytes } = datatypes[datatype]
  const { count } = tensor
  for (let from = 0; from < count; from += sliceElements) {
    const some = Math.min(sliceElements, count - from)
    await turn()
    writeElements(tensor, datatype, heap, target + from * bytes, from, some)
  }
  const source = heldBy(tensor)
  if (source === undefined) return
  source.converted ??= new Map()
  source.converted.set(datatype, { datatype, count, address: target })
}

// A millisecond of work at most.
const sliceElements = 1 << 16

// What of a tensor lies in the heap, for as long as its lease lasts.
function heldBy ({ source }: JsonTensor): Numbers | StagedTensor | undefined {
  return typeof source === 'number' || source.lease === undefined ? undefined : source
}

function placeIn (
  source: Numbers | StagedTensor, tensor: JsonTensor, datatype: Datatype
): Pick<Elements, 'address'> | undefined {
  const converted = source.converted?.get(datatype)
  if (converted !== undefined) return converted
  if (!isAsDeclared(source, tensor)) return undefined
  if (source.datatype === datatype) return source
  const asReal = source instanceof Numbers ? source.asReal : undefined
  return asReal?.datatype === datatype ? asReal : undefined
}

// Else it has to be looked whether all elements are of the datatype that is declared.
function isAsDeclared (
  source: Numbers | StagedTensor, { datatype, booleanIndex }: JsonTensor
): boolean {
  if (booleanIndex >= 0) return false
  return datatype === null || source.datatype === datatype ||
    datatype === 'FP32' || datatype === 'FP64'
}
