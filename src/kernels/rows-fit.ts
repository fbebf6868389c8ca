// How rows that are made in order are cut for given lengths: a row is one thread's work.

import type { Axis } from '../formulas/graph.ts'
import type { Fit, LengthOf } from './program.ts'
import { sortBytes } from './rows-sort.ts'

/** What of the rows decides how they are cut. */
export interface RowsPart {
  readonly kind: 'rows'
  readonly title: string
  /** The axis along a row. */
  readonly axis: Axis
  readonly rowAxes: readonly Axis[]
  readonly isSort: boolean
  readonly elementBytes: number
}

const chunkNanoseconds = 50_000

export function fitRows (part: RowsPart, length: LengthOf): Fit {
  const { axis, rowAxes, isSort, elementBytes } = part
  const count = length(axis)
  const rows = rowAxes.reduce((product, other) => product * length(other), 1)
  const nanoseconds = 20 + count * (isSort ? 20 : 2)
  const unitsPerChunk = Math.max(1,
    Math.min(Math.max(rows, 1), Math.round(chunkNanoseconds / nanoseconds)),
    Math.ceil(rows / 65_536))
  return {
    cuts: [{
      chunks: Math.ceil(rows / unitsPerChunk),
      nanosecondsPerChunk: Math.round(unitsPerChunk * nanoseconds),
      unitsPerChunk,
      units: rows
    }],
    words: [],
    blocks: [],
    threadBytes: isSort ? sortBytes(count, elementBytes) : 0
  }
}
