// The nest of a loop as its writers see it: at which level the position along an axis is known, in
// which block a value of that level is computed, and which values its present block holds already.
//
//     lanes along the row         lanes beside the row
//     0     entry, once a call    0    entry
//     1     row                   1    row
//     2 …   inner axes            2    lanes
//     last  lanes                 3 …  inner axes

import type { Axis, Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import type { LoopPlan } from './loop-plan.ts'
import type { Block } from './text.ts'

/** One level: its axes, each with the local that holds the position, and its block. */
export interface Level {
  readonly positions: ReadonlyMap<Axis, string>
  readonly block: Block
}

/** More than vectors that are interleaved. */
const copiesMax = 8

export class Levels {
  /** The axis the lanes run along, and its level. */
  readonly lanes: number
  /** The level of the first inner axis that is not the lanes'. */
  readonly inner: number
  readonly lane: Axis
  readonly #ofAxis = new Map<Axis, number>()
  readonly #open: Level[]

  constructor ({ lane, beside, rowAxes, innerAxes }: LoopPlan, entry: Block) {
    this.lane = lane
    this.inner = beside ? 3 : 2
    this.lanes = beside ? 2 : 2 + innerAxes.length
    for (const axis of rowAxes) this.#ofAxis.set(axis, 1)
    for (const [place, axis] of innerAxes.entries()) this.#ofAxis.set(axis, this.inner + place)
    this.#ofAxis.set(lane, this.lanes)
    this.#open = [{ positions: new Map(), block: entry }]
  }

  /** From here on, `block` is where values of a level are computed. */
  enter (level: number, positions: ReadonlyMap<Axis, string>, block: Block): void {
    this.#open[level] = { positions, block }
  }

  at (level: number): Level {
    const open = this.#open[level]
    if (open === undefined) throw new Error(`level ${level} was not entered`)
    return open
  }

  /** The deepest level at which one of the axes varies; 0 without axes. */
  of (axes: readonly Axis[]): number {
    let deepest = 0
    for (const axis of axes) deepest = Math.max(deepest, this.#ofAxis.get(axis) ?? 0)
    return deepest
  }

  /** The local that holds the position along an axis. */
  position (axis: Axis): string {
    const position = this.at(this.of([axis])).positions.get(axis)
    if (position === undefined) throw new Error(`no position along ${axis}`)
    return position
  }

  /** The value of a node at this place, if it has been computed; copies are interleaved vectors. */
  find (node: Node, copy: number): Lane | undefined {
    const level = this.#open[this.of(node.axes)]
    return level?.block.memo.get(this.#key(node, copy)) as Lane | undefined
  }

  note (node: Node, copy: number, value: Lane): void {
    this.at(this.of(node.axes)).block.memo.set(this.#key(node, copy), value)
  }

  // What does not vary along the lanes is one value for all copies.
  #key (node: Node, copy: number): number {
    return node.id * copiesMax + (node.axes.includes(this.lane) ? copy : 0)
  }
}
