// What makes a fresh derivative short: like terms are collected, known factors become one, a common
// factor comes out of a sum, and inside its bounds a clamp is its argument. By these Huber's
// derivative shrinks from eight operations to clamp(d, -delta, delta).

import type { Graph, Node } from './graph.ts'
import { mapGraph, rebuild } from './walk.ts'

/** The same values in fewer operations; `kept` nodes stay as their author wrote them. */
export function tidy (graph: Graph, roots: readonly Node[], kept: ReadonlySet<Node>): Node[] {
  return mapGraph(graph, roots, node => {
    if (kept.has(node)) return node
    if (node.op === 'where') return insideBounds(graph, node, kept)
    if (node.op === 'mul' || node.op === 'div') return knownFactors(graph, node, kept)
    if (!isSum(node)) return node
    const collected = collect(graph, node, kept)
    return collected === node ? factor(graph, node, kept) : collected
  })
}

// Signs have moved out of sums and products as the graph was built: no rule meets one there.
// Bounds on how far each rule looks, so that tidying costs time in proportion to the graph.
const [termsMax, depthMax] = [8, 6]

// x - h - h is x - 2 · h: the terms of a sum as base and known factor, equal bases added. What the
// author wrote is one term, unless only its parts have an equal.
function collect (graph: Graph, sum: Node, kept: ReadonlySet<Node>): Node {
  const collected = collectTerms(graph, sum, kept)
  return collected === sum ? collectTerms(graph, sum, new Set()) : collected
}

function collectTerms (graph: Graph, sum: Node, kept: ReadonlySet<Node>): Node {
  const terms = new Map<Node, number>()
  let count = 0
  const waiting: [Node, number][] = [[sum, 1]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, times] = next
    const [a, b] = node.args
    if (count + waiting.length > termsMax) return sum
    if (kept.has(node)) count += add(terms, node, times)
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

// 0.5 / x * (2 * y) is y / x: the known factors of a product as one, before the others.
function knownFactors (graph: Graph, product: Node, kept: ReadonlySet<Node>): Node {
  const above: Node[] = []
  const below: Node[] = []
  let [known, count] = [1, 0]
  const waiting: [Node, number][] = [[product, 1]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, power] = next
    const [a, b] = node.args
    if (above.length + below.length + waiting.length > termsMax) return product
    if (node.op === 'constant') {
      known *= power === 1 ? node.value : 1 / node.value
      count++
    } else if (!kept.has(node) && node.op === 'mul' && a !== undefined && b !== undefined) {
      waiting.push([b, power], [a, power])
    } else if (!kept.has(node) && node.op === 'div' && a !== undefined && b !== undefined) {
      waiting.push([b, -power], [a, power])
    } else (power === 1 ? above : below).push(node)
  }
  if (count === 0 || (count === 1 && !(Math.abs(known) === 1 && above.length > 0))) return product
  const [first = graph.constant(1), ...rest] = above
  let result = graph.apply('mul', graph.constant(known), first)
  for (const factor of rest) result = graph.apply('mul', result, factor)
  for (const factor of below) result = graph.apply('div', result, factor)
  return result
}

// s · a ± s · b is s · (a ± b), a / s ± b / s is (a ± b) / s.
function factor (graph: Graph, sum: Node, kept: ReadonlySet<Node>): Node {
  const [a, b] = sum.args
  if (a === undefined || b === undefined) return sum
  for (const [op, candidate] of factors(a, depthMax).slice(0, termsMax)) {
    const left = without(graph, a, op, candidate, depthMax)
    const right = without(graph, b, op, candidate, depthMax)
    if (candidate.op === 'constant' || left === null || right === null) continue
    const inner = collect(graph, graph.apply(sum.op, left, right), kept)
    return graph.apply(op, ...(op === 'mul' ? [candidate, inner] : [inner, candidate]))
  }
  return sum
}

// What the node is multiplied by and divided by.
function factors (node: Node, depth: number): ['mul' | 'div', Node][] {
  const [a, b] = node.args
  if (a === undefined || depth === 0) return [['mul', node]]
  switch (node.op) {
    case 'mul': return [a, b ?? a].flatMap(arg => factors(arg, depth - 1))
    case 'div': return [...factors(a, depth - 1), ['div', b ?? a]]
    case 'where': return isZero(node.args[2]) && b !== undefined ? factors(b, depth - 1) : []
    default: return [['mul', node]]
  }
}

// The node without this factor or divisor, or null. A choice that leaves only 1 is not worth it.
function without (
  graph: Graph, node: Node, op: 'mul' | 'div', factor: Node, depth: number
): Node | null {
  if (node === factor && op === 'mul') return graph.constant(1)
  const [a, b, c] = node.args
  if (a === undefined || depth === 0) return null
  const inside = (arg: Node | undefined): Node | null =>
    arg === undefined ? null : without(graph, arg, op, factor, depth - 1)
  if (node.op === 'where' && b !== factor && isZero(c)) {
    const rest = inside(b)
    return rest === null || c === undefined ? null : graph.apply('where', a, rest, c)
  }
  if (b === undefined || (node.op !== 'mul' && node.op !== 'div')) return null
  if (node.op === 'div' && op === 'div' && b === factor) return a
  const left = inside(a)
  if (left !== null) return graph.apply(node.op, left, b)
  const right = node.op === 'mul' ? inside(b) : null
  return right === null ? null : graph.apply('mul', a, right)
}

// x > a && x < b ? f(clamp(x, a, b)) : z is x > a && x < b ? f(x) : z, if that makes f shorter.
function insideBounds (graph: Graph, choice: Node, kept: ReadonlySet<Node>): Node {
  const [condition, branch, otherwise] = choice.args
  if (condition === undefined || branch === undefined || otherwise === undefined) return choice
  const nodes = fresh(branch, kept)
  const bounded = nodes.flatMap(node => node.args).find(node => saysInside(condition, node))
  const [x] = bounded?.args ?? []
  if (bounded === undefined || x === undefined) return choice
  const changed = new Map([[bounded, x]])
  for (const node of nodes) {
    const rebuilt = rebuild(graph, node, node.args.map(arg => changed.get(arg) ?? arg))
    changed.set(node, isSum(rebuilt) ? collect(graph, rebuilt, kept) : rebuilt)
  }
  const inside = changed.get(branch) ?? branch
  return fresh(inside, kept).length < nodes.length
    ? graph.apply('where', condition, inside, otherwise)
    : choice
}

const isSum = (node: Node): boolean => node.op === 'add' || node.op === 'sub'

// What differentiation made of the author's nodes, a few levels down, arguments first.
function fresh (node: Node, kept: ReadonlySet<Node>): Node[] {
  const found = new Set<Node>()
  const waiting = [node]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (kept.has(next) || next.args.length === 0 || found.size === termsMax) continue
    found.add(next)
    waiting.push(...next.args)
  }
  return [...found].sort((a, b) => a.id - b.id)
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
    case 'relu':
      return condition.op === 'gt' && condition.args[0] === x && isZero(condition.args[1])
    default: return false
  }
}

const isZero = (node: Node | undefined): boolean =>
  node?.op === 'constant' && !node.mask && node.value === 0
