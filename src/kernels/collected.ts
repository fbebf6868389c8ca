// Recognises a sum that collects values by where they go: sum(position == index ? value : 0), as in
// the gradient of a gather. Each value is added at its place, instead of being compared with all.

import type { Axis, Node } from '../formulas/graph.ts'

export interface Collected {
  /** The axis the values go to. */
  readonly axis: Axis
  readonly index: Node
  readonly value: Node
  /** Axes of the result along which nothing is collected: the rows one thread walks. */
  readonly outer: readonly Axis[]
}

/** The parts of such a sum; null for any other node, and where all would be one thread's work. */
export function collectedOf (node: Node): Collected | null {
  const [choice] = node.args
  if (node.op !== 'sum' || choice?.op !== 'where') return null
  const [here, value, zero] = choice.args
  if (here?.op !== 'eq' || value === undefined || zero?.op !== 'constant') return null
  if (zero.mask || zero.value !== 0) return null
  const [a, b] = here.args
  const isFirst = a?.op === 'iota' && node.axes.includes(a.over[0] ?? '')
  const [position, index] = isFirst ? [a, b] : [b, a]
  const [axis = ''] = position?.over ?? []
  if (position?.op !== 'iota' || index === undefined || !node.axes.includes(axis)) return null
  if (index.axes.includes(axis) || value.axes.includes(axis)) return null
  const outer = node.axes.filter(other => other !== axis)
  if (outer.length === 0 || !index.axes.some(other => node.over.includes(other))) return null
  return { axis, index, value, outer }
}
