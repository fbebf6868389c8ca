// What the stages of a loop do at one place: values computed, taken into sums and maxima, stored.

import type { Axis, Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import { Accumulator } from './accumulator.ts'
import { accessTo, type Position } from './addresses.ts'
import type { Guard } from './guards.ts'
import { gatheringOf, type LoopTask, rootOf, type Stage, takenBy } from './loop-tasks.ts'
import type { LoopText } from './loop-text.ts'
import { LoopValues, type Work } from './loop-values.ts'
import type { Scatter } from './scatter.ts'
import { below, end, get, given, load, op, set, store } from './shorthand.ts'
import type { CollectTask, StoreTask } from './schedule.ts'
import type { Block } from './text.ts'

/** A place along the lanes: so many interleaved vectors from a position on. */
export interface Lanes extends Omit<Position, 'copy'> {
  readonly copies: number
}

/** A row as one number. */
const noLanes: Lanes = { lane: '', copies: 1, rest: null }

export class LoopStages {
  readonly values: LoopValues
  readonly #text: LoopText
  readonly #accumulators = new Map<Node, Accumulator>()

  constructor (text: LoopText) {
    this.#text = text
    this.values = new LoopValues(text)
    for (const task of text.plan.loop.tasks) {
      if (task.kind === 'total') this.accumulator(task.node, gatheringOf(task))
    }
  }

  /** Where a reduction comes together. */
  accumulator (node: Node, gathering = node.op as 'sum' | 'max' | 'min' | 'any'): Accumulator {
    let accumulator = this.#accumulators.get(node)
    if (accumulator === undefined) {
      accumulator = new Accumulator(this.#text.fn, this.#text.writer, gathering)
      this.#accumulators.set(node, accumulator)
    }
    return accumulator
  }

  /** All that a stage does at a place; sums and stores go into the block given. */
  evaluate (stage: Stage, index: number, lanes: Lanes, into: Block): void {
    const work = this.values.work(stage, index)
    for (let copy = 0; copy < lanes.copies; copy++) {
      const at = { lane: lanes.lane, copy, rest: lanes.rest }
      for (const node of work.nodes) if (!work.fused.has(node)) this.values.write(node, at, work)
      this.#text.writer.into = into
      for (const node of stage.reductions) this.#add(node, node.args[0] as Node, at, work)
      for (const task of stage.tasks) this.#do(task, at, work)
    }
  }

  /** Whether a stage is to be walked here, a text; its conditions are known at this level. */
  holds (conditions: Guard['conditions'], index: number): string {
    const { levels, writer } = this.#text
    const [first, ...others] = this.#before(conditions, index) as [Lane, ...Lane[]]
    writer.into = levels.at(levels.of(conditions.flatMap(({ axes }) => axes))).block
    const all = others.reduce((both, lane) => writer.op('v128.and', both, lane), first)
    return op('v128.any_true', get(all))
  }

  /** How many whole numbers from 0 on are below a number that is known before the walk, a text. */
  countBelow (bound: Node, index: number): string {
    const { precision: type, writer } = this.#text
    const [lane] = this.#before([bound], index) as [Lane]
    return op(`i32.trunc_sat_${type}_u`, op(`${type}.ceil`, writer.extract(lane, 0)))
  }

  // Values that do not vary along the lanes.
  #before (nodes: readonly Node[], index: number): Lane[] {
    const at = { lane: '', copy: 0, rest: null }
    for (const node of this.values.needs(nodes, index)) {
      this.values.write(node, at, { stage: index, fused: new Set() })
    }
    return nodes.map(node => this.values.at(node, 0))
  }

  /** What is done once a row, when its stages have ended. */
  evaluateRow (into: Block, lanes = noLanes): void {
    const { rowTasks, stages } = this.#text.plan
    const stage = { reductions: [], tasks: rowTasks }
    if (rowTasks.length > 0) this.evaluate(stage, stages.length, lanes, into)
  }

  #do (task: LoopTask, at: Position, work: Work): void {
    const { access, plan, writer } = this.#text
    if (task.kind === 'collect') this.#collect(task, at)
    else if (task.kind === 'store') {
      access.store(accessTo(task.to), this.values.at(rootOf(task, plan.scatters), at.copy), at)
    } else if (at.lane === '') {
      // A value a row has once is one number, not a vector of different lanes.
      const argument = takenBy(task)
      const value = work.fused.has(argument)
        ? this.#product(argument, at.copy)
        : this.values.at(argument, at.copy)
      this.accumulator(task.node).addNumber(writer.into.lines, value)
    } else this.#add(task.node, takenBy(task), at, work)
  }

  // What goes to no place of an axis counts as 0; where one has none, there is no memory.
  #collect ({ to, places, value, node }: CollectTask, at: Position): void {
    const { access, addresses, levels, plan, writer } = this.#text
    let counted = this.values.at(value, at.copy)
    const gathers = places.map(({ axis, index }) => {
      const lane = this.values.at(index, at.copy)
      counted = writer.op('v128.and', counted, this.#exists(lane, axis))
      return { axis, lane, level: levels.of(index.axes), varies: index.axes.includes(plan.lane) }
    })
    const key = `${to.place} at ${node.id}`
    for (const { axis } of places) {
      writer.into.lines.push(given(get(addresses.length(axis))))
    }
    access.add({ ...accessTo(to), gathers, key }, counted, at)
    for (const _ of places) writer.into.lines.push(end)
  }

  // All ones where the axis has a place of this number.
  #exists (lane: Lane, axis: Axis): Lane {
    const { addresses, fn, precision, writer } = this.#text
    const { type } = writer
    const count = fn.once(fn.entry, `end ${axis}`, 'v128', () => op(`${type}.splat`,
      op(`${precision}.convert_i32_u`, get(addresses.length(axis))))) as Lane
    return writer.op('v128.and',
      writer.op('v128.and', writer.op(`${type}.ge`, lane, writer.constant(0)),
        writer.op(`${type}.lt`, lane, count)),
      writer.op(`${type}.eq`, lane, writer.op(`${type}.floor`, lane)))
  }

  #add (reduction: Node, argument: Node, at: Position, { fused }: Work): void {
    const { writer } = this.#text
    const { lines } = writer.into
    const accumulator = this.accumulator(reduction)
    const mask = at.rest === null ? null : this.#mask(at.rest)
    if (!fused.has(argument)) {
      accumulator.add(lines, this.values.at(argument, at.copy), at.copy, mask)
      return
    }
    const [a, b] = argument.args.map(arg => this.values.at(arg, at.copy)) as [Lane, Lane]
    if (mask === null) accumulator.addProduct(lines, a, b, at.copy)
    else accumulator.add(lines, this.#product(argument, at.copy), at.copy, mask)
  }

  // A product that is part of its sum, where the sum takes it as a value after all.
  #product (node: Node, copy: number): Lane {
    const { writer } = this.#text
    return writer.op(`${writer.type}.mul`, ...node.args.map(arg => this.values.at(arg, copy)))
  }

  // All ones in the lanes that count.
  #mask (rest: string): Lane {
    const { fn, levels, precision, writer } = this.#text
    const { type } = writer
    return fn.once(levels.at(levels.lanes).block, 'mask', 'v128', () => {
      const ramp = get(writer.ramp())
      return op(`${type}.lt`, ramp,
        op(`${type}.splat`, op(`${precision}.convert_i32_u`, get(rest))))
    }) as Lane
  }

  /** The one place of a row that differs from the rest, where a store has one. */
  scatter (task: StoreTask, { index, term, op: sum }: Scatter, stage: number, into: Block): void {
    const { addresses, fn, plan, precision: type, writer } = this.#text
    const at = { lane: '', copy: 0, rest: null }
    for (const node of this.values.needs([index, term], stage)) {
      this.values.write(node, at, { stage, fused: new Set() })
    }
    writer.into = into
    const number = (node: Node): string => writer.extract(this.values.at(node, 0), 0)
    const [place, position] = [fn.local(type), fn.local('i32')]
    const address = addresses.elementAddress(accessTo(task.to), position)
    const length = get(addresses.length(plan.lane))
    into.lines.push(set(place, number(index)),
      set(position, op(`i32.trunc_sat_${type}_s`, get(place))),
      given(op('i32.and', below(get(position), length),
        op(`${type}.eq`, op(`${type}.convert_i32_s`, get(position)), get(place)))),
      store(`${type}.store`, address,
        op(`${type}.${sum}`, load(`${type}.load`, address), number(term))),
      end)
  }
}
