// What makes a fresh derivative short: like terms are collected, a common factor of fewer axes
// comes out of a sum, and inside its bounds a clamp is its argument. Huber's derivative shrinks from
// eight operations to clamp(d, -delta, delta) by these three.

import type { Graph, Node } from './graph.ts'
import { mapGraph, reach } from './walk.ts'

/** The same values in fewer operations; `kept` nodes stay as their author wrote them. */
export function tidy (graph: Graph, roots: readonly Node[], kept: ReadonlySet<Node>): Node[] {
  return mapGraph(graph, roots, node => {
    if (kept.has(node)) return node
    if (node.op === 'where') return insideBounds(graph, node, kept)
    if (node.op !== 'add' && node.op !== 'sub') return node
    const collected = collect(graph, node, kept)
    return collected === node ? factor(graph, node) : collected
  })
}

// Bounds on how far each rule looks, so that tidying costs time in proportion to the graph.
const [termsMax, nodesMax, depthMax] = [8, 256, 6]

// x - h - h is x - 2 · h: the terms of a sum as base and known factor, equal bases added.
function collect (graph: Graph, sum: Node, kept: ReadonlySet<Node>): Node {
  const terms = new Map<Node, number>()
  let count = 0
  const waiting: [Node, number][] = [[sum, 1]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, times] = next
    const [a, b] = node.args
    if (count + waiting.length > termsMax) return sum
    if (kept.has(node)) count += add(terms, node, times)
    else if (a !== undefined && node.op === 'neg') waiting.push([a, -times])
    else if (a === undefined || b === undefined) count += add(terms, node, times)
    else if (node.op === 'add') waiting.push([b, times], [a, times])
    else if (node.op === 'sub') waiting.push([b, -times], [a, times])
    else if (node.op === 'mul' && a.op === 'constant') waiting.push([b, times * a.value])
    else if (node.op === 'mul' && b.op === 'constant') waiting.push([a, times * b.value])
    else if (node.op === 'div' && b.op === 'constant') waiting.push([a, times / b.value])
    else count += add(terms, node, times)
  }
  if (terms.size === count) return sum
  let result = graph.constant(0)
  for (const [base, times] of terms) {
    result = graph.apply('add', result, graph.apply('mul', graph.constant(times), base))
  }
  return result
}

function add (terms: Map<Node, number>, base: Node, times: number): number {
  terms.set(base, (terms.get(base) ?? 0) + times)
  return 1
}

// s · a ± s · b is s · (a ± b): what s has fewer axes for is then done once.
function factor (graph: Graph, sum: Node): Node {
  const [a, b] = sum.args
  if (a === undefined || b === undefined) return sum
  for (const candidate of factors(a, depthMax)) {
    if (candidate.op === 'constant' || candidate.axes.length >= sum.axes.length) continue
    const left = without(graph, a, candidate, depthMax)
    const right = without(graph, b, candidate, depthMax)
    if (left === null || right === null) continue
    return graph.apply('mul', candidate, graph.apply(sum.op, left, right))
  }
  return sum
}

// The node and what it is a product of.
function factors (node: Node, depth: number): Node[] {
  const [a, b] = node.args
  if (a === undefined || depth === 0) return [node]
  switch (node.op) {
    case 'neg': case 'div': return [node, ...factors(a, depth - 1)]
    case 'mul': return [a, b ?? a].flatMap(arg => factors(arg, depth - 1))
    case 'where': return isZero(node.args[2]) && b !== undefined ? factors(b, depth - 1) : []
    default: return [node]
  }
}

// The node divided by one of its factors, or null. A choice that leaves nothing but 1 is not worth it.
function without (graph: Graph, node: Node, factor: Node, depth: number): Node | null {
  if (node === factor) return graph.constant(1)
  const [a, b, c] = node.args
  if (a === undefined || depth === 0) return null
  if (node.op === 'where' && b !== undefined && b !== factor && isZero(c)) {
    const rest = without(graph, b, factor, depth - 1)
    return rest === null ? null : graph.apply('where', a, rest, graph.constant(0))
  }
  if (node.op !== 'mul' && node.op !== 'div' && node.op !== 'neg') return null
  const left = without(graph, a, factor, depth - 1)
  if (left !== null) return b === undefined ? graph.apply('neg', left) : graph.apply(node.op, left, b)
  if (node.op !== 'mul' || b === undefined) return null
  const right = without(graph, b, factor, depth - 1)
  return right === null ? null : graph.apply('mul', a, right)
}

// x > a && x < b ? f(clamp(x, a, b)) : z is x > a && x < b ? f(x) : z.
function insideBounds (graph: Graph, choice: Node, kept: ReadonlySet<Node>): Node {
  const [condition, branch, otherwise] = choice.args
  if (condition === undefined || branch === undefined || otherwise === undefined) return choice
  const nodes = reach([branch], nodesMax)
  if (nodes.length >= nodesMax) return choice
  const bounded = nodes.find(node => saysInside(condition, node))
  const [x] = bounded?.args ?? []
  if (bounded === undefined || x === undefined) return choice
  const [inside] = mapGraph(graph, [branch], node => {
    if (node === bounded) return x
    return node.op === 'add' || node.op === 'sub' ? collect(graph, node, kept) : node
  })
  return inside === undefined ? choice : graph.apply('where', condition, inside, otherwise)
}

// True if the condition says that the bounds of this clamp do not bite.
function saysInside (condition: Node, node: Node): boolean {
  const [x, a, b] = node.args
  const says = (op: string, bound: Node | undefined): boolean =>
    (condition.op === 'and' ? condition.args : [condition])
      .some(({ op: relation, args }) => relation === op && args[0] === x && args[1] === bound)
  switch (node.op) {
    case 'clamp': return says('gt', a) && says('lt', b)
    case 'clamp_min': return says('gt', a)
    case 'clamp_max': return says('lt', a)
    case 'relu': return condition.op === 'gt' && condition.args[0] === x && isZero(condition.args[1])
    default: return false
  }
}

const isZero = (node: Node | undefined): boolean =>
  node?.op === 'constant' && !node.mask && node.value === 0
