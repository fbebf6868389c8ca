// How the work of a loop is cut for given lengths: into units (a row, or a block of lanes beside
// rows), and units into chunks that threads take. By shape alone, so that the bits are the same for
// any number of threads.

import type { Axis } from '../formulas/graph.ts'
import { tileBytes } from './loop-kept.ts'
import type { LoopPlan } from './loop-plan.ts'
import type { LoopText } from './loop-text.ts'
import type { Fit, LengthOf } from './program.ts'
import { noAxis } from './walk-plan.ts'

/** What of a loop decides how it is cut. */
export interface LoopPart {
  readonly kind: 'loop'
  readonly title: string
  readonly rowAxes: readonly Axis[]
  readonly innerAxes: readonly Axis[]
  /** The axis the lanes run along, none, or an outer one: then they run beside the rows. */
  readonly lane: Axis
  readonly beside: boolean
  /** Lanes of a unit beside the rows. */
  readonly width: number
  readonly nanosecondsPerPoint: number
  /** Rows that a thread keeps for itself between stages. */
  readonly keptRows: number
  readonly elementBytes: number
  /** Words that hold the addresses of each total's partial sums, one a chunk. */
  readonly partials: readonly number[]
}

/** Lanes of a unit beside the rows. */
export const unitLanes = (plan: LoopPlan): number =>
  plan.loop.space.walk === undefined ? 1024 : 32

const chunkNanoseconds = 50_000
const chunksMax = 65_536

/** `cost` are the instructions for four vectors. */
export function loopPart (
  { plan, writer }: LoopText, cost: number, partials: readonly number[]
): LoopPart {
  const { beside, rowAxes, lane, innerAxes, kept } = plan
  return {
    kind: 'loop',
    title: titleOf(plan),
    rowAxes, innerAxes, lane, beside, partials,
    width: unitLanes(plan),
    nanosecondsPerPoint: 0.15 + cost * 0.3 / (4 * writer.count),
    keptRows: kept.filter(entry => entry.row === null).length,
    elementBytes: writer.bytes
  }
}

export function fitLoop (part: LoopPart, length: LengthOf): Fit {
  const { lane, beside, width, partials } = part
  const product = (axes: readonly Axis[]): number =>
    axes.reduce((count, axis) => count * length(axis), 1)
  const lanes = lane === noAxis ? 1 : length(lane)
  const rows = product(part.rowAxes)
  const inner = product(part.innerAxes)
  const units = beside ? rows * Math.ceil(lanes / width) : rows
  const nanoseconds =
    10 + inner * (beside ? Math.min(width, lanes) : lanes) * part.nanosecondsPerPoint
  const unitsPerChunk = Math.min(Math.max(units, 1), Math.max(1,
    Math.round(chunkNanoseconds / nanoseconds), Math.ceil(units / chunksMax)))
  const chunks = Math.ceil(units / unitsPerChunk)
  const nanosecondsPerChunk = Math.round(unitsPerChunk * nanoseconds)
  const rowBytes = beside ? tileBytes : lanes * part.elementBytes + tileBytes
  return {
    cuts: [{ chunks, nanosecondsPerChunk, unitsPerChunk, units }],
    words: [],
    blocks: partials.map(word => [word, 8 * chunks]),
    threadBytes: part.keptRows * inner * rowBytes
  }
}

function titleOf ({ loop: { space: { outer, inner } } }: LoopPlan): string {
  const rows = inner.length > 0 ? `, rows of ${inner.join(' × ')}` : ''
  return `loop over ${outer.join(' × ')}${rows}`
}
