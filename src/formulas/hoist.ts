// Algebra for speed, where it costs at most a rounding: what does not change along an axis is
// computed outside the loop over it.
//
//   x / u = x · (1 / u)                   u with fewer axes: one division a row, not one an element
//   (u · x) · w = (u · w) · x             u and w with fewer axes than x
//   Σ u · x = u · Σ x                     u free of the axes summed over
//   Σ (c ? x : 0) = c ? Σ x : 0           c free of them
//   Σ put(g, i) = g                       over the axis of put, also around another Σ
//   put(g, i) · x = put(g · x[i], i)      a product at one place
//   Σ (put(g, i) + y) · x                 term by term

import type { Axis, Graph, Node } from './graph.ts'
import { Taker } from './leaves.ts'
import { mapGraph, reach } from './walk.ts'

/** The same values with less work inside loops. */
export function hoist (graph: Graph, roots: readonly Node[]): Node[] {
  const taker = new Taker(graph)
  const exact = decided(roots)
  const users = usersOf(roots)
  const totals = new Totals(graph, taker)
  return mapGraph(graph, roots, (node, before) => {
    const result = exact.has(before) ? node : simpler(graph, taker, totals, node)
    if (result.op === 'sum') totals.note(result, users.get(before) ?? 0)
    return result
  })
}

// How often each node is used, as an argument or as a root.
function usersOf (roots: readonly Node[]): Map<Node, number> {
  const users = new Map<Node, number>()
  for (const node of [...roots, ...reach(roots).flatMap(({ args }) => args)]) {
    users.set(node, (users.get(node) ?? 0) + 1)
  }
  return users
}

const decisions = new Set(['floor', 'lt', 'le', 'gt', 'ge', 'eq', 'ne'])

// Quotients that are rounded down or compared: 49 / 49 is 1, and 49 · (1 / 49) is less.
function decided (roots: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>()
  for (const { op, args } of reach(roots)) {
    for (const arg of decisions.has(op) ? args : []) {
      const quotient = arg.op === 'neg' ? arg.args[0] ?? arg : arg
      if (quotient.op === 'div') found.add(arg).add(quotient)
    }
  }
  return found
}

function simpler (graph: Graph, taker: Taker, totals: Totals, node: Node): Node {
  const [a, b, c] = node.args
  if (a === undefined) return node
  switch (node.op) {
    // A sum of nothing is 0, also where what is taken out of it is not finite.
    case 'sum': return node.over.some(axis => graph.isEmpty(axis))
      ? node
      : totals.of(a, node.over, depthMax)
    case 'mul': return placed(graph, taker, node) ?? product(graph, node)
    case 'div': return placed(graph, taker, node) ?? quotient(graph, node)
    // A sign or a choice may have moved out of a product as it was built: that one is seen here.
    case 'neg': return isProduct(a) ? graph.apply('neg', simpler(graph, taker, totals, a)) : node
    case 'where': {
      if (b === undefined || c === undefined) return node
      if (b.op === 'put' && isZero(c) && lacks(a, b.over)) {
        return within(graph, b, g => graph.apply('where', a, g, c))
      }
      const [yes, no] = [b, c].map(x => (isProduct(x) ? simpler(graph, taker, totals, x) : x))
      return yes === undefined || no === undefined ? node : graph.apply('where', a, yes, no)
    }
    default: return node
  }
}

const isProduct = (node: Node): boolean => node.op === 'mul' || node.op === 'div'

// How many sums deep a rule looks, so that hoisting costs time in proportion to the graph.
const depthMax = 6

// Multiplies what has fewer axes first. Where no factor has all axes, as in a matrix product, they
// stay as they are: an operand that lies in memory is then read in place.
function product (graph: Graph, node: Node): Node {
  const [a, b] = node.args
  if (node.op !== 'mul' || a === undefined || b === undefined) return node
  const [narrow, wide] = a.axes.length < b.axes.length ? [a, b] : [b, a]
  const inner = split(wide)
  if (inner === null || covers(narrow, node.axes) || !covers(wide, node.axes)) return node
  const factor = product(graph, graph.apply('mul', inner.factor, narrow))
  return factor.axes.length < node.axes.length ? graph.apply('mul', factor, inner.rest) : node
}

function quotient (graph: Graph, node: Node): Node {
  const [a, b] = node.args
  if (a === undefined || b === undefined || node.op !== 'div') return node
  if (b.axes.length >= node.axes.length || !covers(a, node.axes)) return node
  return product(graph, graph.apply('mul', a, graph.apply('div', graph.constant(1), b)))
}

// u · x with u of fewer axes, x of all.
function split (node: Node): { factor: Node, rest: Node } | null {
  const [a, b] = node.args
  if (node.op !== 'mul' || a === undefined || b === undefined) return null
  if (covers(b, node.axes) && !covers(a, node.axes)) return { factor: a, rest: b }
  return covers(a, node.axes) && !covers(b, node.axes) ? { factor: b, rest: a } : null
}

// put(g, i) · x and put(g, i) / x.
function placed (graph: Graph, taker: Taker, node: Node): Node | null {
  const [a, b] = node.args
  if (a === undefined || b === undefined) return null
  const [put, other] = a.op === 'put' || node.op === 'div' ? [a, b] : [b, a]
  const [, i] = put.args
  if (put.op !== 'put' || i === undefined || other.inside) return null
  const [axis = ''] = put.over
  const at = taker.take(other, i, axis)
  return lacks(at, [axis]) ? within(graph, put, g => graph.apply(node.op, g, at)) : null
}

function within (graph: Graph, put: Node, map: (g: Node) => Node): Node {
  const [g, i] = put.args
  const [axis = ''] = put.over
  return g === undefined || i === undefined ? put : graph.put(map(g), i, axis)
}

// Σ x over axes. Sums of sums are one sum where nothing else needs the inner one, or where a part
// of it is at a known place; but a matrix product stays whole.
class Totals {
  readonly #graph: Graph
  readonly #taker: Taker
  readonly #users = new Map<Node, number>()

  constructor (graph: Graph, taker: Taker) {
    this.#graph = graph
    this.#taker = taker
  }

  /** So many nodes use this sum. */
  note (sum: Node, users: number): void {
    this.#users.set(sum, (this.#users.get(sum) ?? 0) + users)
  }

  of (x: Node, over: readonly Axis[], depth: number): Node {
    const graph = this.#graph
    const [a, b, c] = x.args
    if (a === undefined || over.length === 0 || depth === 0) return graph.reduce('sum', x, over)
    const again = (node: Node, axes = over): Node => this.of(node, axes, depth - 1)
    switch (x.op) {
      case 'neg': return graph.apply('neg', again(a))
      case 'put': return over.includes(x.over[0] ?? '')
        ? again(a, over.filter(axis => axis !== x.over[0]))
        : graph.reduce('sum', x, over)
      case 'sum': return hasPlace(a, over, depthMax)
        || (this.#users.get(x) === 1 && (a.op !== 'mul' || a.args.some(arg => covers(arg, a.axes))))
        ? again(a, [...over, ...x.over])
        : graph.reduce('sum', x, over)
      case 'add': case 'sub': return b !== undefined && hasPlace(x, over, depthMax)
        ? graph.apply(x.op, again(a), again(b))
        : graph.reduce('sum', x, over)
      case 'mul': {
        if (b === undefined) break
        if (lacks(a, over)) return graph.apply('mul', a, again(b))
        if (lacks(b, over)) return graph.apply('mul', b, again(a))
        const terms = this.#terms(a, b, over) ?? this.#terms(b, a, over)
        if (terms !== null) return again(terms)
        const inner = split(a) ?? split(b)
        if (inner === null || !lacks(inner.factor, over)) break
        const rest = split(a) === null ? a : b
        return graph.apply('mul', inner.factor, again(graph.apply('mul', inner.rest, rest)))
      }
      case 'where': {
        if (b === undefined || c === undefined || !isZero(c)) break
        const inside = over.filter(axis => !a.axes.includes(axis))
        const outside = over.filter(axis => a.axes.includes(axis))
        if (outside.length > 0 && !(inside.length > 0 && hasPlace(b, inside, depthMax))) break
        return again(graph.apply('where', a, again(b, inside), c), outside)
      }
    }
    return graph.reduce('sum', x, over)
  }

  // (put(g, i) + y) · x term by term; null if no term stands at one place.
  #terms (sum: Node, x: Node, over: readonly Axis[]): Node | null {
    if (!['add', 'sub'].includes(sum.op) || !hasPlace(sum, over, depthMax)) return null
    // A matrix product stays whole.
    if (x.axes.some(axis => !sum.axes.includes(axis))) return null
    const [left, right] = sum.args.map(term =>
      simpler(this.#graph, this.#taker, this, this.#graph.apply('mul', term, x)))
    return left === undefined || right === undefined
      ? null
      : this.#graph.apply(sum.op, left, right)
  }
}

// True if a part of the value stands at one place along one of the axes.
function hasPlace (x: Node, over: readonly Axis[], depth: number): boolean {
  if (x.op === 'put') return over.includes(x.over[0] ?? '')
  if (depth === 0 || !['add', 'sub', 'neg', 'mul', 'where'].includes(x.op)) return false
  return x.args.some(arg => !arg.mask && hasPlace(arg, over, depth - 1))
}

const covers = (node: Node, axes: readonly Axis[]): boolean => node.axes.length === axes.length

const lacks = (node: Node, axes: readonly Axis[]): boolean =>
  !axes.some(axis => node.axes.includes(axis))

const isZero = (node: Node | undefined): boolean =>
  node?.op === 'constant' && !node.mask && node.value === 0
