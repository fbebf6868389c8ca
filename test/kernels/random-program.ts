// Random programs for a property: every instruction is a few numbers that pick an op and its
// arguments, so that a failing program shrinks to a short list. All ops are continuous, or decide
// by whole numbers, so that rounding cannot change the branch taken.

import fc from 'fast-check'
import { gradient } from '../../src/formulas/gradient.ts'
import { type Axis, Graph, type Node } from '../../src/formulas/graph.ts'
import { argsort, cumsum, previous, recur, shift } from '../../src/formulas/sequences.ts'
import { reach } from '../../src/formulas/walk.ts'
import type { Output } from '../../src/kernels/compile.ts'
import { count } from './against-evaluator.ts'

export interface RandomProgram {
  readonly graph: Graph
  readonly outputs: readonly Output[]
  readonly lengths: ReadonlyMap<Axis, number>
  /** For the inputs' values. */
  readonly seed: number
  toString (): string
}

const axes = ['N', 'C', 'M', 'S'] as const
const elementsMax = 3000

type Instruction = readonly [op: number, x: number, y: number, k: number]
type Make = (graph: Graph, x: Node, y: Node, k: number) => Node

const one = (op: string): Make => (graph, x) => graph.apply(op, x)
const two = (op: string): Make => (graph, x, y) => graph.apply(op, x, y)
const axisOf = (k: number): Axis => axes[k % axes.length] ?? 'N'
const some = (k: number): Axis[] => axes.filter((_, index) => ((k % 15 + 1) >> index) % 2 === 1)

function along (graph: Graph, op: string, x: Node, over: readonly Axis[]): Node {
  const present = over.filter(axis => x.axes.includes(axis))
  return present.length === 0 ? x : graph.applyOver(op, present, x)
}

// A position along an axis: from an input, an offset, or fixed.
function place (graph: Graph, k: number): Node {
  const index = graph.input('index', ['N'], 'INT64')
  const other = graph.input('other', ['S', 'N'], 'INT32')
  const shifted = graph.apply('sub', graph.iota(axisOf(k)), graph.constant(1))
  return [index, other, graph.iota(axisOf(k + 1)), shifted, graph.constant(0)][k % 5] ?? index
}

function condition (graph: Graph, k: number): Node {
  const flag = graph.apply('ne', graph.input('flag', ['C', 'N'], 'BOOL'), graph.constant(0))
  const index = graph.input('index', ['N'], 'INT64')
  const here = graph.apply('eq', graph.iota(axisOf(k)), place(graph, k >> 2))
  const kept = graph.apply('ne', index, graph.constant(2))
  return [flag, kept, here, graph.apply('and', flag, kept)][k % 4] ?? flag
}

const makes: readonly Make[] = [
  ...['neg', 'tanh', 'sigmoid', 'softplus', 'log_sigmoid', 'relu', 'abs', 'atan', 'erf'].map(one),
  ...['add', 'sub', 'mul', 'add', 'sub', 'mul', 'minimum', 'maximum', 'log_add_exp'].map(two),
  (graph, x, y) => graph.apply('div', x, graph.apply('softplus', y)),
  (graph, x) => graph.apply('exp', graph.apply('clamp_max', x, graph.constant(1))),
  (graph, x) => graph.apply('sqrt', graph.apply('softplus', x)),
  (graph, x, _, k) => graph.apply('pow', x, graph.constant(k % 4)),
  (graph, x, _, k) => graph.apply('mul', x, [graph.constant(k / 2 - 1), graph.parameter('p'),
    graph.input('s', [], 'real')][k % 3] ?? x),
  (graph, x, _, k) => graph.reduce('sum', x, [axisOf(k)]),
  (graph, x, y, k) => graph.reduce('sum', graph.apply('mul', x, y), [axisOf(k)]),
  (graph, x, y, k) => graph.reduce('sum', graph.apply('mul', x, y), some(k)),
  (graph, x, _, k) => graph.reduce('sum', x, some(k)),
  (graph, x, _, k) => graph.reduce('max', x, some(k)),
  (graph, x, _, k) => graph.reduce('min', x, [axisOf(k)]),
  (graph, x, _, k) => along(graph, 'softmax', x, [axisOf(k)]),
  (graph, x, _, k) => along(graph, 'softmax', x, some(k)),
  (graph, x, _, k) => along(graph, 'log_softmax', x, [axisOf(k)]),
  (graph, x, _, k) => along(graph, 'logsumexp', x, some(k)),
  (graph, x, _, k) => graph.take(x, place(graph, k >> 2), axisOf(k)),
  (graph, x, _, k) => graph.take(x, place(graph, k >> 2), axisOf(k)),
  (graph, x, y, k) => graph.apply('where', condition(graph, k), x, y),
  (graph, x, _, k) => graph.apply('where', condition(graph, k), x, graph.constant(0)),
  (graph, x, y) =>
    graph.apply('with_derivative', graph.apply('tanh', x), x, graph.apply('sigmoid', y)),
  (graph, x, _, k) => cumsum(graph, x, axisOf(k), k > 30 ? 1 : -1),
  (graph, x, _, k) => shift(graph, x, axisOf(k), k % 7 - 3, k % 2),
  (graph, x, _, k) => graph.take(x, order(graph, k), axisOf(k >> 1)),
  (graph, x, y, k) => recurrence(graph, x, y, k),
  (graph, x, y, k) => recurrence(graph, x, y, k)
]

// By an input, so that rounding cannot change it.
function order (graph: Graph, k: number): Node {
  const input = graph.input('d', ['N', 'C', 'S'], 'real')
  return argsort(graph, input, ['N', 'C', 'S'][k % 3] ?? 'N')
}

// Of its neighbours along none, one or two other axes.
function recurrence (graph: Graph, x: Node, y: Node, k: number): Node {
  const axis = axisOf(k)
  const before = previous(graph, axis, graph.union([x, y, graph.iota(axis)]), k % 3 / 2)
  let other = before
  for (const along of [axisOf(k + 1), axisOf(k + 2)].slice(0, k % 5 % 3)) {
    if (before.axes.includes(along)) other = shift(graph, other, along, k % 4 - 2, before.value)
  }
  const half = graph.apply('mul', other, graph.apply('tanh', y))
  const next = graph.apply('tanh', graph.apply('add', half, graph.apply('add', before, x)))
  return recur(graph, next, before, k % 2 === 0 ? 1 : -1)
}

function build (
  instructions: readonly Instruction[], sizes: readonly number[], shape: number
): Omit<RandomProgram, 'seed'> {
  const graph = new Graph(axes)
  const lengths = new Map<Axis, number>()
  for (const [index, axis] of axes.entries()) {
    const length = sizes[index] ?? 1
    const taken = count([...lengths.keys()], lengths)
    lengths.set(axis, taken * length > elementsMax ? 2 : length)
  }
  const by = [
    graph.input('a', ['N', 'C'], 'real'), graph.input('b', ['C'], 'real'),
    graph.input('c', ['M', 'N'], 'real'), graph.input('d', ['N', 'C', 'S'], 'real'),
    graph.input('e', ['S', 'M'], 'real')
  ]
  const nodes: Node[] = [...by]
  // Later values are picked more often: graphs grow deep rather than wide.
  const pick = (index: number): Node => nodes.at(-1 - index % Math.min(5, nodes.length)) as Node
  for (const [op, x, y, k] of instructions) {
    const make = makes[op % makes.length] as Make
    nodes.push(make(graph, pick(x), pick(y), k))
  }
  const value = nodes.at(-1) as Node
  const outputs: Output[] = [{ name: 'value', node: value, layout: value.axes }]
  if (shape % 2 === 1) {
    const other = pick(shape)
    outputs.push({ name: 'other', node: other, layout: other.axes.toReversed() })
  }
  if (shape % 3 > 0) {
    const seed = shape % 3 === 1
      ? graph.constant(1)
      : graph.input('seed', value.axes, 'real')
    for (const [index, node] of gradient(graph, value, seed, by).entries()) {
      const { name = '', layout = [] } = by[index] ?? {}
      outputs.push({ name: `slope ${name}`, node, layout })
    }
  }
  const text = (): string => [
    [...lengths].map(([axis, length]) => `${axis} ${length}`).join(', '),
    ...reach(outputs.map(output => output.node)).map(lineOf),
    ...outputs.map(({ name, node, layout }) => `${name}[${layout.join()}] = ${node.id}`)
  ].join('\n')
  return { graph, outputs, lengths, toString: text }
}

function lineOf ({ id, op, args, over, name, value, step, layout, axes }: Node): string {
  const known = op === 'constant' || step !== 0 ? value : ''
  const rest = [name, layout.join(), known, step === 0 ? '' : step, over.join()].filter(String)
  return `  ${id} = ${op} ${[...args.map(arg => arg.id), ...rest].join(' ')} [${axes.join()}]`
}

const length = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 17, 21, 33)

export const randomPrograms: fc.Arbitrary<RandomProgram> = fc.record({
  sizes: fc.tuple(length, length, length, length),
  instructions: fc.array(fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999), fc.nat(59)),
    { minLength: 1, maxLength: 16 }),
  shape: fc.nat(29),
  seed: fc.nat(99_999)
}).map(({ sizes, instructions, shape, seed }) =>
  ({ ...build(instructions, sizes, shape), seed }))
