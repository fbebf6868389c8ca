// Several formulas over the same tensors as one: their bindings, each with axes of its own, are
// written anew with axes that all of them share, so that their graphs meet in the same nodes.
//
//     mse             input[...0]  target[...0]           input[+0, +1]  …  ...0 is +0 and +1
//     cross-entropy   input[N, C]  target[N]       ──▶    input[+0, +1]  …  N is +0, C is +1
//
// What a term does with a dimension decides which dimensions are one axis: a tensor's dimension is
// the same for all terms, and an axis of a term is the same for all its tensors. Neighbours that
// every term treats alike stay merged.

import type { Binding, BoundTensor } from './bind.ts'
import { type Axis, originalAxis } from './graph.ts'

export interface JoinTerm {
  readonly binding: Binding
  /** Whose tensor an argument is: what has the same id is the same in all terms. */
  readonly ids: ReadonlyMap<string, string>
  /** The axes of what the terms add; none if that is a number. */
  readonly sumAxes: readonly Axis[]
}

/** An axis that terms share: neighbouring lengths of an axis of one term. */
export interface SharedAxis {
  readonly axis: Axis
  readonly term: number
  readonly of: Axis
  readonly start: number
  readonly count: number
}

export interface Joined {
  readonly bindings: readonly Binding[]
  /** All axes of each tensor that some term reads, by its id. */
  readonly layouts: ReadonlyMap<string, readonly Axis[]>
  /** The shared axes of what the terms add. */
  readonly sumLayout: readonly Axis[]
  readonly axes: readonly SharedAxis[]
}

/** A shared axis with its length in a term. */
type Part = readonly [axis: Axis, length: number]

/**
 * The bindings over shared axes, whose names begin with the prefix; null if one of the terms would
 * have to read two dimensions as the same, or what they add has not the same number of dimensions.
 */
export function join (terms: readonly JoinTerm[], prefix: string): Joined | null {
  const ranks = terms.map(({ binding, sumAxes }) =>
    sumAxes.flatMap(axis => lengthsOf(binding, axis)).length)
  const [rank = 0] = ranks
  if (ranks.some(other => other !== rank)) return null
  const classOf = classesOf(terms)
  const runs = terms.map(({ binding }, term) => new Map(ownAxes(binding).map(axis =>
    [axis, lengthsOf(binding, axis).map((_, place) => classOf(slot(term, axis, place)))])))
  for (const run of runs) {
    const all = [...run.values()].flat()
    if (new Set(all).size < all.length) return null
  }
  const heads = headsOf(runs)
  const names = new Map<string, Axis>()
  const axes: SharedAxis[] = []
  const bindings = terms.map(({ binding }, term) => {
    const parts = new Map<Axis, readonly Part[]>()
    for (const [of, run] of runs[term] ?? []) {
      const starts = run.flatMap((name, place) => heads.has(name) ? [place] : [])
      parts.set(of, starts.map((start, index): Part => {
        const head = run[start] ?? ''
        const count = (starts[index + 1] ?? run.length) - start
        let axis = names.get(head)
        if (axis === undefined) {
          axis = prefix + names.size
          names.set(head, axis)
          axes.push({ axis, term, of, start, count })
        }
        return [axis, product(lengthsOf(binding, of).slice(start, start + count))]
      }))
    }
    return renamed(binding, parts)
  })
  const shared = (owner: string, dimensions: number): Axis[] =>
    Array.from({ length: dimensions }, (_, place) => classOf(`${owner} ${place}`))
      .flatMap(name => names.get(name) ?? [])
  const layouts = new Map<string, readonly Axis[]>()
  for (const { binding, ids } of terms) {
    for (const [name, { shape }] of binding.tensors) {
      const id = ids.get(name) ?? name
      layouts.set(id, shared(`tensor ${id}`, shape.length))
    }
  }
  return { bindings, layouts, sumLayout: shared('sum', rank), axes }
}

/** The lengths that an axis stands for. */
export function lengthsOf ({ shapes, axes }: Binding, axis: Axis): readonly number[] {
  return shapes.get(axis) ?? [axes.get(axis) ?? 1]
}

function product (lengths: readonly number[]): number { return lengths.reduce((a, b) => a * b, 1) }

// Twins follow what they are twins of.
function ownAxes ({ axes }: Binding): Axis[] {
  return [...axes.keys()].filter(axis => originalAxis(axis) === axis)
}

function slot (term: number, axis: Axis, place: number): string {
  return `${term} ${axis} ${place}`
}

// Which places along axes of terms are one: the name of the class of each.
function classesOf (terms: readonly JoinTerm[]): (slot: string) => string {
  const parents = new Map<string, string>()
  const find = (name: string): string => {
    const parent = parents.get(name)
    return parent === undefined ? name : find(parent)
  }
  const tie = (a: string, b: string): void => {
    const [x, y] = [find(a), find(b)]
    if (x !== y) parents.set(x, y)
  }
  for (const [term, { binding, ids, sumAxes }] of terms.entries()) {
    const tieAll = (owner: string, layout: readonly Axis[], shape: readonly number[]): void => {
      let dimension = 0
      for (const axis of layout) {
        for (const [place, length] of lengthsOf(binding, axis).entries()) {
          // What is missing from the layout has length 1 and is broadcast.
          while (dimension < shape.length && shape[dimension] !== length) dimension++
          tie(slot(term, axis, place), `${owner} ${dimension++}`)
        }
      }
    }
    for (const [name, { layout, shape }] of binding.tensors) {
      tieAll(`tensor ${ids.get(name) ?? name}`, layout, shape)
    }
    tieAll('sum', sumAxes, sumAxes.flatMap(axis => lengthsOf(binding, axis)))
  }
  return find
}

// Where shared axes begin: a class is merged with the one before it if no term has one without the
// other.
function headsOf (runs: readonly ReadonlyMap<Axis, readonly string[]>[]): ReadonlySet<string> {
  const before = new Map<string, Set<string>>()
  const after = new Map<string, Set<string>>()
  const note = (notes: Map<string, Set<string>>, name: string, other: string): void => {
    notes.set(name, (notes.get(name) ?? new Set()).add(other))
  }
  for (const run of runs.flatMap(each => [...each.values()])) {
    for (const [place, name] of run.entries()) {
      note(before, name, run[place - 1] ?? '')
      note(after, name, run[place + 1] ?? '')
    }
  }
  const only = (names: ReadonlySet<string> | undefined): string =>
    names?.size === 1 ? [...names].join() : ''
  return new Set([...before.keys()].filter(name => {
    const previous = only(before.get(name))
    return previous === '' || only(after.get(previous)) !== name
  }))
}

function renamed (binding: Binding, parts: ReadonlyMap<Axis, readonly Part[]>): Binding {
  const find = (axis: Axis): readonly Axis[] => {
    const original = originalAxis(axis)
    return (parts.get(original) ?? []).map(([own]) => own + axis.slice(original.length))
  }
  const axes = new Map<Axis, number>()
  const groups = new Map<Axis, readonly Axis[]>()
  const derived = new Map<string, Axis>()
  for (const [axis, length] of binding.axes) {
    const own = find(axis)
    groups.set(axis, own)
    for (const [place, each] of own.entries()) {
      axes.set(each, parts.get(axis)?.[place]?.[1] ?? length)
    }
    const [only = '', ...more] = own
    if (more.length === 0) derived.set(axis, only)
  }
  for (const [name, own] of binding.groups) groups.set(name, own.flatMap(find))
  for (const [name, axis] of binding.derived) derived.set(name, find(axis)[0] ?? axis)
  const tensors = new Map<string, BoundTensor>()
  for (const [name, tensor] of binding.tensors) {
    tensors.set(name, { ...tensor, layout: tensor.layout.flatMap(find) })
  }
  const layouts = new Map([...tensors].map(([name, { layout }]) => [name, layout]))
  return { ...binding, axes, shapes: new Map(), groups, derived, tensors, layouts }
}
