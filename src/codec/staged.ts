// A tensor of a request that lies in the heap already: binary bodies are written there as they
// arrive. It stands in a body where JSON has numbers, so that whoever reads a body reads it too.

import { setImmediate as otherWork } from 'node:timers/promises'
import { type Datatype, datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount } from '../buffer/tensor.ts'
import { type Elements, writeReals } from './elements.ts'

/** A tensor at an address of the heap; who uses it there carries its lease. */
export class StagedTensor {
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly count: number
  readonly address: number
  readonly lease: Lease
  /** The same elements as other datatypes, where converting them took long. */
  readonly converted = new Map<Datatype, Elements>()

  constructor (datatype: Datatype, shape: readonly number[], address: number, lease: Lease) {
    this.datatype = datatype
    this.shape = shape
    this.count = elementCount(shape)
    this.address = address
    this.lease = lease
  }
}

/** True if a tensor has yet to be converted, and others would have to wait for it. */
export function isLongWay (tensor: StagedTensor, to: Datatype): to is 'FP32' | 'FP64' {
  return tensor.count > sliceElements && tensor.datatype !== to && !tensor.converted.has(to) &&
    (to === 'FP32' || to === 'FP64')
}

/** Converts a tensor a slice at a time, into memory of its lease. Throws HEAP_FULL. */
export async function convertSlowly (
  tensor: StagedTensor, to: 'FP32' | 'FP64', heap: Heap
): Promise<void> {
  const { datatype, count, address, lease, converted } = tensor
  lease.hold()
  try {
    const target = lease.allocate(count * datatypes[to].bytes)
    for (let from = 0; from < count; from += sliceElements) {
      const slice = {
        datatype,
        count: Math.min(sliceElements, count - from),
        address: address + from * datatypes[datatype].bytes
      }
      writeReals(slice, heap, to, heap, target + from * datatypes[to].bytes)
      await otherWork()
    }
    converted.set(to, { datatype: to, count, address: target })
  } finally {
    lease.release()
  }
}

// About a millisecond of work.
const sliceElements = 1 << 18
