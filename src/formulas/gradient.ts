// Reverse mode over a graph. The gradient is again a graph of the same ops, so a second derivative
// is the gradient of a gradient, and what is derived can be printed as a formula.
//
// An op's rule says what g, the gradient of the whole by its value y, contributes to each argument.
// The rules of the op table are texts. Broadcasting is undone in one place, `settle`.

import { findOp, findStructural } from '../ops/index.ts'
import type { Axis, Graph, Node } from './graph.ts'
import { placeOf } from './place.ts'
import { tidy } from './tidy.ts'
import { traceScope } from './trace.ts'
import { reach } from './walk.ts'

/** The gradients of Σ seed · of, one for each of `by`; 0 for one that `of` does not depend on. */
export function gradient (graph: Graph, of: Node, seed: Node, by: readonly Node[]): Node[] {
  const sums = new Map<Node, Node>([[of, seed]])
  const path = pathTo(of, by)
  for (const node of path) {
    const g = sums.get(node)
    if (g === undefined) continue
    node.args.forEach((arg, index) => {
      if (!path.has(arg)) return
      const contribution = contribute(graph, node, index, g)
      if (contribution === null) return
      const total = sums.get(arg)
      sums.set(arg, total === undefined ? contribution : graph.apply('add', contribution, total))
    })
  }
  const found = by.map(node => (path.has(node) ? sums.get(node) : undefined) ?? graph.constant(0))
  return tidy(graph, found, new Set(reach([of, seed, ...by])))
}

// What lies between `of` and any of `by`, users before arguments.
function pathTo (of: Node, by: readonly Node[]): ReadonlySet<Node> {
  const path = new Set<Node>()
  for (const node of reach([of])) {
    const passes = !node.mask && node.op !== 'stop_gradient' && node.args.some(arg => path.has(arg))
    if (passes || by.includes(node)) path.add(node)
  }
  return new Set([...path].reverse())
}

// The contribution of g, above `node`, to its argument `index`; null where there is none.
function contribute (graph: Graph, node: Node, index: number, g: Node): Node | null {
  const [x, i] = node.args
  const arg = node.args[index]
  if (x === undefined || arg === undefined) return null
  if (node.op === 'with_derivative') {
    // value, x, slope, x, slope …: only the x have a derivative.
    const slope = node.args[index + 1]
    return index % 2 === 0 || slope === undefined
      ? null
      : settle(graph, graph.apply('mul', g, slope), node.axes, arg)
  }
  if (i !== undefined && node.op === 'take') {
    return index === 0 ? untake(graph, node, x, i, g) : null
  }
  if (i !== undefined && node.op === 'put') {
    const [axis = ''] = node.over
    return index === 0 ? settle(graph, graph.take(g, i, axis), graph.union([x, i]), x) : null
  }
  const row = findOp(node.op) ?? findStructural(node.op)
  const text = row?.derivative[index] ?? null
  if (row === undefined || text === null) return null
  if (text === 'g') return settle(graph, g, node.axes, arg)
  const names = new Map<string, Node>(row.arguments.map((name, k) => [name, node.args[k] ?? x]))
  names.set('g', g).set('y', node)
  return settle(graph, traceScope(text, { names, over: node.over }, graph), node.axes, arg)
}

// Undoes broadcasting: the sum over what the op has and the argument lacks. Where the contribution
// lacks such an axis too, it is the same at every place and is multiplied by the axis's length.
function settle (graph: Graph, contribution: Node, axes: readonly Axis[], arg: Node): Node {
  return graph.reduce('sum', contribution, axes.filter(axis => !arg.axes.includes(axis)))
}

// x[axis = i]: g goes back to place i, and where many places read the same one their sum. If i runs
// along the axis itself, the places that read are told from those that are read by a twin.
function untake (graph: Graph, node: Node, x: Node, i: Node, g: Node): Node {
  const [axis = ''] = node.over
  const within = placeOf(graph, i, axis)
  if (!node.axes.includes(axis)) return settle(graph, graph.put(g, within, axis), node.axes, x)
  const twin = graph.twin(axis, [...node.axes, ...x.axes])
  const move = (moved: Node): Node => graph.take(moved, graph.iota(twin), axis)
  const axes = node.axes.map(other => (other === axis ? twin : other))
  return settle(graph, graph.put(move(g), move(within), axis), axes, x)
}
