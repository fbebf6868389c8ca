// Values that one stage of a row leaves for a later one: in the row of an output that is written
// later anyway, or in the thread's own memory,
//
//     [kept value][position along the inner axes][lane]
//
// of which lanes beside the row need only one vector for each copy.

import type { Lane } from '../ops/op.ts'
import { accessTo, type Position } from './addresses.ts'
import type { Kept } from './kept-plan.ts'
import type { Axis, Node } from '../formulas/graph.ts'
import type { LoopText } from './loop-text.ts'
import { get, i32, load, plus, store, thread, times, wordAt } from './shorthand.ts'

/** Bytes of the copies of one value beside the rows; along them, bytes that may be written over. */
export const tileBytes = 64

export class KeptValues {
  readonly #text: LoopText

  constructor (text: LoopText) { this.#text = text }

  /** How a value that an earlier stage kept is read back; undefined if there is none. */
  before (node: Node, stage: number): Kept | undefined {
    return this.#text.plan.kept.find(kept => kept.node === node && kept.stage < stage)
  }

  isKept (node: Node): boolean { return this.#text.plan.kept.some(kept => kept.node === node) }

  recall (kept: Kept, at: Position): Lane {
    const { access, writer } = this.#text
    if (kept.row !== null) return access.load(accessTo(kept.row), at)
    return writer.value(load('v128.load', this.#inScratch(kept, at), at.copy * 16))
  }

  /** Leaves the value for later stages if it is to be kept in this one. */
  remember (node: Node, stage: number, value: Lane, at: Position): void {
    const { access, plan, writer } = this.#text
    const kept = plan.kept.find(entry => entry.node === node && entry.stage === stage)
    if (kept === undefined) return
    if (kept.row !== null) access.store(accessTo(kept.row), value, at)
    else {
      const place = this.#inScratch(kept, at)
      writer.into.lines.push(store('v128.store', place, get(value), at.copy * 16))
    }
  }

  // The address of the value's first copy.
  #inScratch (kept: Kept, at: Position): string {
    const { fn, levels, plan, writer } = this.#text
    const { beside, innerAxes } = plan
    const rowBytes = fn.once(fn.entry, 'kept row', 'i32', () => beside
      ? i32(tileBytes)
      : plus(times(this.#length(plan.lane), writer.bytes), tileBytes))
    const slotBytes = fn.once(fn.entry, 'kept slot', 'i32', () =>
      innerAxes.map(axis => this.#length(axis)).reduce((a, b) => times(a, b), get(rowBytes)))
    const slot = plan.kept.filter(entry => entry.row === null).indexOf(kept)
    const place = innerAxes.reduce((sum, axis) =>
      plus(times(sum, this.#length(axis)), get(levels.position(axis))), i32(0))
    const address = plus(plus(get(this.#base()), times(get(slotBytes), slot)),
      times(place, get(rowBytes)))
    const { block } = levels.at(beside ? levels.inner + innerAxes.length - 1 : levels.lanes)
    const start = fn.once(block, `kept ${slot}`, 'i32', () =>
      beside ? address : plus(address, times(get(at.lane), writer.bytes)))
    return get(start)
  }

  // The memory of the thread that runs.
  #base (): string {
    const { fn, record } = this.#text
    const [memory, stride] = [record.word('scratch memory'), record.word('scratch stride')]
    return fn.once(fn.entry, 'kept', 'i32', () =>
      plus(wordAt(memory), times(thread, wordAt(stride))))
  }

  #length (axis: Axis): string { return get(this.#text.addresses.length(axis)) }
}
