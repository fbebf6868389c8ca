// Composites become the ops they are made of, once differentiation is over: the value of a loss and
// its gradient then share what they have in common, such as exp(x - max).

import { findOp } from '../ops/index.ts'
import type { Graph, Node } from './graph.ts'
import { traceScope } from './trace.ts'
import { mapGraph, reach } from './walk.ts'

/** The same values from ops that have lanes, and structural ones. */
export function expand (graph: Graph, roots: readonly Node[]): Node[] {
  let result = mapGraph(graph, roots, node => slopeOnly(graph, node))
  // The text of a composite may hold composites: each round opens one level.
  while (reach(result).some(isComposite)) {
    result = mapGraph(graph, result, node => open(graph, node))
  }
  return result
}

// stop_gradient(x) - x is 0 with a slope, which has been taken by now.
function slopeOnly (graph: Graph, node: Node): Node {
  const [a, b] = node.args
  return node.op === 'sub' && a?.op === 'stop_gradient' && a.args[0] === b
    ? graph.constant(0)
    : node
}

const transparent = new Set(['with_derivative', 'stop_gradient'])

function isComposite (node: Node): boolean {
  if (transparent.has(node.op) || exponentOf(node) !== null) return true
  const row = findOp(node.op)
  return row?.value !== undefined && row.lanes === undefined
}

function open (graph: Graph, node: Node): Node {
  const [x] = node.args
  if (x === undefined || !isComposite(node)) return node
  if (transparent.has(node.op)) return x
  const exponent = exponentOf(node)
  if (exponent !== null) return power(graph, x, exponent)
  const row = findOp(node.op)
  if (row?.value === undefined) return node
  const names = new Map(row.arguments.map((name, k) => [name, node.args[k] ?? x]))
  return traceScope(row.value, { names, over: node.over }, graph)
}

// A known exponent that is a product or a root: -8 … 8 and halves of 1.
function exponentOf (node: Node): number | null {
  const b = node.op === 'pow' ? node.args[1] : undefined
  if (b?.op !== 'constant') return null
  const whole = Number.isInteger(b.value) && Math.abs(b.value) <= 8
  return whole || Math.abs(b.value) === 0.5 ? b.value : null
}

function power (graph: Graph, x: Node, exponent: number): Node {
  if (exponent < 0) return graph.apply('div', graph.constant(1), power(graph, x, -exponent))
  if (exponent === 0.5) return graph.apply('sqrt', x)
  let result: Node | null = null
  let square = x
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest % 2 === 1) result = result === null ? square : graph.apply('mul', result, square)
    if (rest > 1) square = graph.apply('mul', square, square)
  }
  return result ?? graph.constant(1)
}
