// Ops in order along an axis: running sums, sorting, neighbours, recurrences.
//
//   cumsum(x)   over [T], step ±1     x[0] + … + x[t]; from the end with step -1
//   argsort(x)  over [T]              the places of x from the largest to the smallest (NaN first),
//                                     equal ones in order; a whole number for each place along T
//   shift(x)    over [T], step, value       x[t - step], and `value` where there is no such place
//   recur(body, previous)  over [T], step ±1       y[t] = body[t], where the leaf `previous` is
//                                     y[t - step], and its `value` before the first place
//
// The leaf `previous` has all axes of the state, T among them: it is shift(y, T, step) by another
// name, so that every rule about axes holds inside a body as it does outside. What depends on it is
// `inside`. There only ops element by element stand, and shifts of `previous` along other axes than
// T; all else that a body uses is computed without it. A body is an argument like any other: walks
// over a graph need not know of it.

import { type Axis, type Graph, isConstant, type Node } from './graph.ts'

/** The running sum. Of what lacks the axis it is x times the number of places so far. */
export function cumsum (graph: Graph, x: Node, axis: Axis, step: number): Node {
  const [negated] = x.args
  if (isConstant(x, 0)) return x
  if (x.op === 'neg' && negated !== undefined) {
    return graph.apply('neg', cumsum(graph, negated, axis, step))
  }
  if (!x.axes.includes(axis)) {
    const place = graph.iota(axis)
    return graph.apply('mul', x, step > 0
      ? graph.apply('add', place, graph.constant(1))
      : graph.apply('sub', graph.size(axis), place))
  }
  return graph.node({ op: 'cumsum', args: [x], over: [axis], axes: x.axes, step })
}

/** The places of x along the axis, largest first. What lacks the axis is equal everywhere. */
export function argsort (graph: Graph, x: Node, axis: Axis): Node {
  if (!x.axes.includes(axis)) return graph.iota(axis)
  return graph.node({ op: 'argsort', args: [x], over: [axis], axes: x.axes })
}

/** x[place - step], and `outside` where the axis has no such place. */
export function shift (graph: Graph, x: Node, axis: Axis, step: number, outside: number): Node {
  const [inner] = x.args
  if (step === 0 || isConstant(x, outside)) return x
  if (!x.axes.includes(axis)) {
    return graph.apply('where', reaches(graph, axis, step), x, graph.constant(outside))
  }
  if (x.op === 'neg' && inner !== undefined && outside === 0) {
    return graph.apply('neg', shift(graph, inner, axis, step, 0))
  }
  const onwards = x.op === 'shift' && x.over[0] === axis && x.value === outside && x.step * step > 0
  if (onwards && inner !== undefined) return shift(graph, inner, axis, x.step + step, outside)
  return graph.node({ op: 'shift', args: [x], over: [axis], axes: x.axes, step, value: outside })
}

/** Whether the axis has the place that is `step` before this one. */
export function reaches (graph: Graph, axis: Axis, step: number): Node {
  const place = graph.iota(axis)
  if (step > 0) return graph.apply('ge', place, graph.constant(step))
  return graph.apply('lt', place, graph.apply('sub', graph.size(axis), graph.constant(-step)))
}

/** The leaf that stands in a body for what the recurrence gave one step before. */
export function previous (graph: Graph, axis: Axis, state: readonly Axis[], start: number): Node {
  const axes = graph.sort([...state, axis])
  // Each is one of its own.
  const name = String(graph.nodeCount)
  return graph.node({ op: 'previous', name, over: [axis], axes, layout: axes, value: start })
}

/** The recurrence. A body that does not depend on the step before is its own value. */
export function recur (graph: Graph, body: Node, before: Node, step: number): Node {
  if (!body.inside) return body
  return graph.node({
    op: 'recur', args: [body, before], over: before.over, axes: before.axes, step
  })
}
