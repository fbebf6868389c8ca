// Stores in which one place of the row differs from the rest. The gradient of cross-entropy is
// softmax - (position == class ? weight : 0): two stores a row are cheaper than a comparison for
// every element.

import type { Axis, Node } from '../formulas/graph.ts'
import type { LoopTask } from './loop-tasks.ts'

/** value = rest, but at position `index` along the lanes rest + term (or rest - term). */
export interface Scatter {
  readonly rest: Node
  readonly index: Node
  readonly term: Node
  readonly op: 'add' | 'sub'
}

/** The scatter that a task is, or null; it needs rows along the lanes, of one axis. */
export function scatterOf (
  task: LoopTask, lane: Axis, isInner: (node: Node) => boolean
): Scatter | null {
  if (task.kind !== 'store' || task.to.layout.at(-1) !== lane) return null
  const { op, args: [a, b] } = task.node
  if (a === undefined || b === undefined || !isInner(a)) return null
  if (op !== 'add' && op !== 'sub') return null
  const pair = (rest: Node, put: Node): Scatter | null => {
    const [here, term, zero] = put.op === 'where' ? put.args : []
    const [position, index] = here?.op === 'eq' ? here.args : []
    if (position?.op !== 'iota' || position.over[0] !== lane) return null
    if (index === undefined || term === undefined || isInner(index) || isInner(term)) return null
    return zero?.op === 'constant' && zero.value === 0 ? { rest, index, term, op } : null
  }
  return pair(a, b) ?? (op === 'add' ? pair(b, a) : null)
}
