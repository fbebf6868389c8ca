// What kernels see of a graph. After lowering there are only
//   input parameter constant size iota sum max min, rows of ops that have lanes,
//   cumsum(x) argsort(x) recur(body, previous), which are stored as a whole before they are read,
//   take(x, i) where x is an input or stored, or again such a take along another axis,
//   shift(x) where x is an input, stored, any value to be stored, or again a shift of such along
//     another axis; inside a body where x is `previous`, or again such a shift.
// A body, down to `previous` and to what is not inside, is made of lanes and of those shifts.
// Composites are opened, put is a comparison with iota, and the work inside loops is the least.

import type { Graph, Node } from './graph.ts'
import { expand } from './expand.ts'
import { hoist } from './hoist.ts'
import { takeLeaves } from './leaves.ts'
import { shiftLeaves } from './neighbours.ts'
import { isNonnegative } from './sign.ts'
import { mapGraph } from './walk.ts'

/** Nodes of the same values as the roots, in the same order. */
export function lower (graph: Graph, roots: readonly Node[]): Node[] {
  graph.allow(10)
  const hoisted = hoist(graph, shiftLeaves(graph, takeLeaves(graph, expand(graph, roots))))
  // Moved takes may have clamped an index.
  return mapGraph(graph, expand(graph, hoisted), node => {
    const [g, i] = node.args
    if (node.op === 'log1p' && g !== undefined && isNonnegative(g)) {
      return graph.apply('log1p_nonnegative', g)
    }
    if (node.op !== 'put' || g === undefined || i === undefined) return node
    const here = graph.apply('eq', graph.iota(node.over[0] ?? ''), i)
    return graph.apply('where', here, g, graph.constant(0))
  })
}
