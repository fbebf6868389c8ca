// Algebra that holds while a graph is built: known numbers fold, 0 · x = 0, 1 · x = x, signs move
// outwards, products sink into `c ? x : 0`, equal conditions merge. Each rule makes a smaller or an
// equally large node, so that building always ends. It keeps derivatives short enough to be read.

import type { Graph, Node } from './graph.ts'
import { numeric } from './numbers.ts'

type Rule = (graph: Graph, a: Node, b: Node, c: Node) => Node | null

/** A simpler node for op(…args), or null if there is none. */
export function simplify (graph: Graph, op: string, args: readonly Node[]): Node | null {
  return fold(graph, op, args) ?? applyRule(graph, op, args)
}

function applyRule (graph: Graph, op: string, args: readonly Node[]): Node | null {
  const rule = rules.get(op)
  const [a, b = a, c = a] = args
  return rule === undefined || a === undefined || b === undefined || c === undefined
    ? null
    : rule(graph, a, b, c)
}

const yesNo = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'not'])

function fold (graph: Graph, op: string, args: readonly Node[]): Node | null {
  const [a, b = a, c = a] = args
  if (a === undefined || b === undefined || c === undefined) return null
  if (!args.every(arg => arg.op === 'constant')) return null
  const value = numeric.get(op)?.(a.value, b.value, c.value)
  if (value === undefined) return null
  return graph.constant(yesNo.has(op) || (op === 'where' && b.mask) ? value === 1 : value)
}

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['add', (graph, a, b) => {
    if (is(a, 0)) return b
    if (is(b, 0)) return a
    if (a === b) return graph.apply('mul', graph.constant(2), a)
    if (b.op === 'neg') return graph.apply('sub', a, first(b))
    if (a.op === 'neg') return graph.apply('sub', b, first(a))
    if (b.op === 'constant' && b.value < 0) return graph.apply('sub', a, graph.constant(-b.value))
    return together(graph, 'add', a, b)
  }],
  ['sub', (graph, a, b) => {
    if (is(b, 0)) return a
    if (is(a, 0)) return graph.apply('neg', b)
    if (b.op === 'neg') return graph.apply('add', a, first(b))
    if (a.op === 'neg') return graph.apply('neg', graph.apply('add', first(a), b))
    if (b.op === 'constant' && b.value < 0) return graph.apply('add', a, graph.constant(-b.value))
    return together(graph, 'sub', a, b)
  }],
  ['neg', (graph, a) => {
    if (a.op === 'neg') return first(a)
    if (a.op === 'sub') return graph.apply('sub', second(a), first(a))
    return null
  }],
  ['mul', (graph, a, b) => product(graph, a, b) ?? product(graph, b, a)],
  ['div', (graph, a, b) => {
    if (is(b, 1) || is(a, 0)) return a
    if (is(b, -1)) return graph.apply('neg', a)
    if (a.op === 'neg') return graph.apply('neg', graph.apply('div', first(a), b))
    if (b.op === 'neg') return graph.apply('neg', graph.apply('div', a, first(b)))
    if (a.op === 'constant' && a.value < 0) {
      return graph.apply('neg', graph.apply('div', graph.constant(-a.value), b))
    }
    // (c ? x : 0) / y is c ? x / y : 0 only where y is not 0: 0 / 0 is NaN.
    const divides = (b.op === 'constant' && b.value !== 0) || b.op === 'size'
    if (divides && sinks(a, b)) return sink(graph, a, x => graph.apply('div', x, b))
    return null
  }],
  ['abs', (graph, a) => (a.op === 'neg' ? graph.apply('abs', first(a)) : null)],
  ['floor', (_, a) => (isWhole(a) ? a : null)],
  ['exp', (graph, a) =>
    (a.op === 'log_softmax' ? graph.applyOver('softmax', a.over, first(a)) : null)],
  ['pow', (graph, a, b) => (is(b, 1) ? a : is(b, 0) || is(a, 1) ? graph.constant(1) : null)],
  ['minimum', (_, a, b) => (a === b ? a : null)],
  ['maximum', (_, a, b) => (a === b ? a : null)],
  ['lt', (graph, a, b) => (a === b ? graph.constant(false) : null)],
  ['gt', (graph, a, b) => (a === b ? graph.constant(false) : null)],
  ['not', (_, a) => (a.op === 'not' ? first(a) : null)],
  ['and', (_, a, b) => {
    if (a === b || isTrue(b) || isFalse(a)) return a
    return isTrue(a) || isFalse(b) ? b : null
  }],
  ['or', (_, a, b) => {
    if (a === b || isFalse(b) || isTrue(a)) return a
    return isFalse(a) || isTrue(b) ? b : null
  }],
  ['where', choice],
  ['stop_gradient', (_, a) => (a.op === 'stop_gradient' ? a : null)]
])

// a · b, looking at a.
function product (graph: Graph, a: Node, b: Node): Node | null {
  if (is(a, 0)) return a
  if (is(a, 1)) return b
  if (a.op === 'neg') return graph.apply('neg', graph.apply('mul', first(a), b))
  if (a.op === 'constant' && a.value < 0) {
    return graph.apply('neg', graph.apply('mul', graph.constant(-a.value), b))
  }
  if (sinks(a, b)) return sink(graph, a, x => graph.apply('mul', x, b))
  // 2 · (3 · x) is 6 · x, 2 · (3 / x) is 6 / x.
  const [x, y] = b.args
  if (a.op !== 'constant' || x?.op !== 'constant' || y === undefined) return null
  const both = graph.constant(a.value * x.value)
  return b.op === 'mul' || b.op === 'div' ? graph.apply(b.op, both, y) : null
}

// c ? a : b
function choice (graph: Graph, c: Node, a: Node, b: Node): Node | null {
  if (isTrue(c) || a === b) return a
  if (isFalse(c)) return b
  if (c.op === 'not') return graph.apply('where', first(c), b, a)
  if (a.op === 'where' && first(a) === c) return graph.apply('where', c, second(a), b)
  if (b.op === 'where' && first(b) === c) return graph.apply('where', c, a, third(b))
  if (is(b, 0) && a.op === 'neg') return graph.apply('neg', graph.apply('where', c, first(a), b))
  return null
}

// (c ? a : b) ± (c ? d : e) is c ? a ± d : b ± e.
function together (graph: Graph, op: 'add' | 'sub', a: Node, b: Node): Node | null {
  if (first(a) !== first(b) || !isShallow(a) || !isShallow(b)) return null
  const yes = graph.apply(op, second(a), second(b))
  return graph.apply('where', first(a), yes, graph.apply(op, third(a), third(b)))
}

// (c ? x : 0) · y is c ? x · y : 0 where y is finite: else 0 · inf is NaN, as in PyTorch. Not if y
// has more axes: then there would be more choices than there were, which only pays where x is 1.
function sinks (a: Node, y: Node): boolean {
  if (a.mask || !(is(second(a), 0) || is(third(a), 0)) || !isShallow(a)) return false
  if (!countsAsFinite(y, 4)) return false
  return is(second(a), 1) || is(third(a), 1) || y.axes.every(axis => a.axes.includes(axis))
}

// True for a choice that nests few others, so that no rule recurses far.
function isShallow (a: Node): boolean {
  let [level, depth]: [Node[], number] = [[a], 0]
  for (; level.length > 0 && depth <= 4; depth++) {
    level = level.filter(node => node.op === 'where').flatMap(node => node.args.slice(1))
  }
  return a.op === 'where' && level.length === 0
}

// Products of what is given count as finite, and arithmetic of numbers: 1 - label_smoothing.
function countsAsFinite (y: Node, depth: number): boolean {
  if (y.op === 'constant') return Number.isFinite(y.value)
  if (given.has(y.op)) return true
  const inside = depth > 0 && (products.has(y.op) || (sums.has(y.op) && y.axes.length === 0))
  return inside && y.args.every(x => countsAsFinite(x, depth - 1))
}

const given: ReadonlySet<string> = new Set(['input', 'parameter', 'size', 'iota', 'argsort'])
const products: ReadonlySet<string> = new Set(['mul', 'neg', 'take'])
const sums: ReadonlySet<string> = new Set(['add', 'sub', 'div', 'clamp_min', 'clamp_max'])

function sink (graph: Graph, a: Node, map: (x: Node) => Node): Node {
  const branch = (x: Node): Node => (is(x, 0) ? x : map(x))
  return graph.apply('where', first(a), branch(second(a)), branch(third(a)))
}

const isWhole = (a: Node): boolean =>
  ['iota', 'size', 'floor', 'argsort'].includes(a.op) || (a.op === 'input' && a.datatype !== 'real')

const first = (node: Node): Node => node.args[0] ?? node
const second = (node: Node): Node => node.args[1] ?? node
const third = (node: Node): Node => node.args[2] ?? node

const is = (node: Node, value: number): boolean =>
  node.op === 'constant' && !node.mask && node.value === value
const isTrue = (node: Node): boolean => node.op === 'constant' && node.mask && node.value === 1
const isFalse = (node: Node): boolean => node.op === 'constant' && node.mask && node.value === 0
