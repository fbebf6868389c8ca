// Which place `take` reads: an index rounded down and clamped, said as a value of the graph.

import { type Axis, type Graph, type Node, originalAxis } from './graph.ts'

/** The index itself where it needs no rounding and clamping: classes of inputs are checked. */
export function placeOf (graph: Graph, i: Node, axis: Axis): Node {
  if (isPlace(i, axis)) return i
  const last = graph.apply('sub', graph.size(axis), graph.constant(1))
  return graph.apply('clamp', graph.apply('floor', i), graph.constant(0), last)
}

function isPlace (i: Node, axis: Axis): boolean {
  switch (i.op) {
    case 'input': return i.datatype !== 'real'
    case 'take': return i.args[0] !== undefined && isPlace(i.args[0], axis)
    case 'iota': case 'argsort': return originalAxis(i.over[0] ?? '') === originalAxis(axis)
    case 'constant': return Number.isInteger(i.value) && i.value >= 0
    case 'clamp': return i.args[0]?.op === 'floor' && i.args[1]?.value === 0
    default: return false
  }
}
