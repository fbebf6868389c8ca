// Texts whose lowering takes a way of its own: known exponents, takes of what is taken, summed,
// shifted or stored, places that undo an order. Values and gradients stay what they were, and what
// is taken lies in memory.

import t from 'tap'
import { gradient } from '../../src/formulas/gradient.ts'
import { lower } from '../../src/formulas/lower.ts'
import { reach } from '../../src/formulas/walk.ts'
import { evaluate } from '../evaluator.ts'
import { near } from './random-graph.ts'
import { addInput, newSetting, text } from './setting.ts'

/** With the op that must be gone from the value; empty for none. */
const texts: readonly (readonly [text: string, without: string])[] = [
  ['x ** 2 + m ** 3', 'pow'],
  ['x ** 5 * m ** 8', 'pow'],
  ['x ** -1 + m ** -3', 'pow'],
  ['x ** 0.5 * m ** -0.5', 'pow'],
  ['x ** 0 + m ** 1', 'pow'],
  ['x ** 9 + m ** 1.5 + m ** x', ''],
  ['stop_gradient(m) - m', 'sub'],
  ['m + stop_gradient(floor(m * 3) - m)', 'stop_gradient'],
  ['with_derivative(m * x, m, x, x, m * 2)', 'with_derivative'],
  ['softmax(m, C) * log_softmax(m, N) + logsumexp(m, N, C)', 'softmax'],
  ['m[C = i] * x', ''],
  ['(m * x)[C = i][N = j]', ''],
  ['(m * x)[N = j][C = i]', ''],
  ['sum(m * x, N)[C = i] * x', ''],
  ['sum(m * m[C = i], C)[N = j] + m', ''],
  ['max(m * x, C)[N = index(N) - 1]', ''],
  ['m[C = index(N)] * m[N = index(C)]', ''],
  ['exp(m)[N = j, C = i] - exp(m)[C = i, N = j]', ''],
  ['m[C = index(C) - 1][C = i] * x', ''],
  ['m[C = i[N = j]]', ''],
  ['(x > 1 ? m : exp(m))[N = j]', ''],
  ['(m > x)[N = j] ? m : x', ''],
  ['cumsum(m * x, C)[C = i]', ''],
  ['cumsum(m * x, C)[C = i][N = j]', ''],
  ['cumsum(exp(m), N, true)[C = i] * x', ''],
  ['order(m * x, C, C)[C = i][N = j] + m', ''],
  ['scan(C, p => tanh(p + m), 0.5)[C = i][N = j]', ''],
  ['scan(C, p => p[N = index(N) - 1] * m + x, 0.5)[C = i][N = j]', ''],
  ['cumsum(-m, C) + cumsum(x, C)', ''],
  ['m[C = order(m, C, C)] * index(C)', ''],
  ['order(m * x, N, N)[C = i] * m', ''],
  ['m[N = order(x, N, N)][C = i]', ''],
  ['scan(C, p => tanh(p + m), 0.5)[C = i] * x', ''],
  ['scan(C, p => p * m + p[N = index(N) - 1] + x, 0.5)', ''],
  ['scan(C, p => tanh(p[N = index(N) + 1] * m) + x * p, 0.5, true)', ''],
  ['scan(N, p => p[C = index(C) - 1] * m + exp(-p[C = index(C) + 1]), 0.5)[N = j]', '']
]

const inMemory = ['input', 'take', 'recur', 'cumsum', 'argsort']

for (const [source, without] of texts) {
  t.test(source, async t => {
    const setting = newSetting({ N: 3, C: 4 })
    const { graph } = setting
    const names = {
      m: addInput(setting, 'm', ['N', 'C'], place => 0.4 + ((place * 5) % 12) / 7),
      x: addInput(setting, 'x', ['N'], place => [1.5, 0.5, 2][place] ?? 0),
      i: addInput(setting, 'i', ['N'], place => [3, 0, 3][place] ?? 0, 'INT64'),
      j: addInput(setting, 'j', ['C'], place => [1, 2, 1, 0][place] ?? 0, 'INT64')
    }
    const value = text(setting, source, names)
    const seed = addInput(setting, 'seed', value.axes, place => 1 + place / 3)
    const roots = [value, ...gradient(graph, value, seed, [names.m, names.x])]
    const low = lower(graph, roots)
    roots.forEach((root, index) => {
      const [wanted = [], found = []] = [root, low[index] ?? root].map(node =>
        evaluate([{ node, axes: root.axes }], setting)[0] ?? [])
      t.ok(near(Float64Array.from(wanted), found), `${[...wanted]} became ${[...found]}`)
    })
    t.notOk(reach(low.slice(0, 1)).some(({ op }) => op === without), `no ${without}`)
    const taken = reach(low).filter(({ op }) => op === 'take').map(({ args: [x] }) => x?.op ?? '')
    t.same(taken.filter(op => !inMemory.includes(op)), [])
  })
}
