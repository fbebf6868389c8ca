// How the work of a loop is cut for given lengths: into units (a row, or a block of lanes beside
// rows), and units into chunks that threads take. By shape alone, so that the bits are the same for
// any number of threads.

import type { Axis } from '../formulas/graph.ts'
import { tileBytes } from './loop-kept.ts'
import type { LoopPlan } from './loop-plan.ts'
import type { LoopText } from './loop-text.ts'
import type { LengthOf, Part } from './program.ts'
import { noAxis } from './walk-plan.ts'

/** Lanes of a unit beside the rows. */
export const unitLanes = (plan: LoopPlan): number =>
  plan.loop.space.walk === undefined ? 1024 : 32

const chunkNanoseconds = 50_000
const chunksMax = 65_536

/**
 * @param cost      instructions for four vectors
 * @param partials  words that hold the addresses of each total's partial sums, one a chunk
 */
export function loopPart (
  { plan, writer }: LoopText, cost: number, partials: readonly number[]
): Part {
  const { beside, rowAxes, lane, innerAxes, kept } = plan
  const perPoint = 0.15 + cost * 0.3 / (4 * writer.count)
  const slots = kept.filter(entry => entry.row === null).length
  const product = (axes: readonly Axis[], length: LengthOf): number =>
    axes.reduce((count, axis) => count * length(axis), 1)
  return {
    title: titleOf(plan),
    fit: length => {
      const lanes = lane === noAxis ? 1 : length(lane)
      const width = unitLanes(plan)
      const rows = product(rowAxes, length)
      const inner = product(innerAxes, length)
      const units = beside ? rows * Math.ceil(lanes / width) : rows
      const nanoseconds = 10 + inner * (beside ? Math.min(width, lanes) : lanes) * perPoint
      const unitsPerChunk = Math.min(Math.max(units, 1), Math.max(1,
        Math.round(chunkNanoseconds / nanoseconds), Math.ceil(units / chunksMax)))
      const chunks = Math.ceil(units / unitsPerChunk)
      const nanosecondsPerChunk = Math.round(unitsPerChunk * nanoseconds)
      return {
        cuts: [{ chunks, nanosecondsPerChunk, unitsPerChunk, units }],
        words: [],
        blocks: partials.map(word => [word, 8 * chunks]),
        threadBytes: slots * inner * (beside ? tileBytes : lanes * writer.bytes + tileBytes)
      }
    }
  }
}

function titleOf ({ loop: { space: { outer, inner } } }: LoopPlan): string {
  const rows = inner.length > 0 ? `, rows of ${inner.join(' × ')}` : ''
  return `loop over ${outer.join(' × ')}${rows}`
}
