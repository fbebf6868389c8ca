// Shifts move to what lies in memory: a kernel reads a tensor one place further on at no cost, but
// a value that exists only while its loop runs has no neighbours. Inside a recurrence they move
// down to the value before; a costly value that is computed without it is shifted as it is, so that
// it is computed once and stored, and a cheap one is computed from shifted inputs.

import { findOp } from '../ops/index.ts'
import { type Axis, type Graph, isConstant, type Node } from './graph.ts'
import { isStored } from './leaves.ts'
import { reaches, shift } from './sequences.ts'
import { mapGraph, reach, rebuild } from './walk.ts'

/** The same values; inside a recurrence only the value before is shifted, and what is outside. */
export function shiftLeaves (graph: Graph, roots: readonly Node[]): Node[] {
  return mapGraph(graph, roots, node => {
    const [x] = node.args
    return node.op === 'shift' && x !== undefined && moves(x, node.over[0] ?? '')
      ? move(graph, node, x)
      : node
  })
}

// How much may be computed again in each place that reads a neighbour.
const costMax = 6

function moves (x: Node, axis: Axis): boolean {
  return x.inside ? !isBefore(x) : x.op !== 'input' && isCheap(x, axis)
}

// f(a, b) shifted is f of shifted a and b wherever the axis reaches, and `value` elsewhere. If f of
// zeros is that value, shifts that are 0 outside say so themselves.
function move (graph: Graph, node: Node, x: Node): Node {
  const [axis = ''] = node.over
  const moved = new Map<Node, Node>()
  const empty = new Map<Node, Node>()
  const zero = graph.constant(0)
  for (const each of downwards(x, axis)) {
    const isEnd = endsAt(each, axis)
    const args = (found: ReadonlyMap<Node, Node>): Node[] =>
      each.args.map(arg => found.get(arg) ?? arg)
    if (isEnd) {
      moved.set(each, neighbour(graph, each, axis, node.step))
      empty.set(each, each.op === 'iota' ? each : zero)
    } else {
      moved.set(each, rebuild(graph, each, args(moved)))
      empty.set(each, rebuild(graph, each, args(empty)))
    }
  }
  const value = moved.get(x) ?? x
  const outside = graph.constant(node.value)
  return isConstant(empty.get(x) ?? x, node.value)
    ? value
    : graph.apply('where', reaches(graph, axis, node.step), value, outside)
}

// x and what it is made of down to what is shifted as it is, arguments first.
function downwards (x: Node, axis: Axis): Node[] {
  return reach([x], (arg, node) => !endsAt(node, axis) && arg.axes.includes(axis))
}

const endsAt = (node: Node, axis: Axis): boolean =>
  node.args.length === 0 || (node.inside ? isBefore(node) : !isCheap(node, axis))

function neighbour (graph: Graph, node: Node, axis: Axis, step: number): Node {
  if (node.op === 'iota') return graph.apply('sub', node, graph.constant(step))
  if (!node.mask) return shift(graph, node, axis, step, 0)
  const [yes, no] = [graph.constant(1), graph.constant(0)]
  const number = graph.apply('where', node, yes, no)
  return graph.apply('ne', shift(graph, number, axis, step, 0), no)
}

// The value before, or a neighbour of it.
function isBefore (node: Node): boolean {
  let inner = node
  while (inner.op === 'shift') inner = inner.args[0] ?? inner
  return inner.op === 'previous'
}

// A few ops element by element on inputs, or on what does not change along the axis.
function isCheap (x: Node, axis: Axis): boolean {
  let cost = 0
  const found = new Set([x])
  const waiting = [x]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!node.axes.includes(axis) || node.args.length === 0) continue
    const row = findOp(node.op)
    if (row?.lanes === undefined || isStored(node)) return false
    cost += row.cost
    if (cost > costMax) return false
    for (const arg of node.args) {
      if (found.has(arg)) continue
      found.add(arg)
      waiting.push(arg)
    }
  }
  return true
}
