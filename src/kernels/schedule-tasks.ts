// Which tasks the outputs of a program take, and which tasks each of them waits for. A value that
// cannot be computed inside its reader's loop (a reduction of another space, a matrix product) is a
// task of its own whose result the reader finds in memory.

import type { Axis, Graph, Node } from '../formulas/graph.ts'
import { isStored } from '../formulas/leaves.ts'
import { reach } from '../formulas/walk.ts'
import { type Collected, collectedOf } from './collected.ts'
import { type Product, productOf } from './product.ts'
import type { Output, Stored, Task } from './schedule.ts'
import { isReduction, liesTogether, sameOrder, sameSet, sameSpace, type Space, spaceOf }
  from './space.ts'
import { isWorthStoring, layoutOf, unshifted, walkSpace } from './walk-plan.ts'

/** A task, and what it needs before it. */
export interface Planned {
  readonly task: Task
  /** Null for a product and for rows. */
  readonly space: Space | null
  readonly needs: Set<Planned>
  /** Values read from memory although the graph could compute them. */
  readonly reads: Map<Node, Stored>
}

/** A value in memory, and the task that writes it; null where the caller does. */
interface Made {
  readonly stored: Stored
  readonly planned: Planned | null
}

export class TaskPlanner {
  readonly planned: Planned[] = []
  readonly temporaries: Stored[] = []
  readonly #graph: Graph
  readonly #totals = new Map<Node, Planned>()
  /** Where the values of nodes are found, in different orders of axes. */
  readonly #made = new Map<Node, Made[]>()

  constructor (graph: Graph) { this.#graph = graph }

  /** Where each value in memory is found first. */
  get stored (): ReadonlyMap<Node, Stored> {
    return new Map([...this.#made].flatMap(([node, [made]]) =>
      made === undefined ? [] : [[node, made.stored] as const]))
  }

  /** Plans what an output takes. A product may write straight to it if the order of axes fits. */
  store ({ name, node, layout }: Output): void {
    const to: Stored = { node, layout, place: `output ${name}` }
    if (!this.#made.has(node) && this.#whole(node, to) !== null) return
    this.#compute(node, to)
  }

  /** Plans what a value without axes takes. */
  prepare (node: Node): void { this.#visit(node, null) }

  #plan (task: Task, space: Space | null): Planned {
    const planned = { task, space, needs: new Set<Planned>(), reads: new Map<Node, Stored>() }
    this.planned.push(planned)
    return planned
  }

  #compute (node: Node, to: Stored, space = this.#spaceFor(node, to.layout)): Planned {
    const planned = this.#plan({ kind: 'store', node, to }, space)
    this.#visit(node, planned)
    return planned
  }

  #total (node: Node): Planned {
    const known = this.#totals.get(node)
    if (known !== undefined) return known
    const [argument] = node.args as [Node]
    const planned = this.#plan({ kind: 'total', node }, this.#spaceFor(argument, argument.axes))
    this.#totals.set(node, planned)
    this.#visit(argument, planned)
    return planned
  }

  // Walks from a root to all that must exist before it, and notes it as needed by its reader.
  #visit (root: Node, reader: Planned | null): void {
    const seen = new Set<Node>()
    const open = [root]
    const read = (node: Node, { stored, planned }: Made): void => {
      reader?.reads.set(node, stored)
      if (planned !== null) reader?.needs.add(planned)
    }
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue
      seen.add(node)
      const [made] = this.#made.get(node) ?? []
      if (made !== undefined && made.planned !== reader && reader !== null) read(node, made)
      else if (isReduction(node) && node.axes.length === 0) {
        const total = this.#total(node)
        reader?.needs.add(total)
      } else if (this.#isBefore(node, reader?.space ?? null)) read(node, this.#materialize(node))
      else if (node.op === 'shift') {
        const value = unshifted(node)
        if (value.op !== 'input' && value.op !== 'previous') read(value, this.#materialize(value))
      } else open.push(...node.args)
    }
  }

  // True for what must lie in memory before a loop over this space begins.
  #isBefore (node: Node, space: Space | null): boolean {
    if (isReduction(node)) return !isRowOf(node, space) || collectedOf(node) !== null
    return isStored(node) || (space?.walk !== undefined && isWorthStoring(node, space))
  }

  // What cannot be part of its reader's loop gets a step of its own.
  #materialize (node: Node): Made {
    const [known] = this.#made.get(node) ?? []
    const whole = known ?? this.#whole(node, null)
    if (whole !== null) return whole
    const stored = this.#temporary(node, memoryOrder(node))
    const space = isReduction(node) ? spaceOf(node) : this.#spaceFor(node, node.axes)
    const planned = this.#plan({ kind: 'store', node, to: stored }, space)
    const made = this.#note(node, stored, planned)
    this.#visit(node, planned)
    return made
  }

  #note (node: Node, stored: Stored, planned: Planned): Made {
    const made = { stored, planned }
    const copies = this.#made.get(node)
    if (copies === undefined) this.#made.set(node, [made])
    else copies.push(made)
    return made
  }

  #temporary (node: Node, layout: readonly Axis[]): Stored {
    const stored = { node, layout, place: `temporary ${node.id} ${layout.join()}` }
    this.temporaries.push(stored)
    return stored
  }

  // What no ordinary loop makes; null if one does, or if the order of axes is not to be had.
  #whole (node: Node, wanted: Stored | null): Made | null {
    if (node.op === 'recur') return this.#walk(node, wanted)
    if (isStored(node)) return this.#rows(node, wanted)
    const collected = collectedOf(node)
    // Along an axis that it lacks a value is stored again and again: once it is whole.
    const repeats = wanted !== null && wanted.layout.length > node.axes.length
    if (collected !== null) return repeats ? null : this.#collect(node, collected, wanted)
    return this.#product(node, wanted)
  }

  #collect (node: Node, { outer, ...parts }: Collected, wanted: Stored | null): Made {
    const to = wanted ?? this.#temporary(node, memoryOrder(node))
    const zeros = this.#plan({ kind: 'store', node: this.#graph.constant(0), to },
      { outer: node.axes, inner: [] })
    const planned = this.#plan({ kind: 'collect', node, to, ...parts },
      { outer, inner: node.over })
    planned.needs.add(zeros)
    const made = this.#note(node, to, planned)
    this.#visit(parts.value, planned)
    for (const { index } of parts.places) this.#visit(index, planned)
    return made
  }

  #walk (node: Node, wanted: Stored | null): Made {
    const [body] = node.args as [Node]
    const to = wanted ?? this.#temporary(node, layoutOf(node))
    const planned = this.#plan({ kind: 'store', node: body, to }, walkSpace(node, to))
    const made = this.#note(node, to, planned)
    this.#visit(body, planned)
    return made
  }

  // Rows lie in memory side by side.
  #rows (node: Node, wanted: Stored | null): Made | null {
    const [x] = node.args as [Node]
    const [axis = ''] = node.over
    const rest = node.axes.filter(other => other !== axis)
    const layout = wanted?.layout ?? [...rest, axis]
    if (layout.at(-1) !== axis) return null
    const from = this.#inOrder(x, layout)
    const to = wanted ?? this.#temporary(node, layout)
    const planned = this.#plan({ kind: 'rows', node, from: from.stored, to }, null)
    if (from.planned !== null) planned.needs.add(from.planned)
    return this.#note(node, to, planned)
  }

  // A value in memory in just this order of axes.
  #inOrder (node: Node, layout: readonly Axis[]): Made {
    const copy = this.#made.get(node)?.find(({ stored }) => sameOrder(stored.layout, layout))
    if (copy !== undefined) return copy
    if (node.op === 'input' && node.datatype === 'real' && sameOrder(node.layout, layout)) {
      return { stored: { node, layout, place: `input ${node.name}` }, planned: null }
    }
    const stored = this.#temporary(node, layout)
    const whole = this.#made.has(node) ? null : this.#whole(node, stored)
    return whole ?? this.#note(node, stored, this.#compute(node, stored))
  }

  // As a matrix product, or null; in the order of axes that is wanted, or else the graph's.
  #product (node: Node, wanted: Stored | null): Made | null {
    const straight = productOf(this.#graph, node)
    if (straight === null) return null
    const turned = { ...straight, a: straight.b, b: straight.a, m: straight.n, n: straight.m }
    const layoutOf = ({ batch, m, n }: Product): Axis[] => [...batch, ...m, ...n]
    const order = wanted?.layout ?? memoryOrder(node)
    const product = [straight, turned].find(parts => sameOrder(layoutOf(parts), order))
      ?? (wanted === null ? straight : null)
    if (product === null) return null
    const { batch, m, n, k } = product
    const stored = wanted ?? this.#temporary(node, layoutOf(product))
    const a = this.#operand(product.a, [batch, m, k])
    const b = this.#operand(product.b, [batch, n, k])
    const planned = this.#plan(
      { kind: 'product', node, to: stored, a: a.stored, b: b.stored, batch, m, n, k }, null)
    for (const operand of [a, b]) if (operand.planned !== null) planned.needs.add(operand.planned)
    return this.#note(node, stored, planned)
  }

  // An operand is read where it lies if each group of axes lies together there; otherwise it is
  // stored first.
  #operand (node: Node, groups: readonly (readonly Axis[])[]): Made {
    const [batch = []] = groups
    const fits = (layout: readonly Axis[]): boolean =>
      groups.every(group => liesTogether(layout, group)) && !batch.includes(layout.at(-1) ?? '')
    const copies = this.#made.get(node) ?? []
    const copy = copies.find(({ stored }) => fits(stored.layout))
    if (copy !== undefined) return copy
    if (node.op === 'input' && node.datatype === 'real' && fits(node.layout)) {
      const { name, layout } = node
      return { stored: { node, layout, place: `input ${name}` }, planned: null }
    }
    if (isReduction(node) && node.axes.length > 0 && copies.length === 0) {
      const made = this.#materialize(node)
      if (fits(made.stored.layout)) return made
    }
    const grouped = groups.flat().filter(axis => node.axes.includes(axis))
    const stored = this.#temporary(node, [memoryOrder(node), node.axes].find(fits) ?? grouped)
    return this.#note(node, stored, this.#compute(node, stored))
  }

  // The space in which a value with these axes can be computed with its row reductions inside.
  #spaceFor (node: Node, axes: readonly Axis[]): Space {
    if (isReduction(node) && node.axes.length > 0 && sameSet(node.axes, axes)
      && collectedOf(node) === null) return spaceOf(node)
    let alongside: Space | null = null
    const seen = new Set<Node>()
    const open = [node]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next) || this.#made.has(next)) continue
      seen.add(next)
      if (isStored(next) || next.op === 'shift') continue
      if (isReduction(next)) {
        if (next.axes.length === 0 || collectedOf(next) !== null) continue
        if (productOf(this.#graph, next) !== null) continue
        const space = spaceOf(next)
        if (sameSet([...space.outer, ...space.inner], axes)) return space
        if (sameSet(space.outer, axes)) alongside ??= space
      }
      open.push(...next.args)
    }
    return alongside ?? { outer: this.#graph.sort([...axes]), inner: [] }
  }
}

function isRowOf (reduction: Node, space: Space | null): boolean {
  return space !== null && space.inner.length > 0 && sameSpace(space, spaceOf(reduction))
}

// The node's axes, last the one along which most of the tensors that it is made of lie in order:
// what they are taken along by another axis of theirs stays in rows.
function memoryOrder (node: Node): readonly Axis[] {
  const votes = new Map<Axis, number>()
  for (const { op, layout } of reach([node])) {
    const axis = op === 'input' && layout.length > 1 ? layout.at(-1) ?? '' : ''
    if (node.axes.includes(axis)) votes.set(axis, (votes.get(axis) ?? 0) + 1)
  }
  let best = node.axes.at(-1) ?? ''
  for (const [axis, count] of votes) if (count > (votes.get(best) ?? 0)) best = axis
  return [...node.axes.filter(axis => axis !== best), ...node.axes.filter(axis => axis === best)]
}
