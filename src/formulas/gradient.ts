// Reverse mode over a graph. The gradient is again a graph of the same ops, so a second derivative
// is the gradient of a gradient, and what is derived can be printed as a formula.
//
// An op's rule says what g, the gradient of the whole by its value y, contributes to each argument.
// The rules of the op table are texts. Broadcasting is undone in one place, `settle`.

import { findOp, findStructural } from '../ops/index.ts'
import { type Axis, type Graph, type Node, originalAxis } from './graph.ts'
import { placeOf } from './place.ts'
import { argsort, cumsum, previous, recur, shift } from './sequences.ts'
import { tidy } from './tidy.ts'
import { traceScope } from './trace.ts'
import { insideOf, reach, substitute } from './walk.ts'

/** The gradients of Σ seed · of, one for each of `by`; 0 for one that `of` does not depend on. */
export function gradient (graph: Graph, of: Node, seed: Node, by: readonly Node[]): Node[] {
  const path = pathTo(reach([of]), by)
  const sums = pullBack(graph, of, seed, path, [...path])
  const found = by.map(node => (path.has(node) ? sums.get(node) : undefined) ?? graph.constant(0))
  return tidy(graph, found, new Set(reach([of, seed, ...by])))
}

// What lies between the last of the nodes and any of `by`, users before arguments.
function pathTo (nodes: readonly Node[], by: readonly Node[]): ReadonlySet<Node> {
  const ends = new Set(by)
  const path = new Set<Node>()
  for (const node of nodes) {
    const passes = !node.mask && node.op !== 'stop_gradient' && node.args.some(arg => path.has(arg))
    if (passes || ends.has(node)) path.add(node)
  }
  return new Set([...path].reverse())
}

// The gradients of Σ seed · of by all nodes of the path, through those of `visited`.
function pullBack (
  graph: Graph, of: Node, seed: Node, path: ReadonlySet<Node>, visited: Iterable<Node>
): ReadonlyMap<Node, Node> {
  const sums = new Map<Node, Node>([[of, seed]])
  const add = (arg: Node, contribution: Node): void => {
    const total = sums.get(arg)
    sums.set(arg, total === undefined ? contribution : graph.apply('add', contribution, total))
  }
  for (const node of visited) {
    const g = sums.get(node)
    if (g === undefined) continue
    if (node.op === 'recur') {
      throughSteps(graph, node, g, path).forEach((contribution, arg) => { add(arg, contribution) })
      continue
    }
    node.args.forEach((arg, index) => {
      const contribution = path.has(arg) ? contribute(graph, node, index, g) : null
      if (contribution !== null) add(arg, contribution)
    })
  }
  return sums
}

// y[t] = body[t] of y[t - 1]: what reaches y[t] is g[t] and what y[t + 1] hands back, so it is a
// recurrence from the end,
//   back[t] = (∂ body[t] / ∂ y[t - 1])ᵀ (g[t] + back[t + 1])
// whose body is the body's own gradient. Then each value that the body uses gets its share of
// g[t] + back[t + 1]. In all of that y[t - 1] is what has been stored.
function throughSteps (
  graph: Graph, node: Node, g: Node, path: ReadonlySet<Node>
): ReadonlyMap<Node, Node> {
  const [body, before] = node.args
  const [axis = ''] = node.over
  if (body === undefined || before === undefined) return new Map()
  const inside = insideOf([body])
  const stored = shift(graph, node, axis, node.step, before.value)

  const later = previous(graph, axis, node.axes, 0)
  const towards = pathTo(inside, [before])
  const slopes = pullBack(graph, body, graph.apply('add', g, later), towards, towards)
  const slope = slopes.get(before) ?? graph.constant(0)
  const backBody = substitute(graph, [slope], before, stored)[0] ?? slope
  const back = recur(graph, backBody, later, -node.step)

  const whole = graph.apply('add', g, shift(graph, back, axis, -node.step, 0))
  const outside = inside.flatMap(({ args }) => args).filter(arg => !arg.inside && path.has(arg))
  const outwards = pathTo([...new Set(outside), ...inside], outside)
  const shares = pullBack(graph, body, whole, outwards, [...outwards].filter(each => each.inside))
  const given = [...new Set(outside)].filter(arg => shares.has(arg))
  const found = substitute(graph, given.map(arg => shares.get(arg) ?? arg), before, stored)
  return new Map(given.map((arg, index) => [arg, found[index] ?? arg]))
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
  const [axis = ''] = node.over
  if (node.op === 'cumsum') return cumsum(graph, g, axis, -node.step)
  if (node.op === 'shift') return shift(graph, g, axis, -node.step, 0)
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
  const sorted = unsort(graph, node, x, i, g)
  if (sorted !== null) return sorted
  const within = placeOf(graph, i, axis)
  if (!node.axes.includes(axis)) return settle(graph, graph.put(g, within, axis), node.axes, x)
  const twin = graph.twin(axis, [...node.axes, ...x.axes])
  const move = (moved: Node): Node => graph.take(moved, graph.iota(twin), axis)
  const axes = node.axes.map(other => (other === axis ? twin : other))
  return settle(graph, graph.put(move(g), move(within), axis), axes, x)
}

// Where i sorts, each place is read once. Who reads it is found by sorting the places: one sort,
// and no sum over all places for each of them.
function unsort (graph: Graph, node: Node, x: Node, i: Node, g: Node): Node | null {
  const [axis = ''] = node.over
  const [bound = ''] = i.over
  if (i.op !== 'argsort' || originalAxis(bound) !== originalAxis(axis)) return null
  if (node.axes.includes(axis) || x.axes.includes(bound)) return null
  const order = graph.take(i, graph.iota(axis), bound)
  const reader = argsort(graph, graph.apply('neg', order), axis)
  const axes = node.axes.map(other => (other === bound ? axis : other))
  return settle(graph, graph.take(g, reader, bound), axes, x)
}
