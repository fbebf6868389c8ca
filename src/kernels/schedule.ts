// From a lowered graph to a few loops and matrix products: what is computed where, and when.
//
// Words used here:
//   row reduction   leaves axes behind and is used again along the axis it removed (softmax)
//   total           leaves no axis; its value exists when its step has ended
//   product         sum(a · b, axis) of two operands with axes of their own: a matrix product
//   space           the axes of a loop: outer ones stay, along inner ones rows are reduced
//   task            one thing to do: store a value, add a total, multiply two matrices
//   level           a task reads only what tasks of lower levels have left in memory
// Tasks of one level and one space share a loop. Tasks run as late as their readers allow, so that
// the loss's own sum rides in the gradient's loop.

import type { Axis, Graph, Node } from '../formulas/graph.ts'
import { productOf } from './product.ts'

/** What the caller wants to be stored, and in which memory order. */
export interface Output {
  readonly name: string
  readonly node: Node
  readonly layout: readonly Axis[]
}

/** A value in memory: an output of the caller's, or a temporary of the program. */
export interface Stored {
  readonly node: Node
  readonly layout: readonly Axis[]
  /** The record's word that holds its address. */
  readonly place: string
}

export interface Space {
  readonly outer: readonly Axis[]
  readonly inner: readonly Axis[]
}

export interface StoreTask { readonly kind: 'store'; readonly node: Node; readonly to: Stored }
export interface TotalTask { readonly kind: 'total'; readonly node: Node }
export interface ProductTask {
  readonly kind: 'product'
  readonly node: Node
  readonly to: Stored
  readonly a: Stored
  readonly b: Stored
  readonly batch: readonly Axis[]
  readonly m: readonly Axis[]
  readonly n: readonly Axis[]
  readonly k: readonly Axis[]
}

/** One step: a loop with all that is done in it, or a product. */
export type Loop = {
  readonly kind: 'loop'
  readonly space: Space
  readonly tasks: readonly (StoreTask | TotalTask)[]
  /** Values that are read from memory although the graph could compute them. */
  readonly reads: ReadonlyMap<Node, Stored>
}
export type StepTask = Loop | ProductTask

export interface Schedule {
  readonly steps: readonly StepTask[]
  readonly temporaries: readonly Stored[]
  readonly totals: readonly Node[]
  /** Outputs without axes: written when the last step has ended. */
  readonly scalars: readonly Output[]
}

interface Planned {
  readonly task: StoreTask | TotalTask | ProductTask
  readonly space: Space | null
  readonly needs: Set<Planned>
  readonly reads: Map<Node, Stored>
  early: number
  late: number
}

/** Plans the steps that compute `outputs`, whose nodes have been lowered. */
export function schedule (graph: Graph, outputs: readonly Output[]): Schedule {
  return new Scheduler(graph).run(outputs)
}

const isReduction = (node: Node): boolean =>
  node.op === 'sum' || node.op === 'max' || node.op === 'min'

class Scheduler {
  readonly #graph: Graph
  readonly #planned: Planned[] = []
  readonly #totals = new Map<Node, Planned>()
  readonly #stored = new Map<Node, { stored: Stored; planned: Planned | null }>()
  readonly #temporaries: Stored[] = []

  constructor (graph: Graph) { this.#graph = graph }

  run (outputs: readonly Output[]): Schedule {
    const scalars = outputs.filter(output => output.layout.length === 0)
    for (const output of outputs) if (output.layout.length > 0) this.#store(output)
    for (const scalar of scalars) this.#visit([scalar.node], null, null)
    this.#level()
    return {
      steps: this.#group(),
      temporaries: this.#temporaries,
      totals: [...this.#totals.keys()],
      scalars
    }
  }

  // A product may write straight to the caller's memory if the order of its axes fits.
  #store ({ name, node, layout }: Output): void {
    const to: Stored = { node, layout, place: `output ${name}` }
    if (!this.#stored.has(node) && this.#product(node, to)) return
    const space = this.#spaceFor(node, layout)
    const planned = this.#plan({ kind: 'store', node, to }, space)
    this.#visit([node], space, planned)
  }

  #plan (task: Planned['task'], space: Space | null): Planned {
    const planned: Planned = {
      task, space, needs: new Set(), reads: new Map(), early: 0, late: 0
    }
    this.#planned.push(planned)
    return planned
  }

  // Walks from `roots` to all that must exist before them, and notes it as needed by `reader`.
  #visit (roots: readonly Node[], space: Space | null, reader: Planned | null): void {
    const seen = new Set<Node>()
    const open = [...roots]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue
      seen.add(node)
      const stored = this.#stored.get(node)
      if (stored !== undefined && stored.planned !== reader && reader !== null) {
        this.#read(reader, node, stored)
      } else if (isReduction(node) && node.axes.length === 0) {
        const total = this.#total(node)
        reader?.needs.add(total)
      } else if (isReduction(node) && !sameSpace(space, node)) {
        const made = this.#materialize(node)
        if (reader !== null) this.#read(reader, node, made)
      } else {
        open.push(...node.args)
      }
    }
  }

  #read (reader: Planned, node: Node, { stored, planned }: {
    stored: Stored
    planned: Planned | null
  }): void {
    reader.reads.set(node, stored)
    if (planned !== null) reader.needs.add(planned)
  }

  #total (node: Node): Planned {
    const known = this.#totals.get(node)
    if (known !== undefined) return known
    const [argument] = node.args as [Node]
    const space = this.#spaceFor(argument, argument.axes)
    const planned = this.#plan({ kind: 'total', node }, space)
    this.#totals.set(node, planned)
    this.#visit([argument], space, planned)
    return planned
  }

  // A reduction that cannot be part of its reader's loop gets a loop, or a product, of its own.
  #materialize (node: Node): { stored: Stored; planned: Planned } {
    const to = this.#temporary(node, node.axes)
    const product = this.#product(node, null)
    if (product !== null) return product
    const space = { outer: node.axes, inner: node.over }
    const planned = this.#plan({ kind: 'store', node, to: this.#keep(to) }, space)
    const made = { stored: to, planned }
    this.#stored.set(node, made)
    this.#visit([node], space, planned)
    return made
  }

  #temporary (node: Node, layout: readonly Axis[]): Stored {
    return { node, layout, place: `temporary ${node.id}` }
  }

  #keep (stored: Stored): Stored {
    this.#temporaries.push(stored)
    return stored
  }

  #product (node: Node, wanted: Stored | null): { stored: Stored; planned: Planned } | null {
    const parts = productOf(this.#graph, node)
    if (parts === null) return null
    const { batch, m, n } = parts
    const straight = [...batch, ...m, ...n]
    const turned = [...batch, ...n, ...m]
    const isTurned = wanted !== null && same(wanted.layout, turned)
    if (wanted !== null && !isTurned && !same(wanted.layout, straight)) return null
    const to = wanted ?? this.#keep(this.#temporary(node, straight))
    const [first, second] = isTurned ? [parts.b, parts.a] : [parts.a, parts.b]
    const [rows, columns] = isTurned ? [n, m] : [m, n]
    const a = this.#operand(first, [...batch, ...rows, ...parts.k], [batch, rows, parts.k])
    const b = this.#operand(second, [...batch, ...columns, ...parts.k], [batch, columns, parts.k])
    const planned = this.#plan({
      kind: 'product', node, to, a: a.stored, b: b.stored, batch, m: rows, n: columns, k: parts.k
    }, null)
    for (const { planned: maker } of [a, b]) if (maker !== null) planned.needs.add(maker)
    const made = { stored: to, planned }
    this.#stored.set(node, made)
    return made
  }

  // An operand is read where it lies if each group of axes lies together there; else it is stored first.
  #operand (node: Node, order: readonly Axis[], groups: readonly (readonly Axis[])[]): {
    stored: Stored
    planned: Planned | null
  } {
    const known = this.#stored.get(node)
    const fits = (layout: readonly Axis[]): boolean =>
      groups.every(group => liesTogether(layout, group)) && !groups[0]?.includes(layout.at(-1) ?? '')
    if (known !== undefined && fits(known.stored.layout)) return known
    if (node.op === 'input' && node.datatype === 'real' && fits(node.layout)) {
      return { stored: { node, layout: node.layout, place: `input ${node.name}` }, planned: null }
    }
    if (isReduction(node) && node.axes.length > 0 && known === undefined) {
      const made = this.#materialize(node)
      if (fits(made.stored.layout)) return made
    }
    const layout = order.filter(axis => node.axes.includes(axis))
    const to = this.#keep({ node, layout, place: `temporary ${node.id} ${layout.join()}` })
    const space = this.#spaceFor(node, layout)
    const planned = this.#plan({ kind: 'store', node, to }, space)
    this.#visit([node], space, planned)
    const made = { stored: to, planned }
    if (!this.#stored.has(node)) this.#stored.set(node, made)
    return made
  }

  // The loop in which a value with these axes can be computed with its row reductions inside.
  #spaceFor (node: Node, axes: readonly Axis[]): Space {
    if (isReduction(node) && node.axes.length > 0 && sameSet(node.axes, axes)) {
      return { outer: node.axes, inner: node.over }
    }
    let along: Space | null = null
    const seen = new Set<Node>()
    const open = [node]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next) || this.#stored.has(next)) continue
      seen.add(next)
      if (isReduction(next)) {
        if (next.axes.length === 0) continue
        if (productOf(this.#graph, next) !== null) continue
        const space = { outer: next.axes, inner: next.over }
        if (sameSet([...space.outer, ...space.inner], axes)) return space
        if (sameSet(space.outer, axes)) along ??= space
      }
      open.push(...next.args)
    }
    return along ?? { outer: this.#graph.sort([...axes]), inner: [] }
  }

  #level (): void {
    const order = topological(this.#planned)
    for (const planned of order) {
      for (const need of planned.needs) planned.early = Math.max(planned.early, need.early + 1)
    }
    const last = Math.max(0, ...order.map(planned => planned.early))
    const read = new Set(order.flatMap(planned => [...planned.needs]))
    for (const planned of order) planned.late = last
    for (const planned of order.toReversed()) {
      for (const need of planned.needs) need.late = Math.min(need.late, planned.late - 1)
    }
    // What nobody waits for joins the last loop over the same space that somebody waits for.
    for (const planned of order) {
      if (read.has(planned) || planned.space === null || planned.space.inner.length === 0) continue
      const hosts = order.filter(host => read.has(host) && host.space !== null
        && equalSpaces(host.space, planned.space as Space) && host.late >= planned.early)
      if (hosts.length > 0) planned.late = Math.max(...hosts.map(host => host.late))
    }
    for (const planned of order.toReversed()) {
      for (const need of planned.needs) need.late = Math.min(need.late, planned.late - 1)
    }
  }

  #group (): StepTask[] {
    const steps: { level: number; step: StepTask }[] = []
    const loops: { level: number; space: Space; members: Planned[] }[] = []
    // Loops with rows first: tasks without rows of their own may ride in them.
    const withRows = (planned: Planned): number => planned.space?.inner.length === 0 ? 1 : 0
    for (const planned of this.#planned.toSorted((a, b) => withRows(a) - withRows(b))) {
      const { task, space, late } = planned
      if (task.kind === 'product' || space === null) {
        if (task.kind === 'product') steps.push({ level: late, step: task })
        continue
      }
      const host = loops.find(loop => loop.level === late && ridesIn(space, loop.space))
      if (host !== undefined) host.members.push(planned)
      else loops.push({ level: late, space, members: [planned] })
    }
    for (const { level, space, members } of loops) {
      const tasks = members.flatMap(({ task }) => task.kind === 'product' ? [] : [task])
      const reads = new Map(members.flatMap(member => [...member.reads]))
      steps.push({ level, step: { kind: 'loop', space, tasks, reads } })
    }
    return steps.toSorted((a, b) => a.level - b.level).map(({ step }) => step)
  }
}

function sameSpace (space: Space | null, reduction: Node): boolean {
  return space !== null && space.inner.length > 0
    && sameSet(space.outer, reduction.axes) && sameSet(space.inner, reduction.over)
}

function equalSpaces (a: Space, b: Space): boolean {
  return sameSet(a.outer, b.outer) && sameSet(a.inner, b.inner)
}

function ridesIn (space: Space, host: Space): boolean {
  if (equalSpaces(space, host)) return true
  if (space.inner.length > 0) return false
  return sameSet(space.outer, host.outer) || sameSet(space.outer, [...host.outer, ...host.inner])
}

function sameSet (a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every(axis => b.includes(axis))
}

function same (a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index])
}

/** True if the axes of a group that a layout has stand side by side in it, in the group's order. */
function liesTogether (layout: readonly Axis[], group: readonly Axis[]): boolean {
  const places = group.map(axis => layout.indexOf(axis))
  if (places.every(place => place === -1)) return true
  return places.every((place, index) => place !== -1 && place === (places[0] as number) + index)
}

function topological (all: readonly Planned[]): Planned[] {
  const order: Planned[] = []
  const state = new Map<Planned, 'open' | 'done'>()
  for (const root of all) {
    const stack = [root]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (state.get(top) === undefined) {
        state.set(top, 'open')
        stack.push(...[...top.needs].filter(need => state.get(need) === undefined))
      } else {
        if (state.get(top) === 'open') order.push(top)
        state.set(top, 'done')
        stack.pop()
      }
    }
  }
  return order
}
