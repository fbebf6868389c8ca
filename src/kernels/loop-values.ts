// The values of nodes at one place of a loop: each is computed in the block of the level where it
// changes, once, and found there again.

import type { Axis, Node } from '../formulas/graph.ts'
import { findOp } from '../ops/index.ts'
import type { Lane } from '../ops/op.ts'
import { type Access, accessTo, type Gather, type Position } from './addresses.ts'
import { KeptValues } from './loop-kept.ts'
import { allTakenBy, needed, rootOf, rootsOf, type Stage } from './loop-tasks.ts'
import type { LoopText } from './loop-text.ts'
import { fusable, peephole } from './peepholes.ts'
import { ScalarWriter } from './scalars.ts'
import { below, get, i32, laneOp, minus, op, plus } from './shorthand.ts'
import { unshifted } from './walk-plan.ts'

/** What must be computed at each place of a stage. */
export interface Work {
  readonly stage: number
  /** In the order of computation. */
  readonly nodes: readonly Node[]
  /** Products that are part of the sums that use them, and never values of their own. */
  readonly fused: ReadonlySet<Node>
}

export class LoopValues {
  readonly #text: LoopText
  readonly #scalars: ScalarWriter
  readonly #kept: KeptValues
  #cost = 0

  constructor (text: LoopText) {
    this.#text = text
    this.#scalars = new ScalarWriter(text.fn, text)
    this.#kept = new KeptValues(text)
  }

  /** Instructions for four vectors, roughly. */
  get cost (): number { return this.#cost }

  /** What a stage needs beyond what is at hand. */
  work (stage: Stage, index: number): Work {
    const { plan: { scatters }, levels } = this.#text
    const nodes = this.needs(rootsOf(stage, scatters), index)
    const totals = stage.tasks.flatMap(task => task.kind === 'total' ? [task.node] : [])
    const isStored = (node: Node): boolean => stage.tasks.some(task =>
      task.kind === 'collect'
        ? allTakenBy(task).includes(node)
        : task.kind === 'store' && rootOf(task, scatters) === node)
    const fused = fusable(nodes, [...stage.reductions, ...totals], {
      isFree: node => !isStored(node) && !this.#kept.isKept(node) && !this.#isAtHand(node, index),
      isBeside: (product, sum) => levels.of(product.axes) === levels.of(sum.axes)
    })
    return { stage: index, nodes, fused }
  }

  /** What must be computed for these roots in a stage, in order. */
  needs (roots: readonly Node[], stage: number): Node[] {
    const { isRow, loop: { reads } } = this.#text.plan
    return needed(roots, node => this.#isAtHand(node, stage))
      .filter(node => !isRow(node) || reads.has(node))
  }

  #isAtHand (node: Node, stage: number): boolean {
    const { plan: { isRow, loop }, levels } = this.#text
    return node.axes.length === 0 || loop.reads.has(node) || isRow(node)
      || this.#kept.before(node, stage) !== undefined || levels.find(node, 0) !== undefined
  }

  /** Computes a node at a place, in the block of its level. */
  write (node: Node, at: Position, { stage, fused }: Pick<Work, 'stage' | 'fused'>): void {
    const { levels, writer } = this.#text
    if (levels.find(node, at.copy) !== undefined) return
    writer.into = levels.at(levels.of(node.axes)).block
    const before = this.#kept.before(node, stage)
    const value = before === undefined
      ? this.#compute(node, at, fused)
      : this.#kept.recall(before, at)
    levels.note(node, at.copy, value)
    this.#kept.remember(node, stage, value, at)
  }

  /** The value of a node that has been computed, or has no axes. */
  at (node: Node, copy: number): Lane {
    if (node.axes.length === 0) return this.#scalar(node)
    const value = this.#text.levels.find(node, copy)
    if (value === undefined) throw new Error(`${node.op} ${node.id} was not computed`)
    return value
  }

  #compute (node: Node, at: Position, fused: ReadonlySet<Node>): Lane {
    const { access, plan, writer } = this.#text
    const stored = plan.loop.reads.get(node)
    if (stored !== undefined) return access.load(accessTo(stored), at)
    if (node.axes.length === 0) return this.#scalar(node)
    if (node.op === 'input' || node.op === 'take') return access.load(this.#inInput(node, at), at)
    if (node.op === 'shift' || node.op === 'previous') return this.#neighbour(node, at)
    if (node.op === 'iota') return this.#positions(node.over[0] ?? '', at)
    const row = findOp(node.op)
    if (row?.lanes === undefined) throw new Error(`${node.op} has no lanes`)
    if (at.rest === null) this.#cost += row.cost
    const lanesOf = (arg: Node): Lane => this.at(arg, at.copy)
    return peephole(writer, node, fused, lanesOf) ?? row.lanes(writer, ...node.args.map(lanesOf))
  }

  // A value without axes, computed at the entry in float64 and spread over the lanes.
  #scalar (node: Node): Lane {
    const { fn, precision, writer } = this.#text
    if (node.op === 'constant') {
      return node.mask ? writer.bits(node.value === 0 ? 0n : -1n) : writer.constant(node.value)
    }
    const wide = this.#scalars.value(node)
    if (precision === 'f64') return wide
    return fn.once(fn.entry, `scalar ${node.id}`, 'v128', () => node.mask
      ? op('i32x4.splat', op('i32.wrap_i64', laneOp('i64x2.extract_lane', 0, get(wide))))
      : op('f32x4.splat', op('f32.demote_f64', laneOp('f64x2.extract_lane', 0, get(wide))))) as Lane
  }

  #positions (axis: Axis, at: Position): Lane {
    const { fn, levels, plan, precision, writer } = this.#text
    const { type } = writer
    const spread =
      op(`${type}.splat`, op(`${precision}.convert_i32_u`, get(levels.position(axis))))
    if (axis !== plan.lane) return writer.value(spread)
    const first = fn.once(levels.at(levels.lanes).block, 'positions', 'v128', () =>
      op(`${type}.add`, spread, get(writer.ramp()))) as Lane
    if (at.copy === 0) return first
    return writer.op(`${type}.add`, first, writer.constant(at.copy * writer.count))
  }

  // An input, or a take of one, along several axes at once where takes are nested.
  #inInput (node: Node, at: Position): Access {
    const gathers: Gather[] = []
    const { levels, plan } = this.#text
    let input = node
    let key = ''
    while (input.op === 'take') {
      const [from, index] = input.args as [Node, Node]
      gathers.push({
        axis: input.over[0] ?? '',
        lane: this.at(index, at.copy),
        level: levels.of(index.axes),
        varies: index.axes.includes(plan.lane)
      })
      key = ` ${node.id}`
      input = from
    }
    return { ...this.#source(input, key), gathers }
  }

  // A tensor in memory: an input, or what has been stored.
  #source (node: Node, key: string): Access {
    const stored = this.#text.plan.loop.reads.get(node)
    if (stored !== undefined) return { ...accessTo(stored), key: `${stored.place}${key}` }
    const { name, layout, datatype } = node
    if (node.op !== 'input') throw new Error(`${node.op} ${node.id} does not lie in memory`)
    const place = `input ${name}`
    return { place, layout, datatype, gathers: [], shifts: [],
      key: `${place} ${layout.join()}${key}` }
  }

  // Some steps before, along one axis or several; what is outside is a number of each axis.
  #neighbour (node: Node, at: Position): Lane {
    const { access, plan: { loop: { space: { walk } } }, writer } = this.#text
    const value = unshifted(node)
    const moves: { axis: Axis, step: number, outside: number }[] = []
    for (let each = node; each !== value; each = each.args[0] as Node) {
      moves.unshift({ axis: each.over[0] ?? '', step: each.step, outside: each.value })
    }
    const isBefore = value.op === 'previous' && walk !== undefined
    if (isBefore) moves.unshift({ axis: walk.axis, step: walk.step, outside: value.value })
    const key = ` ${moves.map(({ axis, step }) => `${axis} ${step}`).join()}`
    const source = isBefore
      ? { ...accessTo(walk.to), key: `${walk.to.place}${key}` }
      : this.#source(value, key)
    return moves.reduce((inside, { axis, step, outside }) =>
      writer.select(this.#reaches(axis, step, at), inside, writer.constant(outside)),
    access.load({ ...source, shifts: moves }, at))
  }

  // All ones where the axis has a place some steps before.
  #reaches (axis: Axis, step: number, at: Position): Lane {
    const { addresses, fn, levels, plan, precision, writer: { type }, writer } = this.#text
    const length = get(addresses.length(axis))
    const { block } = levels.at(levels.of([axis]))
    if (axis !== plan.lane) {
      return fn.once(block, `reaches ${axis} ${step}`, 'v128', () =>
        op('i32x4.splat', minus(i32(0),
          below(minus(get(levels.position(axis)), step), length)))) as Lane
    }
    const { into } = writer
    writer.into = block
    const positions = get(this.#positions(axis, at))
    writer.into = into
    const bound = step > 0
      ? op(`${type}.ge`, positions, get(writer.constant(step)))
      : op(`${type}.lt`, positions,
        op(`${type}.splat`, op(`${precision}.convert_i32_s`, plus(length, step))))
    return fn.once(block, `reaches ${axis} ${step} ${at.copy}`, 'v128', () => bound) as Lane
  }
}
