// Sets of axes, and the space of a loop made of two of them.

import type { Axis, Node } from '../formulas/graph.ts'
import type { Walk } from './walk-plan.ts'

/** The axes of a loop: outer ones stay, along inner ones rows are reduced. */
export interface Space {
  readonly outer: readonly Axis[]
  readonly inner: readonly Axis[]
  /** A recurrence: the first inner axis is walked in order. */
  readonly walk?: Walk
}

export function isReduction ({ op }: Node): boolean {
  return op === 'sum' || op === 'max' || op === 'min'
}

/** The space in which a reduction is a row's. */
export function spaceOf (reduction: Node): Space {
  return { outer: reduction.axes, inner: reduction.over }
}

export function sameSpace (a: Space, b: Space): boolean {
  return a.walk === b.walk && sameSet(a.outer, b.outer) && sameSet(a.inner, b.inner)
}

/** True if what is done in a space can be done in the loop of another, perhaps once a row. */
export function ridesIn (space: Space, host: Space): boolean {
  if (sameSpace(space, host)) return true
  if (space.inner.length > 0 || host.walk !== undefined) return false
  return sameSet(space.outer, host.outer)
    || sameSet(space.outer, [...host.outer, ...host.inner])
}

export function sameSet (a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every(axis => b.includes(axis))
}

export function sameOrder (a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index])
}

/** True if a layout has none of the axes of a group, or all, side by side in the group's order. */
export function liesTogether (layout: readonly Axis[], group: readonly Axis[]): boolean {
  const places = group.map(axis => layout.indexOf(axis))
  if (places.every(place => place === -1)) return true
  const first = places[0] ?? -1
  return first !== -1 && places.every((place, index) => place === first + index)
}
