// Recognises a sum that collects values by where they go: sum(position == index ? value : 0), as in
// the gradient of a gather. Each value is added at its place, instead of being compared with all.

import type { Axis, Node } from '../formulas/graph.ts'

/** A place along an axis of the result. */
export interface CollectPlace {
  readonly axis: Axis
  readonly index: Node
}

export interface Collected {
  /** Where the values go: along one axis, or several. */
  readonly places: readonly CollectPlace[]
  readonly value: Node
  /** Axes of the result along which nothing is collected: the rows one thread walks. */
  readonly outer: readonly Axis[]
}

/**
 * The parts of such a sum; null for any other node, and along one axis where all would be one
 * thread's work: then threads share the comparisons.
 */
export function collectedOf (node: Node): Collected | null {
  const [argument] = node.args
  if (node.op !== 'sum' || argument === undefined) return null
  const places: CollectPlace[] = []
  let value = argument
  for (let part = placeOf(value, node); part !== null; part = placeOf(value, node)) {
    places.push(part.place)
    value = part.value
  }
  const isFree = ({ axes }: Node): boolean => !places.some(({ axis }) => axes.includes(axis))
  if (!isFree(value) || !places.every(({ index }) => isFree(index))) return null
  const outer = node.axes.filter(other => !places.some(({ axis }) => axis === other))
  const isGathered = places.some(({ index }) => index.axes.some(axis => node.over.includes(axis)))
  const isShared = outer.length > 0 || places.length > 1
  return isShared && isGathered ? { places, value, outer } : null
}

// position == index ? value : 0, where the sum keeps the axis of the position.
function placeOf (choice: Node, { axes }: Node): { place: CollectPlace, value: Node } | null {
  const [here, value, zero] = choice.op === 'where' ? choice.args : []
  if (here?.op !== 'eq' || value === undefined || zero?.op !== 'constant') return null
  if (zero.mask || zero.value !== 0) return null
  const [a, b] = here.args
  const isFirst = a?.op === 'iota' && axes.includes(a.over[0] ?? '')
  const [position, index] = isFirst ? [a, b] : [b, a]
  const [axis = ''] = position?.over ?? []
  if (position?.op !== 'iota' || index === undefined || !axes.includes(axis)) return null
  return { place: { axis, index }, value }
}
