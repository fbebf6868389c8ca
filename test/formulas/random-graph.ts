// Random values of the language for properties: every instruction is a number picking an op and its
// arguments, so that a failing graph shrinks to a short list.

import fc from 'fast-check'
import type { Node } from '../../src/formulas/graph.ts'
import { argsort, cumsum, shift } from '../../src/formulas/sequences.ts'
import { addInput, generator, newSetting, type Setting, text } from './setting.ts'

export interface RandomGraph {
  readonly setting: Setting
  readonly value: Node
  readonly by: readonly Node[]
}

type Make = (setting: Setting, x: Node, y: Node, k: number) => Node

const one = (op: string): Make => ({ graph }, x) => graph.apply(op, x)
const two = (op: string): Make => ({ graph }, x, y) => graph.apply(op, x, y)
const axes = ['N', 'C', 'M']
const axisOf = (k: number): string => axes[k % 3] ?? 'N'

// Continuous everywhere, so that another order of rounding cannot change the branch taken.
const makes: readonly Make[] = [
  ...['neg', 'tanh', 'sigmoid', 'softplus', 'log_sigmoid', 'relu', 'abs', 'atan'].map(one),
  one('stop_gradient'),
  ...['add', 'sub', 'mul', 'add', 'sub', 'mul', 'minimum', 'maximum', 'log_add_exp'].map(two),
  ({ graph }, x, y) => graph.apply('div', x, graph.apply('softplus', y)),
  ({ graph }, x) => graph.apply('exp', graph.apply('clamp_max', x, graph.constant(1))),
  ({ graph }, x, _, k) => graph.apply('pow', x, graph.constant(k % 4)),
  ({ graph }, x, _, k) => graph.apply('mul', x, graph.constant(k / 2 - 1)),
  ({ graph }, x, _, k) => graph.reduce('sum', x, [axisOf(k)]),
  ({ graph }, x, _, k) => graph.reduce('sum', x, [axisOf(k), axisOf(k + 1)]),
  ({ graph }, x, _, k) => graph.reduce('max', x, [axisOf(k)]),
  ({ graph }, x, _, k) => graph.reduce('min', x, [axisOf(k)]),
  ({ graph }, x, _, k) => cumsum(graph, x, axisOf(k), k < 6 ? 1 : -1),
  ({ graph }, x, _, k) => along(graph, 'softmax', x, axisOf(k)),
  ({ graph }, x, _, k) => along(graph, 'log_softmax', x, axisOf(k)),
  ({ graph }, x, _, k) => along(graph, 'logsumexp', x, axisOf(k)),
  ({ graph }, x, _, k) => graph.take(x, place(graph, k), axisOf(k)),
  ({ graph }, x, _, k) => graph.take(x, place(graph, k + 1), axisOf(k + 1)),
  ({ graph }, x, y) => graph.apply('where', kept(graph), x, y),
  ({ graph }, x, y, k) => {
    const here = graph.apply('eq', graph.iota(axisOf(k)), place(graph, k))
    return graph.apply('where', here, x, y)
  },
  ({ graph }, x) =>
    graph.apply('with_derivative', graph.apply('tanh', x), x, graph.apply('sigmoid', x))
]

// Along an axis in order; keys are inputs, so that another order of rounding sorts alike.
const sequences: readonly Make[] = [
  ({ graph }, x, _, k) => shift(graph, x, axisOf(k), (k % 5) - 2, k % 2),
  ({ graph }, x, _, k) => {
    const key = graph.input('a', ['N', 'C'], 'real')
    const twin = graph.twin('C', x.axes)
    const order = argsort(graph, graph.take(key, graph.iota(twin), 'C'), twin)
    const sorted = graph.take(x, order, 'C')
    return k % 2 === 0
      ? graph.take(sorted, graph.iota('M'), twin)
      : cumsum(graph, sorted, twin, k % 4 === 1 ? 1 : -1)
  },
  ...[
    'scan(N, p => tanh(p + x) * tanh(y) - p / 2, 0.5, true)',
    'scan(C, p => index(C) == 1 ? tanh(x) : softplus(x * p[N = index(N) - 1]) - p, 0)',
    'scan(M, p => log_add_exp(p, p[N = index(N) - 1], y > x ? p[C = index(C) + 2] : -inf) + x, 0)',
    'scan(N, p => sigmoid(p[C = index(C) - 1, M = index(M) + 1] + p * y) + x, 1)'
  ].map((source): Make => (setting, x, y) => text(setting, source, { x, y }))
]

function along (graph: Setting['graph'], op: string, x: Node, axis: string): Node {
  return x.axes.includes(axis) ? graph.applyOver(op, [axis], x) : x
}

const kept = (graph: Setting['graph']): Node =>
  graph.apply('ne', graph.input('target', ['N'], 'INT64'), graph.constant(2))

function place (graph: Setting['graph'], k: number): Node {
  const target = graph.input('target', ['N'], 'INT64')
  const shifted = graph.apply('sub', graph.iota(axisOf(k)), graph.constant(1))
  return [target, graph.iota(axisOf(k + 1)), shifted, graph.constant(1)][k % 4] ?? target
}

/** Graphs whose ops all have words that can be printed. */
export const randomGraphs = graphsOf(makes, 20)

/** Graphs with recurrences, sorting and neighbours; costly to evaluate, so they are small. */
export const randomSequences = graphsOf([...makes, ...sequences, ...sequences, ...sequences], 8)

function graphsOf (choices: readonly Make[], maxLength: number): fc.Arbitrary<RandomGraph> {
  const instruction = fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999), fc.nat(11))
  const program = fc.array(instruction, { minLength: 1, maxLength })
  return fc.tuple(fc.nat(1000), program).map(([seed, instructions]) => {
    const setting = newSetting({ N: 3, C: 4, M: 3 })
    const random = generator(seed)
    const normal = (): number => 3 * random() - 1.5
    const by = [
      addInput(setting, 'a', ['N', 'C'], normal),
      addInput(setting, 'b', ['C'], normal),
      addInput(setting, 'c', ['M', 'N'], normal)
    ]
    addInput(setting, 'target', ['N'], k => [1, 2, 0][k] ?? 0, 'INT64')
    const nodes = [...by]
    for (const [op, x, y, k] of instructions) {
      const make = choices[op % choices.length]
      // Later values are picked more often: graphs grow deep rather than wide.
      const pick = (index: number): Node | undefined =>
        nodes[nodes.length - 1 - (index % Math.min(4, nodes.length))]
      const [left, right] = [pick(x), pick(y)]
      if (make === undefined || left === undefined || right === undefined) continue
      nodes.push(make(setting, left, right, k))
    }
    return { setting, value: nodes.at(-1) ?? by[0] ?? setting.graph.constant(0), by }
  })
}

/** Equal up to rounding, relative to the largest of the values. */
export function near (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-9): boolean {
  const scale = Math.max(1, ...Array.from(a, Math.abs).filter(Number.isFinite))
  return a.length === b.length && Array.from(a).every((value, k) => {
    const other = b[k] ?? Number.NaN
    if (Object.is(value, other) || value === other) return true
    return Math.abs(value - other) <= tolerance * scale
  })
}
