// Every row of the op table against the difference quotient in float64, kinks as stated, and what
// reverse mode does with broadcasting, take, put and the words that have no row.

import t from 'tap'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type Node } from '../../src/formulas/graph.ts'
import { ops } from '../../src/ops/index.ts'
import { addInput, generator, newSetting, type Setting, slopes, text, valuesOf } from './setting.ts'

// Where an op is defined and smooth; from -2 to 2 if nothing is said.
const ranges: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  log: [[0.3, 2]],
  sqrt: [[0.3, 2]],
  sqrt0: [[0.3, 2]],
  log_normal: [[0.3, 2]],
  log1p: [[-0.7, 2]],
  log1p_nonnegative: [[0.1, 2]],
  log1p_unit: [[0.1, 0.9]],
  exp_nonpositive: [[-2, -0.1]],
  xlogy: [[0.2, 2], [0.3, 2]],
  pow: [[0.3, 2], [-2, 2]],
  div: [[-2, 2], [0.5, 2]],
  mod: [[3.1, 3.9], [2.1, 2.9]],
  clamp: [[-2, 2], [-1.01, -0.99], [0.99, 1.01]]
}

for (const row of ops.filter(op => op.derivative.some(text => text !== null))) {
  t.test(`${row.name}: derivative = difference quotient, broadcast arguments summed back`, t => {
    const random = generator(row.name.length)
    const setting = newSetting({ N: 3, C: 4 })
    const value = applyRow(setting, row.name, random)
    const by = value.args.filter((arg, k) => arg.op === 'input' && row.derivative[k] !== null)
    const seed = addInput(setting, 'seed', value.axes, () => 2 * random() - 1)
    const first = slopes(setting, value, seed, by, random)
    t.ok(close(first), `first derivative ${JSON.stringify(first)}`)

    // Σ direction · gradient, differentiated again, is Hessian · direction.
    for (const [index, result] of gradient(setting.graph, value, seed, by).entries()) {
      const weight = addInput(setting, `weight${index}`, result.axes, () => 2 * random() - 1)
      const second = slopes(setting, result, weight, by, random)
      t.ok(close(second), `second derivative ${JSON.stringify(second)}`)
    }
    t.end()
  })
}

function applyRow (setting: Setting, name: string, random: () => number): Node {
  const row = ops.find(op => op.name === name)
  const shapes = [['N', 'C'], ['C'], ['N']]
  const args = (row?.arguments ?? []).map((argument, k) => {
    const [low, high] = ranges[name]?.[k] ?? [-2, 2]
    const node = addInput(setting, argument, shapes[k] ?? [], () => low + (high - low) * random())
    const condition = name === 'where' && k === 0
    return condition ? setting.graph.apply('gt', node, setting.graph.constant(0)) : node
  })
  return setting.graph.applyOver(name, row?.over === true ? ['C'] : [], ...args)
}

function close ({ difference, slope, scale }: ReturnType<typeof slopes>): boolean {
  return Math.abs(difference - slope) <= 1e-8 * scale
}

const formulas: readonly (readonly [title: string, formula: string])[] = [
  ['a sum along an axis', 'sum(a * b, C) ** 2'],
  ['a sum of what lacks the axis', 'sum(b * c, N) * a'],
  ['max and min', 'max(a, C) * min(a, N) + max(b * c)'],
  ['take by a class', 'sum(a * b, C) * a[C = target] ** 2'],
  ['take by an index of its own axis', 'sum(a * a[C = index(C) - 1], C)'],
  ['take at a rounded, clamped place', 'a[C = index(M) * 2 - 1.5] * c'],
  ['several takes at once', 'a[N = index(C) - 1, C = index(N)] * a'],
  ['softmax, used twice', 'p = softmax(a, C); -log(p[C = target]) * (1 - p[C = target]) ** 2'],
  ['a norm', 'norm(a - b, 2, C) * norm(a, 3, N)'],
  ['with_derivative inside its formula', 'c * with_derivative(a * a, a, 2 * a)'],
  ['choices', 'a > b ? a * c : b / (2 + c)']
]
for (const [title, formula] of formulas) {
  t.test(`${title}: first and second derivative`, t => {
    const random = generator(title.length)
    const { setting, names, by } = abc(random)
    const value = text(setting, formula, names)
    const seed = addInput(setting, 'seed', value.axes, () => 2 * random() - 1)
    t.ok(close(slopes(setting, value, seed, by, random)), 'first')
    for (const [index, result] of gradient(setting.graph, value, seed, by).entries()) {
      const weight = addInput(setting, `weight${index}`, result.axes, () => 2 * random() - 1)
      t.ok(close(slopes(setting, result, weight, by, random)), `second, of gradient ${index}`)
    }
    t.end()
  })
}

function abc (random: () => number): { setting: Setting, names: Record<string, Node>, by: Node[] } {
  const setting = newSetting({ N: 3, C: 4, M: 2 })
  const uniform = (): number => 0.2 + 2 * random()
  const a = addInput(setting, 'a', ['N', 'C'], uniform)
  const b = addInput(setting, 'b', ['C'], uniform)
  const c = addInput(setting, 'c', ['N'], uniform)
  const target = addInput(setting, 'target', ['N'], place => (place * 2 + 1) % 4, 'INT64')
  return { setting, names: { a, b, c, target }, by: [a, b, c] }
}

const kinks: readonly (readonly [formula: string, at: number, slope: number])[] = [
  ['abs(a)', 0, 0],
  ['relu(a)', 0, 0],
  ['sign(a)', 1, 0],
  ['floor(a)', 1.5, 0],
  ['minimum(a, 1)', 1, 0.5],
  ['maximum(a, 1)', 1, 0.5],
  ['minimum(1, a)', 1, 0.5],
  ['maximum(1, a)', 1, 0.5],
  ['maximum(a, a)', 1, 1],
  ['clamp(a, 0, 1)', 0, 0],
  ['clamp(a, 0, 1)', 1, 0],
  ['clamp(a, 0, 1)', 0.5, 1],
  ['clamp_min(a, 1)', 1, 0],
  ['clamp_max(a, 1)', 1, 0],
  ['norm(a, 2)', 0, 0],
  ['a ** 2', 0, 0],
  ['a ** 0', 0, 0],
  ['a ** 1', 0, 1],
  ['xlogy(a, 2)', 0, Math.log(2)],
  ['stop_gradient(a) * a', 3, 3],
  ['with_derivative(maximum(a, 1), a, 1)', 0, 1],
  ['with_derivative(a, a, 3)', 2, 3],
  ['a == a ? 5 : a', 1, 0],
  ['0 ** a', 2, 0],
  ['0 ** a', 0, 0],
  ['0 ** a', -1, -Infinity],
  ['a ** -1', 0, -Infinity],
  ['a ** stop_gradient(a / 3)', 3, 1],
  ['a ** stop_gradient(a)', 0, 0],
  ['a ** 2.5', 0, 0],
  ['sqrt(a)', 0, Infinity],
  ['a % 2', 5.5, 1],
  ['2 % a', 0.75, -2],
  ['log_add_exp(a, a)', 3, 1],
  ['log_add_exp(a, -inf)', -Infinity, 0.5],
  ['log_add_exp(a, inf)', Infinity, 0.5],
  ['log_add_exp(a, 0, 0)', 0, 1 / 3],
  ['log_add_exp(a, 0, 0)', 1000, 1],
  ['log_add_exp(0, a, 0)', 1000, 1],
  ['log_add_exp(0, 0, a)', 1000, 1],
  ['log_add_exp(a, 0, -inf)', -Infinity, 0],
  ['log_add_exp(a, -inf, -inf)', -Infinity, 0],
  ['softplus(a)', 1000, 1],
  ['sigmoid(a)', -1000, 0]
]
for (const [formula, at, slope] of kinks) {
  t.test(`${formula} at ${at} has slope ${slope}`, t => {
    const setting = newSetting({})
    const a = addInput(setting, 'a', [], () => at)
    const value = text(setting, formula, { a })
    const [result = value] = gradient(setting.graph, value, setting.graph.constant(1), [a])
    t.equal(valuesOf(setting, result)[0], slope)
    t.end()
  })
}

t.test('ties of max share', t => {
  const setting = newSetting({ C: 4 })
  const a = addInput(setting, 'a', ['C'], place => [1, 3, 3, 2][place] ?? 0)
  const value = setting.graph.reduce('max', a, ['C'])
  const [result = value] = gradient(setting.graph, value, setting.graph.constant(6), [a])
  t.same([...valuesOf(setting, result)], [0, 3, 3, 0])
  t.end()
})

t.test('what a value does not depend on has gradient 0', t => {
  const graph = new Graph(['N'])
  const [a, b] = [graph.input('a', ['N'], 'real'), graph.input('b', ['N'], 'real')]
  t.same(gradient(graph, graph.apply('exp', a), graph.constant(1), [b]), [graph.constant(0)])
  t.end()
})

t.test('a chain of 15,000 ops is differentiated without recursion', t => {
  const graph = new Graph(['N'], 200_000)
  const a = graph.input('a', ['N'], 'real')
  let value: Node = a
  for (let k = 0; k < 15_000; k++) value = graph.apply('tanh', value)
  const [result = a] = gradient(graph, value, graph.constant(1), [a])
  t.ok(result.id > 15_000)
  t.end()
})

t.test('a chain of 5,000 choices is differentiated without recursion', t => {
  const graph = new Graph(['N'], 200_000)
  const [a, b] = [graph.input('a', ['N'], 'real'), graph.input('b', ['N'], 'real')]
  let value: Node = a
  for (let k = 0; k < 5_000; k++) {
    value = graph.apply('where', graph.apply('gt', b, graph.constant(k)), value, graph.constant(0))
  }
  value = graph.apply('mul', b, graph.apply('add', value, graph.apply('mul', value, a)))
  const [result = a] = gradient(graph, value, graph.constant(1), [a])
  t.ok(result.id > 5_000)
  t.end()
})

t.test('more than 20,000 nodes are refused, those of the derivative counted', t => {
  const graph = new Graph(['N'])
  const a = graph.input('a', ['N'], 'real')
  let value: Node = a
  for (let k = 0; k < 9_000; k++) value = graph.apply('tanh', value)
  t.throws(() => gradient(graph, value, graph.constant(1), [a]), { code: 'FORMULA_TOO_LARGE' })
  t.end()
})
