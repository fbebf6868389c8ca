// Every op of the table, compiled alone in float64: its value is that of the plain evaluator, and
// the gradient of a weighted sum of it, by every argument that has one, is the difference quotient.

import t from 'tap'
import { gradient } from '../src/formulas/gradient.ts'
import { Graph, type Node } from '../src/formulas/graph.ts'
import { compileProgram } from '../src/kernels/compile.ts'
import { findOp, type Op, ops } from '../src/ops/index.ts'
import { structural } from '../src/ops/structural.ts'
import { evaluate } from './evaluator.ts'
import { runProgram } from './kernels/runner.ts'
import { Random } from './random.ts'

const axes = ['N', 'C']
const lengths = new Map([['N', 3], ['C', 7]])
const count = 21

type Row = Pick<Op, 'name' | 'arguments' | 'derivative'> & Partial<Op>

// Where arguments lie, if not in -2 … 2: by op, then by argument.
const ranges: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  div: { b: [0.5, 2] },
  mod: { a: [3.1, 3.9], b: [2.1, 2.9] },
  sqrt: { a: [0.1, 2] },
  sqrt0: { a: [0.1, 2] },
  exp_nonpositive: { a: [-2, -0.01] },
  log: { a: [0.1, 2] },
  log_normal: { a: [0.1, 2] },
  log1p: { a: [-0.9, 2] },
  log1p_nonnegative: { a: [0.01, 2] },
  log1p_unit: { a: [0.01, 0.99] },
  xlogy: { b: [0.1, 2] },
  pow: { a: [0.1, 2] },
  clamp: { a: [-1.5, -0.5], b: [0.5, 1.5] },
  take: { i: [0, 6.99] }
}

/** Arguments that are yes or no. */
const conditions: Readonly<Record<string, readonly string[]>> = {
  and: ['a', 'b'], or: ['a', 'b'], not: ['a'], where: ['c']
}

// An op of the graph that has no row: its derivative is made of axes, not of a text.
const take = { name: 'take', arguments: ['a', 'i'], derivative: ['', null] }
const rows: readonly Row[] = [...ops, ...structural, take]

for (const row of rows) {
  t.test(row.name, async t => {
    const graph = new Graph(axes)
    const random = new Random(3)
    const inputs = new Map<string, Float64Array>([['g', numbers(random, [-1, 1])]])
    const by = row.arguments.map(name => {
      inputs.set(name, numbers(random, ranges[row.name]?.[name] ?? [-2, 2]))
      return graph.input(name, axes, 'real')
    })
    const value = apply(graph, row, by)
    const weighted = graph.apply('mul', graph.input('g', axes, 'real'), value)
    const total = graph.reduce('sum', weighted, axes)
    const wanted = by.filter((_, index) => row.derivative[index] != null)
    const slopes = gradient(graph, total, graph.constant(1), wanted)
    const outputs = [
      { name: 'value', node: value, layout: axes },
      { name: 'total', node: total, layout: [] },
      ...slopes.map((node, index) => ({ name: `slope ${index}`, node, layout: axes }))
    ]
    const program = compileProgram({ graph, outputs, precision: 'f64', relaxed: false })
    const sizes = new Map(outputs.map(({ name, layout }) =>
      [name, layout.length === 0 ? 1 : count]))
    const run = (moved: ReadonlyMap<string, Float64Array>) =>
      runProgram(program, { lengths, inputs: moved, outputs: sizes })

    const found = run(inputs)
    const plain = evaluate(outputs.map(({ node, layout }) => ({ node, axes: layout })),
      { lengths, inputs })
    for (const [index, { name }] of outputs.entries()) {
      const expected = plain[index] ?? new Float64Array()
      const wrong = (found.get(name) ?? []).filter((x, place) =>
        !(Math.abs(x - (expected[place] ?? Number.NaN)) <= 1e-13 * (1 + Math.abs(x))))
      t.same(wrong, [], `${name} is that of the evaluator`)
    }
    for (const [index, { name }] of wanted.entries()) {
      const direction = numbers(random, [-1, 1])
      const at = (step: number): number => {
        const along = inputs.get(name)?.map((x, place) => x + step * (direction[place] ?? 0))
        return run(new Map([...inputs, [name, along ?? direction]])).get('total')?.[0] ?? 0
      }
      const [near = 0, far = 0] = [1e-4, 2e-4].map(h => (at(h) - at(-h)) / (2 * h))
      const difference = (4 * near - far) / 3
      const slope = (found.get(`slope ${index}`) ?? [])
        .reduce((sum, x, place) => sum + x * (direction[place] ?? 0), 0)
      t.ok(Math.abs(difference - slope) <= 1e-8 * (1 + Math.abs(slope)),
        `by ${name}: ${slope}, difference ${difference}`)
    }
  })
}

// Far from 0 and at infinity, where a sum of exponentials taken as it stands would overflow.
const extremes = [
  1000, 999, -1000, 0, 1, 2, 3,
  -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity,
  -Infinity, -800, 800, -Infinity, 0, 800, -1e300
]

for (const name of ['log_add_exp', 'log_add_exp3', 'softmax', 'log_softmax', 'logsumexp']) {
  t.test(`${name} far from 0`, async t => {
    const row = findOp(name)
    if (row === undefined) throw new Error(`${name} is no op`)
    const graph = new Graph(axes)
    const inputs = new Map(row.arguments.map((argument, shift) =>
      [argument, Float64Array.from(extremes, (_, k) => extremes[(k + shift) % count] ?? 0)]))
    const by = row.arguments.map(argument => graph.input(argument, axes, 'real'))
    const node = apply(graph, row, by)
    const program = compileProgram({
      graph, outputs: [{ name: 'value', node, layout: axes }], precision: 'f64', relaxed: false
    })
    const found = runProgram(program, { lengths, inputs, outputs: new Map([['value', count]]) })
    const [expected = []] = evaluate([{ node, axes }], { lengths, inputs })
    const wrong = (found.get('value') ?? []).filter((x, place) => {
      const wanted = expected[place] ?? 0
      return !(Object.is(x, wanted) || Math.abs(x - wanted) <= 1e-13 * Math.abs(wanted))
    })
    t.same(wrong, [])
    t.ok(found.get('value')?.some(Number.isFinite))
  })
}

t.test('the tables above name ops and their arguments', async t => {
  for (const [name, places] of Object.entries({ ...ranges, ...conditions })) {
    const row = rows.find(each => each.name === name)
    const named = Array.isArray(places) ? places : Object.keys(places)
    t.ok(named.every(argument => row?.arguments.includes(argument)), name)
  }
})

// An op as a number: of conditions where it takes them, along C where it has axes.
function apply (graph: Graph, { name, arguments: names, mask, over }: Row, by: Node[]): Node {
  const given = by.map((node, index) => conditions[name]?.includes(names[index] ?? '')
    ? graph.apply('gt', node, graph.constant(0))
    : node)
  const [x, i] = given
  if (x === undefined) throw new Error(`${name} has no arguments`)
  if (name === 'take' && i !== undefined) return graph.take(x, graph.apply('floor', i), 'C')
  if (name === 'sum' || name === 'max' || name === 'min') return graph.reduce(name, x, ['C'])
  const value = over === true ? graph.applyOver(name, ['C'], x) : graph.apply(name, ...given)
  if (mask !== true) return value
  return graph.apply('where', value, graph.constant(1), graph.constant(0))
}

function numbers (random: Random, [low, high]: readonly [number, number]): Float64Array {
  return Float64Array.from({ length: count }, () => low + (high - low) * random.next())
}
