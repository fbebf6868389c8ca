// Emits one loop of a schedule. The skeleton is always the same:
//
//     k(args, first, last):
//       words of the record → locals; constants, options, scalars → locals
//       for each chunk: totals = 0
//         for each unit (a row, or a block of lanes beside rows)
//           for each stage: along the row { values, reductions, stores }
//         partial sums of the chunk = totals, in float64
//
// Lanes go four vectors a turn, then one at a time, the last one masked. Sums run in lanes for at
// most a block, then go on in float64: the same bits for any number of threads, and an error that
// does not grow with the length.

import type { Axis } from '../formulas/graph.ts'
import type { Accumulator } from './accumulator.ts'
import type { Emission } from './lane-writer.ts'
import { loopPart, unitLanes } from './loop-fit.ts'
import { type Lanes, LoopStages } from './loop-stages.ts'
import type { Stage } from './loop-tasks.ts'
import { type LoopText, openLoop } from './loop-text.ts'
import type { Part } from './program.ts'
import { stepOffset } from './record.ts'
import type { Loop } from './schedule.ts'
import {
  below, end as endOf, first as firstChunk, get, given, i32, last as lastChunk, least, minus, op,
  plus, quotient, set, store, times, wordAt
} from './shorthand.ts'
import { block, type Block } from './text.ts'

/** Lanes along a row, or rows beside lanes, that are added up before the sum goes to float64. */
const blockLanes = 4096
const blockRows = 256

/** The function of a loop, and what the caller must know to cut its work. */
export function emitLoop (loop: Loop, index: number, emission: Emission): Part {
  const text = openLoop(loop, index, emission)
  const { partials, cost } = new LoopEmitter(text).emit()
  emission.module.export(`k${index}`, text.fn)
  return loopPart(text, cost, partials)
}

class LoopEmitter {
  readonly #text: LoopText
  readonly #stages: LoopStages
  readonly #totals: readonly (readonly [id: number, total: Accumulator])[]

  constructor (text: LoopText) {
    this.#text = text
    this.#stages = new LoopStages(text)
    this.#totals = text.plan.loop.tasks.flatMap(({ kind, node }) =>
      kind === 'total' ? [[node.id, this.#stages.accumulator(node)] as const] : [])
  }

  /** Writes the function: chunks, and in each its units. */
  emit (): { partials: number[], cost: number } {
    const { fn, index, record } = this.#text
    const word = (at: number): string => wordAt(stepOffset(index) + at)
    const perChunk = fn.once(fn.entry, 'units per chunk', 'i32', () => word(8))
    const units = fn.once(fn.entry, 'units', 'i32', () => word(12))
    const [chunk, unit, end] = [fn.local('i32'), fn.local('i32'), fn.local('i32')]
    const body = block()
    for (const [, total] of this.#totals) total.clear(body.lines)
    body.lines.push(set(unit, times(get(chunk), get(perChunk))),
      set(end, least(plus(get(unit), get(perChunk)), get(units))))
    this.#loop(body, unit, get(end), this.#unit(unit), 1)
    const partials: number[] = []
    for (const [id, total] of this.#totals) {
      const at = record.word(`partials ${id}`)
      const address = plus(wordAt(at), times(get(chunk), 8))
      body.lines.push(store('f64.store', address, total.number(body.lines)))
      partials.push(at)
    }
    fn.entry.lines.push(set(chunk, firstChunk))
    this.#loop(fn.entry, chunk, lastChunk, body, 1)
    return { partials, cost: this.#stages.values.cost }
  }

  // while (counter < end) { body; counter += step }
  #loop (into: Block, counter: string, end: string, body: Block, step: number): void {
    this.#text.fn.loop(into, below(get(counter), end),
      [...body.lines, set(counter, plus(get(counter), step))])
  }

  // One unit of work: a row, or a block of lanes beside the rows.
  #unit (unit: string): Block {
    const { fn, levels, plan } = this.#text
    const { beside, lane, rowAxes } = plan
    const width = unitLanes(plan)
    const body = block()
    if (!beside) {
      levels.enter(1, this.#coordinates(unit, body), body)
      this.#stagesAlong(body)
      return body
    }
    const first = fn.local('i32')
    if (rowAxes.length === 0) {
      body.lines.push(set(first, times(get(unit), width)))
      levels.enter(1, new Map(), body)
    } else {
      const perRow = fn.once(fn.entry, 'units per row', 'i32', () =>
        quotient(plus(this.#length(lane), width - 1), width))
      const [row, block] = this.#divide(unit, get(perRow), body)
      body.lines.push(set(first, times(get(block), width)))
      levels.enter(1, this.#coordinates(row, body), body)
    }
    this.#lanesBeside(body, first)
    return body
  }

  // A row's number as one position for each of its axes.
  #coordinates (row: string, into: Block): Map<Axis, string> {
    const [first, ...others] = this.#text.plan.rowAxes
    const positions = new Map<Axis, string>()
    let rest = row
    for (const axis of others.toReversed()) {
      const [outer, position] = this.#divide(rest, this.#length(axis), into)
      positions.set(axis, position)
      rest = outer
    }
    return first === undefined ? positions : positions.set(first, rest)
  }

  // Locals of a quotient and what remains.
  #divide (dividend: string, divisor: string, into: Block): [string, string] {
    const { fn } = this.#text
    const [whole, rest] = [fn.local('i32'), fn.local('i32')]
    into.lines.push(set(whole, quotient(get(dividend), divisor)),
      set(rest, minus(get(dividend), times(get(whole), divisor))))
    return [whole, rest]
  }

  #length (axis: Axis): string { return get(this.#text.addresses.length(axis)) }

  // row { lanes { stage { inner … } } }
  #lanesBeside (into: Block, position: string): void {
    const { fn, levels, plan } = this.#text
    const end = fn.local('i32')
    into.lines.push(set(end, least(plus(get(position), unitLanes(plan)), this.#length(plan.lane))))
    const isFlat = plan.innerAxes.length === 0
    const isAlone = isFlat && plan.stages.length === 1 && plan.rowTasks.length === 0
    this.#guarded(isAlone ? 0 : -1, 1, into, () => {
      this.#lanes(into, position, end, (tile, lanes) => {
        levels.enter(levels.lanes, new Map([[plan.lane, position]]), tile)
        for (const [index, stage] of plan.stages.entries()) {
          if (isFlat) this.#stages.evaluate(stage, index, lanes, tile)
          else this.#stageBeside(tile, stage, index, lanes)
        }
        this.#stages.evaluateRow(tile, lanes)
      })
    })
    for (const [, total] of this.#totals) total.flush(into.lines)
  }

  #stageBeside (tile: Block, stage: Stage, index: number, lanes: Lanes): void {
    const { fn, levels, plan: { innerAxes } } = this.#text
    const accumulators = stage.reductions.map(node => this.#stages.accumulator(node))
    for (const accumulator of accumulators) accumulator.clearWide(tile.lines, lanes.copies)
    const last = innerAxes.length - 1
    this.#guarded(index, 1, tile, () =>
      this.#inner(index, innerAxes.slice(0, last), tile, into => {
        const [counter, end] = [fn.local('i32'), fn.local('i32')]
        const length = this.#end(index, innerAxes[last] as Axis, into)
        const around = block()
        around.lines.push(set(end, least(plus(get(counter), blockRows), length)))
        for (const each of accumulators) each.clearVectors(around.lines, lanes.copies)
        const body = this.#enter(last, counter)
        this.#guarded(index, levels.inner + last, body, () =>
          this.#stages.evaluate(stage, index, lanes, body))
        this.#loop(around, counter, get(end), body, 1)
        for (const accumulator of accumulators) accumulator.widen(around.lines, lanes.copies)
        into.lines.push(set(counter, i32(0)))
        fn.loop(into, below(get(counter), length), around.lines)
      }))
    for (const [place, node] of stage.reductions.entries()) {
      for (let copy = 0; copy < lanes.copies; copy++) {
        const value = (accumulators[place] as Accumulator).lanes(tile.lines, copy)
        levels.note(node, copy, value)
      }
    }
  }

  // row { stage { inner … lanes } }
  #stagesAlong (row: Block): void {
    const { plan } = this.#text
    for (const [index, stage] of plan.stages.entries()) {
      const accumulators = stage.reductions.map(node => this.#stages.accumulator(node))
      for (const accumulator of accumulators) accumulator.clear(row.lines)
      this.#guarded(index, 1, row, () =>
        this.#inner(index, plan.innerAxes, row, into => this.#blocksOfLanes(into, stage, index)))
      for (const [place, node] of stage.reductions.entries()) {
        const value = (accumulators[place] as Accumulator).splat(row.lines)
        this.#text.levels.note(node, 0, value)
      }
      for (const task of stage.tasks) {
        const scatter = plan.scatters.get(task)
        if (task.kind === 'store' && scatter !== undefined) {
          this.#stages.scatter(task, scatter, index, row)
        }
      }
    }
    this.#stages.evaluateRow(row)
  }

  #blocksOfLanes (into: Block, stage: Stage, index: number): void {
    const { fn, levels, plan: { lane } } = this.#text
    const [position, end] = [fn.local('i32'), fn.local('i32')]
    const length = this.#length(lane)
    const sums = [...stage.reductions, ...stage.tasks.flatMap(({ kind, node }) =>
      kind === 'total' ? [node] : [])].map(node => this.#stages.accumulator(node))
    const around = block()
    around.lines.push(set(end, least(plus(get(position), blockLanes), length)))
    this.#lanes(around, position, end, (body, lanes) => {
      levels.enter(levels.lanes, new Map([[lane, position]]), body)
      this.#stages.evaluate(stage, index, lanes, body)
    })
    for (const sum of sums) sum.flush(around.lines)
    into.lines.push(set(position, i32(0)))
    fn.loop(into, below(get(position), length), around.lines)
  }

  // What a stage does inside a level, left out where the stage's conditions are known at this level
  // and do not hold. What is computed inside is not known behind.
  #guarded (index: number, level: number, into: Block, content: () => void): void {
    const { levels, plan } = this.#text
    const conditions = plan.guards[index]?.conditions ?? []
    if (conditions.length === 0 || levels.of(conditions.flatMap(({ axes }) => axes)) !== level) {
      content()
      return
    }
    const holds = this.#stages.holds(conditions, index)
    const known = [...into.memo]
    const first = into.lines.length
    content()
    const inside = into.lines.splice(first)
    into.memo.clear()
    for (const [key, name] of known) into.memo.set(key, name)
    into.lines.push(given(holds), ...inside, endOf)
  }

  // Loops over the inner axes given, the first ones of all, with the leaf inside.
  #inner (
    stage: number, axes: readonly Axis[], into: Block, leaf: (into: Block) => void, place = 0
  ): void {
    const axis = axes[place]
    if (axis === undefined) {
      leaf(into)
      return
    }
    const counter = this.#text.fn.local('i32')
    const end = this.#end(stage, axis, into)
    into.lines.push(set(counter, i32(0)))
    const body = this.#enter(place, counter)
    this.#guarded(stage, this.#text.levels.inner + place, body, () =>
      this.#inner(stage, axes, body, leaf, place + 1))
    this.#loop(into, counter, end, body, 1)
  }

  // How far an inner axis is walked: where positions beyond a number count as 0, up to it.
  #end (index: number, axis: Axis, into: Block): string {
    const { fn, plan } = this.#text
    const bound = plan.guards[index]?.bounds.get(axis)
    if (bound === undefined) return this.#length(axis)
    const count = this.#stages.countBelow(bound, index)
    const end = fn.local('i32')
    into.lines.push(set(end, count), set(end, least(get(end), this.#length(axis))))
    return get(end)
  }

  #enter (place: number, counter: string): Block {
    const { fn, levels, plan: { innerAxes, loop } } = this.#text
    const body = block()
    const axis = innerAxes[place] as Axis
    let position = counter
    if (loop.space.walk?.axis === axis && loop.space.walk.step < 0) {
      position = fn.local('i32')
      body.lines.push(set(position, minus(minus(this.#length(axis), 1), get(counter))))
    }
    levels.enter(levels.inner + place, new Map([[axis, position]]), body)
    return body
  }

  // Four vectors a turn, then one at a time, the last one masked.
  #lanes (
    into: Block, position: string, end: string, write: (body: Block, lanes: Lanes) => void
  ): void {
    const { fn, writer: { count } } = this.#text
    const [wide, narrow] = [block(), block()]
    write(wide, { lane: position, copies: 4, rest: null })
    wide.lines.push(set(position, plus(get(position), 4 * count)))
    const rest = fn.local('i32')
    narrow.lines.push(set(rest, minus(get(end), get(position))))
    write(narrow, { lane: position, copies: 1, rest })
    fn.loop(into, op('i32.le_u', plus(get(position), 4 * count), get(end)), wide.lines)
    this.#loop(into, position, get(end), narrow, count)
  }
}
