// A tensor of a request that lies in the heap already: binary bodies are written there as they
// arrive. It stands in a body where JSON has numbers, so that whoever reads a body reads it too.

import type { Datatype } from '../buffer/datatype.ts'
import type { Lease } from '../buffer/lease.ts'
import { elementCount } from '../buffer/tensor.ts'
import type { Elements } from './elements.ts'

/** A tensor at an address of the heap; who uses it there carries its lease. */
export class StagedTensor {
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly count: number
  readonly address: number
  readonly lease: Lease
  /** The same elements as other datatypes, as placing.ts has made them. */
  converted: Map<Datatype, Elements> | undefined

  constructor (datatype: Datatype, shape: readonly number[], address: number, lease: Lease) {
    this.datatype = datatype
    this.shape = shape
    this.count = elementCount(shape)
    this.address = address
    this.lease = lease
  }
}
