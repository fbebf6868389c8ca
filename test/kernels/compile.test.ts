// Compiled programs against the plain evaluator: every kind of loop (flat, lanes along and beside
// rows, several inner axes, gathers, broadcasts, products), both precisions, tails of all lengths.

import t, { type Test } from 'tap'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type Node, originalAxis } from '../../src/formulas/graph.ts'
import { enableRelaxedSimd, loadAssembler } from '../../src/kernels/assemble.ts'
import { compileProgram, type Output } from '../../src/kernels/compile.ts'
import { evaluate } from '../evaluator.ts'
import { Random } from '../random.ts'
import { runProgram } from './runner.ts'

interface Case {
  readonly name: string
  readonly axes: string
  /** Axis lengths to try, in the order of `axes`. */
  readonly lengths: readonly (readonly number[])[]
  build (graph: Graph): { outputs: Output[], numbers?: Record<string, number> }
}

const real = (graph: Graph, name: string, layout: string): Node => graph.input(name, [...layout], 'real')
const stored = (name: string, node: Node, layout: string): Output => ({ name, node, layout: [...layout] })

function withGradients (graph: Graph, loss: Node, inputs: readonly Node[]): Output[] {
  const seed = loss.axes.length === 0 ? graph.constant(1) : graph.input('seed', loss.axes, 'real')
  const slopes = gradient(graph, loss, seed, inputs)
  return [stored('loss', loss, loss.axes.join('')), ...slopes.map((slope, index) =>
    stored(`slope ${inputs[index]?.name}`, slope, (inputs[index] as Node).layout.join('')))]
}

const mean = (graph: Graph, x: Node): Node => {
  const count = x.axes.map(axis => graph.size(axis)).reduce((a, b) => graph.apply('mul', a, b))
  return graph.apply('div', graph.reduce('sum', x, x.axes), count)
}

function crossEntropy (graph: Graph, input: Node, target: Node): Node {
  return graph.apply('neg', graph.take(graph.applyOver('log_softmax', ['C'], input), target, 'C'))
}

const cases: Case[] = [
  {
    name: 'squares, flat',
    axes: 'S',
    lengths: [[0], [1], [2], [3], [4], [5], [15], [16], [17], [31], [33], [1000], [1024], [1025], [5000], [200_001]],
    build: graph => {
      const [x, y] = [real(graph, 'x', 'S'), real(graph, 'y', 'S')]
      const d = graph.apply('sub', x, y)
      return { outputs: withGradients(graph, mean(graph, graph.apply('mul', d, d)), [x, y]) }
    }
  },
  {
    name: 'squares of a broadcast, gradients summed back',
    axes: 'NC',
    lengths: [[1, 1], [3, 4], [5, 17], [40, 3], [600, 7]],
    build: graph => {
      const [x, y] = [real(graph, 'x', 'N'), real(graph, 'y', 'C')]
      const d = graph.apply('sub', x, y)
      return { outputs: withGradients(graph, mean(graph, graph.apply('mul', d, d)), [x, y]) }
    }
  },
  {
    name: 'squares without reduction, an upstream gradient',
    axes: 'NC',
    lengths: [[3, 5], [2, 33]],
    build: graph => {
      const [x, y] = [real(graph, 'x', 'NC'), real(graph, 'y', 'C')]
      const d = graph.apply('sub', x, y)
      return { outputs: withGradients(graph, graph.apply('mul', d, d), [x, y]) }
    }
  },
  {
    name: 'softplus and sigmoid share an exponential',
    axes: 'S',
    lengths: [[5], [70]],
    build: graph => {
      const x = real(graph, 'x', 'S')
      return { outputs: withGradients(graph, mean(graph, graph.apply('softplus', x)), [x]) }
    }
  },
  {
    name: 'cross-entropy, lanes along the classes',
    axes: 'NC',
    lengths: [[1, 1], [3, 5], [7, 16], [4, 19], [64, 10], [3, 5000], [500, 7]],
    build: graph => {
      const [x, target] = [real(graph, 'x', 'NC'), graph.input('class', ['N'], 'INT64')]
      return { outputs: withGradients(graph, mean(graph, crossEntropy(graph, x, target)), [x]) }
    }
  },
  {
    name: 'cross-entropy of one sample',
    axes: 'C',
    lengths: [[1], [5], [1000]],
    build: graph => {
      const [x, target] = [real(graph, 'x', 'C'), graph.input('class', [], 'INT64')]
      return { outputs: withGradients(graph, crossEntropy(graph, x, target), [x]) }
    }
  },
  {
    name: 'cross-entropy, lanes beside the classes',
    axes: 'NCS',
    lengths: [[1, 1, 1], [2, 3, 4], [2, 5, 19], [3, 4, 1100], [2, 600, 5]],
    build: graph => {
      const [x, target] = [real(graph, 'x', 'NCS'), graph.input('class', ['N', 'S'], 'INT64')]
      return { outputs: withGradients(graph, mean(graph, crossEntropy(graph, x, target)), [x]) }
    }
  },
  {
    name: 'cross-entropy with class weights and a mean over them',
    axes: 'NCS',
    lengths: [[2, 3, 4], [2, 5, 19], [40, 3, 1]],
    build: graph => {
      const [x, target] = [real(graph, 'x', 'NCS'), graph.input('class', ['N', 'S'], 'INT64')]
      const weight = graph.take(real(graph, 'w', 'C'), target, 'C')
      const kept = graph.apply('ne', target, graph.parameter('ignored'))
      const zero = graph.constant(0)
      const value = graph.apply('where', kept, graph.apply('mul', weight, crossEntropy(graph, x, target)), zero)
      const total = graph.reduce('sum', graph.apply('where', kept, weight, zero), ['N', 'S'])
      const loss = graph.apply('div', graph.reduce('sum', value, ['N', 'S']), total)
      return { outputs: withGradients(graph, loss, [x]), numbers: { ignored: 1 } }
    }
  },
  {
    name: 'soft targets and a gradient by the class weights',
    axes: 'NCS',
    lengths: [[2, 3, 4], [5, 9, 2], [2, 5, 70]],
    build: graph => {
      const [x, y, w] = [real(graph, 'x', 'NCS'), real(graph, 'y', 'NCS'), real(graph, 'w', 'C')]
      const terms = [w, y, graph.applyOver('log_softmax', ['C'], x)].reduce((a, b) => graph.apply('mul', a, b))
      const loss = graph.apply('neg', graph.reduce('sum', terms, ['C']))
      return { outputs: withGradients(graph, mean(graph, loss), [x, y, w]) }
    }
  },
  {
    name: 'a softmax kept in scratch for three uses',
    axes: 'NC',
    lengths: [[3, 5], [2, 70], [4, 4100]],
    build: graph => {
      const x = real(graph, 'x', 'NC')
      const e = graph.apply('exp', graph.apply('mul', x, graph.constant(0.125)))
      const a = graph.apply('div', e, graph.reduce('sum', e, ['C']))
      const b = graph.apply('sub', e, graph.reduce('max', e, ['C']))
      return { outputs: [stored('a', a, 'NC'), stored('b', b, 'NC'), stored('c', graph.reduce('min', b, ['C']), 'N')] }
    }
  },
  {
    name: 'an input read in another order',
    axes: 'NM',
    lengths: [[3, 5], [20, 9]],
    build: graph => {
      const [x, y] = [real(graph, 'x', 'NM'), graph.input('y', ['M', 'N'], 'real')]
      return { outputs: withGradients(graph, mean(graph, graph.apply('exp', graph.apply('mul', x, y))), [x, y]) }
    }
  },
  {
    name: 'softmax both ways',
    axes: 'NM',
    lengths: [[3, 5], [20, 9]],
    build: graph => {
      const x = real(graph, 'x', 'NM')
      const both = graph.apply('add', graph.applyOver('softmax', ['N'], x), graph.applyOver('log_softmax', ['M'], x))
      return { outputs: withGradients(graph, mean(graph, graph.apply('mul', both, both)), [x]) }
    }
  },
  {
    name: 'positions and lengths as numbers',
    axes: 'NCS',
    lengths: [[2, 3, 4], [2, 5, 19]],
    build: graph => {
      const x = real(graph, 'x', 'NCS')
      const place = ['N', 'C', 'S'].map(axis => graph.apply('div', graph.iota(axis), graph.size(axis)))
      const sum = place.reduce((a, b) => graph.apply('add', graph.apply('mul', a, b), graph.iota('S')))
      return { outputs: withGradients(graph, graph.reduce('sum', graph.apply('mul', x, sum), ['C']), [x]) }
    }
  },
  {
    name: 'integers and flags as numbers',
    axes: 'NC',
    lengths: [[3, 5], [2, 19]],
    build: graph => {
      const inputs = (['INT64', 'INT32', 'UINT8', 'BOOL'] as const).map(datatype => graph.input(datatype, ['N', 'C'], datatype))
      const sum = inputs.reduce((a, b) => graph.apply('add', a, b))
      return { outputs: [stored('sum', sum, 'NC'), stored('rows', graph.reduce('max', sum, ['N']), 'C')] }
    }
  },
  {
    name: 'totals of a maximum, a minimum and a yes/no',
    axes: 'S',
    lengths: [[1], [7], [70_000]],
    build: graph => {
      const x = real(graph, 'x', 'S')
      const one = graph.apply('where', graph.apply('gt', x, graph.constant(3)), graph.constant(1), graph.constant(0))
      return { outputs: [stored('max', graph.reduce('max', x, ['S']), ''), stored('min', graph.reduce('min', x, ['S']), ''),
        stored('any', graph.reduce('max', one, ['S']), '')] }
    }
  },
  {
    name: 'a linear layer with its gradients',
    axes: 'NIO',
    lengths: [[1, 1, 1], [3, 5, 2], [16, 33, 10], [64, 100, 17]],
    build: graph => {
      const [x, w, b] = [real(graph, 'x', 'NI'), graph.input('w', ['O', 'I'], 'real'), real(graph, 'b', 'O')]
      const y = graph.apply('add', graph.reduce('sum', graph.apply('mul', x, w), ['I']), b)
      const z = graph.apply('tanh', y)
      return { outputs: [...withGradients(graph, mean(graph, graph.apply('mul', z, z)), [x, w, b]), stored('y', y, 'NO')] }
    }
  },
  {
    name: 'two layers and cross-entropy',
    axes: 'NIHC',
    lengths: [[4, 6, 5, 3], [16, 20, 12, 10]],
    build: graph => {
      const [x, v, w] = [real(graph, 'x', 'NI'), graph.input('v', ['H', 'I'], 'real'), graph.input('w', ['C', 'H'], 'real')]
      const hidden = graph.apply('relu', graph.reduce('sum', graph.apply('mul', x, v), ['I']))
      const logits = graph.reduce('sum', graph.apply('mul', hidden, w), ['H'])
      const target = graph.input('class', ['N'], 'INT32')
      return { outputs: withGradients(graph, mean(graph, crossEntropy(graph, logits, target)), [x, v, w]) }
    }
  },
  {
    name: 'numbers alone',
    axes: '',
    lengths: [[]],
    build: graph => {
      const [x, y] = [real(graph, 'x', ''), real(graph, 'y', '')]
      return { outputs: withGradients(graph, graph.apply('mul', graph.apply('exp', x), y), [x, y]) }
    }
  }
]

const tolerances = { f32: [2e-5, 1e-6], f64: [1e-12, 1e-14] } as const

t.before(async () => {
  enableRelaxedSimd()
  await loadAssembler()
})

for (const { name, axes, lengths, build } of cases) {
  t.test(name, async t => {
    for (const [precision, relaxed] of [['f32', false], ['f32', true], ['f64', false]] as const) {
      const graph = new Graph([...axes])
      const { outputs, numbers = {} } = build(graph)
      const program = compileProgram({ graph, outputs, precision, relaxed })
      for (const sizes of lengths) {
        compare(t, program, outputs, { sizes, numbers, axes, precision, relaxed })
      }
    }
  })
}

function compare (t: Test, program: ReturnType<typeof compileProgram>, outputs: readonly Output[], run: {
  sizes: readonly number[], numbers: Record<string, number>, axes: string, precision: 'f32' | 'f64', relaxed: boolean
}): void {
  const random = new Random(run.sizes.reduce((seed, size) => seed * 31 + size, 7))
  const lengths = new Map([...run.axes].map((axis, index) => [axis, run.sizes[index] ?? 0]))
  const count = (layout: readonly string[]): number =>
    layout.reduce((product, axis) => product * (lengths.get(originalAxis(axis)) ?? NaN), 1)
  const inputs = new Map<string, Float64Array>()
  const datatypes = new Map<string, string>()
  const seen = new Set<Node>()
  const open = outputs.map(output => output.node)
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    open.push(...node.args)
    if (node.op !== 'input') continue
    datatypes.set(node.name, node.datatype)
    const classes = lengths.get('C') ?? 3
    inputs.set(node.name, Float64Array.from({ length: count(node.layout) }, () => {
      if (node.datatype === 'real') return Math.fround(random.normal())
      if (node.datatype === 'BOOL') return random.below(2)
      return random.below(Math.min(classes, 100))
    }))
  }
  const numbers = new Map(Object.entries(run.numbers))
  const expected = evaluate(outputs.map(({ node, layout }) => ({ node, axes: layout })), { lengths, inputs, numbers })
  const sizes = new Map(outputs.map(({ name, layout }) => [name, count(layout)]))
  const setting = { lengths, inputs, numbers, outputs: sizes, datatypes }
  const actual = runProgram(program, setting)
  const label = `${run.precision}${run.relaxed ? ' relaxed' : ''} [${run.sizes}]`
  const [relative, absolute] = tolerances[run.precision]
  for (const [index, { name }] of outputs.entries()) {
    const worst = farthest(actual.get(name) ?? [], expected[index] ?? new Float64Array(), relative, absolute)
    t.equal(worst, null, `${label} ${name}`)
  }
  // Chunks in another order, and one at a time, give the same bits.
  const shuffled = runProgram(program, { ...setting, order: chunks => random.shuffle(chunks) })
  for (const [name, values] of actual) {
    const other = shuffled.get(name) ?? []
    t.equal(values.findIndex((value, place) => !Object.is(value, other[place])), -1, `${label} ${name} in another order`)
  }
}

function farthest (actual: readonly number[], expected: Float64Array, relative: number, absolute: number): string | null {
  for (const [index, value] of expected.entries()) {
    const got = actual[index] ?? NaN
    const close = Object.is(got, value) || got === value || Math.abs(got - value) <= absolute + relative * Math.abs(value)
      || (Number.isNaN(got) && Number.isNaN(value))
    if (!close) return `at ${index}: ${got} instead of ${value}`
  }
  return actual.length === expected.length ? null : `${actual.length} values instead of ${expected.length}`
}
