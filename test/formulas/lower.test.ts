// The lowered graph has the same values, holds only what kernels know, and does the work of the
// losses that matter most in the fewest operations.

import fc from 'fast-check'
import t from 'tap'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type Node } from '../../src/formulas/graph.ts'
import { lower } from '../../src/formulas/lower.ts'
import { reach } from '../../src/formulas/walk.ts'
import { findOp } from '../../src/ops/index.ts'
import { evaluate } from '../evaluator.ts'
import { near, randomGraphs, randomSequences } from './random-graph.ts'
import { addInput, newSetting, type Setting, text, valuesOf } from './setting.ts'

const structural = ['input', 'parameter', 'constant', 'size', 'iota', 'sum', 'max', 'min']
const stored = ['recur', 'cumsum', 'argsort']

function isLow (node: Node): boolean {
  const { op, args: [x], inside } = node
  if (op === 'take') return !inside && ['input', 'take', ...stored].includes(x?.op ?? '')
  if (op === 'shift') return !x?.mask && (!inside || x?.op === 'previous' || x?.op === 'shift')
  if (op === 'previous' || findOp(op)?.lanes !== undefined) return true
  return !inside && (structural.includes(op) || stored.includes(op))
}

const sorts = [['graphs', randomGraphs, 600], ['sequences', randomSequences, 400]] as const
for (const [sort, graphs, numRuns] of sorts) t.test(`random ${sort} keep their values`, t => {
  fc.assert(fc.property(graphs, ({ setting, value, by }) => {
    const { graph } = setting
    const seed = graph.input('seed', [], 'real')
    setting.inputs.set('seed', Float64Array.of(1.5))
    const roots = [value, ...gradient(graph, value, seed, by)]
    const low = lower(graph, roots)
    const strange = reach(low).find(node => !isLow(node))
    if (strange !== undefined) throw new Error(`${strange.op} is left`)
    roots.forEach((root, index) => {
      const wanted = valuesOf(setting, root)
      const [found = []] = evaluate([{ node: low[index] ?? root, axes: root.axes }], setting)
      if (!near(wanted, found)) throw new Error(`${[...wanted]} became ${[...Array.from(found)]}`)
    })
  }), { numRuns, seed: 7 })
  t.end()
})

function counts (roots: readonly Node[], axes: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {}
  for (const node of reach(roots)) {
    if (node.axes.join() !== axes.join() || node.args.length === 0) continue
    result[node.op] = (result[node.op] ?? 0) + 1
  }
  return result
}

function classes (): { setting: Setting, names: Record<string, Node> } {
  const setting = newSetting({ N: 3, C: 4 })
  const input = addInput(setting, 'input', ['N', 'C'], place => Math.sin(place * 2))
  const target = addInput(setting, 'target', ['N'], place => [2, -100, 1][place] ?? 0, 'INT64')
  const weight = addInput(setting, 'weight', ['C'], place => 1 + place / 2)
  return { setting, names: { input, target, weight } }
}

// Mean of Σ value / Σ denominator, and its gradient.
function meanAndGradient (setting: Setting, value: Node, denominator: Node, by: Node): Node[] {
  const { graph } = setting
  const mean = graph.apply('div', graph.reduce('sum', value, value.axes), denominator)
  return [mean, ...gradient(graph, mean, graph.constant(1), [by])]
}

t.test('nothing is taken out of a sum over an axis without places: it is 0', t => {
  const setting = newSetting({ N: 0, M: 2 })
  setting.graph.empty.add('N')
  const a = addInput(setting, 'a', ['M', 'N'], () => 1)
  for (const source of ['sum(softmax(a, N), N)', 'sum(a / sum(a, N), N)']) {
    const total = text(setting, source, { a })
    const [low = total] = lower(setting.graph, [total])
    t.same([...evaluate([{ node: low, axes: ['M'] }], setting)[0] ?? []], [0, 0], source)
  }
  t.end()
})

t.test('cross-entropy with its gradient: one exp an element, one log and one division a row', t => {
  const { setting, names } = classes()
  const value = text(setting, 'target != -100 ? -log_softmax(input, C)[C = target] : 0', names)
  const denominator = text(setting, 'sum(target != -100 ? 1 : 0, N)', names)
  const [input = value] = [names['input']]
  const low = lower(setting.graph, meanAndGradient(setting, value, denominator, input))
  t.same(counts(low, ['N', 'C']), { sub: 2, exp_nonpositive: 1, mul: 1, eq: 1, where: 1 })
  t.same(counts(low, ['N']),
    { ne: 1, where: 3, max: 1, sum: 1, log: 1, take: 1, sub: 2, mul: 1, div: 1 })
  t.end()
})

t.test('label smoothing and weights: the row is not summed once more for the gradient', t => {
  const { setting, names } = classes()
  const { graph } = setting
  const smooth = { ...names, s: graph.parameter('s') }
  const value = text(setting, `p = log_softmax(input, C); kept = target != -100
    loss = (1 - s) * weight[C = target] * p[C = target] + s / C * sum(weight * p, C)
    kept ? -loss : 0`, smooth)
  const denominator = text(setting, 'sum(target != -100 ? weight[C = target] : 0, N)', names)
  const [input = value] = [names['input']]
  const low = lower(graph, meanAndGradient(setting, value, denominator, input))
  const rows = counts(low, ['N'])
  t.equal(rows['sum'], 2, 'of exp, and of weight * p')
  t.equal(rows['div'], 1)
  t.equal(counts(low, ['N', 'C'])['exp_nonpositive'], 1)
  t.equal(counts(low, ['N', 'C'])['div'], undefined)
  t.end()
})

t.test('class probabilities: one exp an element, no division', t => {
  const { setting, names } = classes()
  const soft = addInput(setting, 'soft', ['N', 'C'], () => 0.25)
  const value = text(setting, '-sum(soft * log_softmax(input, C), C)', { ...names, soft })
  const [input = value] = [names['input']]
  const count = setting.graph.size('N')
  const low = lower(setting.graph, meanAndGradient(setting, value, count, input))
  t.same(counts(low, ['N', 'C']), { sub: 3, exp_nonpositive: 1, mul: 3 })
  t.end()
})

t.test('bce with logits: one exp, one log, one division', t => {
  const { setting, names: { input = setting.graph.constant(0) } } = classes()
  const target = addInput(setting, 'soft', ['N', 'C'], () => 0.25)
  const value = text(setting, '(1 - target) * input + softplus(-input)', { input, target })
  const count = text(setting, 'N * C', {})
  const low = lower(setting.graph, meanAndGradient(setting, value, count, input))
  const { exp_nonpositive: exp, log1p_unit: log, div, mul } = counts(low, ['N', 'C'])
  t.same({ exp, log, div, mul }, { exp: 1, log: 1, div: 1, mul: 2 })
  t.end()
})

t.test('a logarithm is not asked about signs that are known', t => {
  const { setting, names: { input = setting.graph.constant(0) } } = classes()
  const logarithms = (formula: string): Record<string, number> =>
    counts(lower(setting.graph, [text(setting, formula, { input })]), ['N', 'C'])
  for (const known of ['input ** 2', 'exp(input) / 2', 'abs(input) + 1', 'relu(input)']) {
    t.equal(logarithms(`log1p(${known})`)['log1p_nonnegative'], 1, known)
  }
  for (const unknown of ['input', 'abs(input) - 1', '-exp(input)', 'exp(input) * input']) {
    t.equal(logarithms(`log1p(${unknown})`)['log1p'], 1, unknown)
  }
  t.end()
})

t.test('mse: a difference, its square, one product for each gradient', t => {
  const { setting, names: { input = setting.graph.constant(0) } } = classes()
  const target = addInput(setting, 'soft', ['N', 'C'], () => 0.25)
  const value = text(setting, '(input - target) ** 2', { input, target })
  const count = text(setting, 'N * C', {})
  const low = lower(setting.graph, meanAndGradient(setting, value, count, input))
  t.same(counts(low, ['N', 'C']), { sub: 1, mul: 2 })
  t.end()
})

t.test('huber: its gradient is the clamp times the seed', t => {
  const { setting, names: { input = setting.graph.constant(0) } } = classes()
  const target = addInput(setting, 'soft', ['N', 'C'], () => 0.25)
  const delta = setting.graph.parameter('delta')
  const value = text(setting, 'e = input - target; q = clamp(e, -delta, delta); q * (e - q / 2)',
    { input, target, delta })
  const count = text(setting, 'N * C', {})
  const low = lower(setting.graph, meanAndGradient(setting, value, count, input))
  t.same(counts(low, ['N', 'C']), { sub: 2, maximum: 1, minimum: 1, mul: 3 })
  t.end()
})

t.test('quotients that are rounded down or compared stay: 49 / 49 is 1', t => {
  for (const source of ['x % y', 'floor(-x / y)', 'x / y == 1 ? 1 : 0', 'x / y < 1 ? 1 : 0']) {
    const setting = newSetting({ N: 3, C: 2 })
    const whole = [49, 41, 147]
    const x = addInput(setting, 'x', ['N', 'C'], place => whole[place >> 1] ?? 0)
    const y = addInput(setting, 'y', ['N'], place => whole[place] ?? 0)
    const value = text(setting, source, { x, y })
    const [low = value] = lower(setting.graph, [value])
    t.same(valuesOf(setting, low), valuesOf(setting, value), source)
  }
  t.end()
})

t.test('the operands of matrix products stay as they are, a scalar comes out', t => {
  const setting = newSetting({ N: 3, I: 4, O: 2 })
  const { graph } = setting
  const x = addInput(setting, 'x', ['N', 'I'], place => place)
  const w = addInput(setting, 'w', ['O', 'I'], place => place)
  const y = addInput(setting, 'y', ['N', 'O'], place => place)
  const mean = text(setting, 'mean((sum(x * w, I) - y) ** 2)', { x, w, y })
  const low = lower(graph, [mean, ...gradient(graph, mean, graph.constant(1), [x, w])])
  const products = reach(low).filter(node => node.op === 'mul' && node.axes.length === 3)
  const difference = reach(low).find(node => node.op === 'sub')
  t.same(products.map(node => node.args.map(arg => arg.name)), [['x', 'w'], ['', 'w'], ['', 'x']])
  t.ok(products.slice(1).every(node => node.args.includes(difference ?? x)))
  t.end()
})

t.test('a renaming of an input costs nothing: pairs of rows', t => {
  const setting = newSetting({ N: 3, D: 2 })
  const z = addInput(setting, 'z', ['N', 'D'], place => place)
  const { graph } = setting
  const twin = graph.twin('N', ['N'])
  const other = graph.take(z, graph.iota(twin), 'N')
  const pairs = graph.reduce('sum', graph.apply('mul', z, other), ['D'])
  const [low = pairs] = lower(graph, [pairs])
  t.equal(reach([low]).filter(node => node.op === 'take').length, 0)
  t.same([...valuesOf(setting, low)], [1, 3, 5, 3, 13, 23, 5, 23, 41])
  t.end()
})

t.test('a chain of 18,000 ops is lowered without recursion', t => {
  const graph = new Graph(['N'], 20_000)
  let value = graph.input('a', ['N'], 'real')
  for (let k = 0; k < 9_000; k++) {
    value = graph.apply('relu', graph.apply('sub', value, graph.size('N')))
  }
  t.equal(reach(lower(graph, [value])).length, 18_003)
  t.end()
})
