// How derivatives are shortened before they are printed, a formula for each way: like terms are
// collected, known factors become one, common factors come out, clamps inside their bounds go.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { derivative } from '../../src/formulas/derivative.ts'

const rows: readonly (readonly [formula: string, by: string, slope: string])[] = [
  // Like terms.
  ['x - y / 2 - y / 2', 'x', '1'],
  ['x - y / 2 - y / 2', 'y', '-1'],
  ['x * 2 - x * 3 + x / 4', 'x', '-0.75'],
  ['y * (x - z) - z * (x - z)', 'z', '2 * z - y - x'],
  ['sigmoid(x) * y + sigmoid(x) * (1 - y)', 'y', '0'],
  // Known factors.
  ['x * x * x', 'x', '3 * (x * x)'],
  ['x / y * 3 / 2', 'y', '-1.5 / y * (x / y)'],
  ['(x * 2) ** 2', 'x', '4 * (x * 2)'],
  ['x ** 3 - 2 * x ** 3', 'x', '-3 * x ** 2'],
  ['0.5 * (x / (2 * y)) ** 2', 'x', 'x / (2 * y) / (2 * y)'],
  ['sqrt(x * x + y * y)', 'x', 'x / sqrt(x * x + y * y)'],
  ['-(x * y) / z', 'z', 'x * y / z / z'],
  ['(x - y) ** 2 / (2 * z) + (x - y) ** 2 / (2 * z)', 'x', '4 * (x - y) / (2 * z)'],
  ['tanh(x) ** 2', 'x', '2 * tanh(x) * (1 - tanh(x) ** 2)'],
  // Common factors and divisors, also of choices.
  ['exp(x) * y + exp(x) * z', 'x', '(y + z) * exp(x)'],
  ['abs(x) * 2 - y * abs(x)', 'x', '(2 - y) * sign(x)'],
  ['x ** 2 / y - x / y', 'x', '(2 * x - 1) / y'],
  ['y / x - z / x', 'x', '(z / x - y / x) / x'],
  ['x / y - x / z', 'x', '1 / y - 1 / z'],
  ['-x * y - x * z', 'x', '-(y + z)'],
  ['log(x * y) + log(x / y)', 'y', 'x * (1 / (x * y) - 1 / y / (x / y) / y)'],
  ['exp(-x) / (1 + exp(-x))', 'x', 'a = 1 + exp(-x); -(1 - exp(-x) / a) / a * exp(-x)'],
  ['(x > 0 ? x * y : 0) + (x > 0 ? x * z : 0)', 'x', 'x > 0 ? y + z : 0'],
  ['w = relu(x - y); w * w * z', 'y', 'w = relu(x - y); -(x - y > 0 ? 2 * (z * w) : 0)'],
  ['x > 0 ? (y > 0 ? x * y : 0) : 0', 'x', 'y > 0 && x > 0 ? y : 0'],
  ['x * 0.01 + y * 0.000001', 'x', '0.01'],
  // Clamps.
  ['d = x - y; q = clamp(d, -1, 1); q * (d - q / 2)', 'y',
    'd = x - y; q = clamp(d, -1, 1); -q'],
  ['d = x - y; q = clamp_min(d, 2); q * (d - q / 2)', 'x', 'd = x - y; clamp_min(d, 2)'],
  ['d = x - y; q = clamp_max(d, 2); q * (d - q / 2)', 'x', 'd = x - y; clamp_max(d, 2)'],
  ['d = x - y; q = relu(d); q * (d - q / 2)', 'x', 'd = x - y; relu(d)'],
  ['clamp(x, -1, 1) ** 2', 'x', 'x > -1 && x < 1 ? 2 * clamp(x, -1, 1) : 0'],
  ['clamp_min(x, 1) ** 3', 'x', 'x > 1 ? 3 * clamp_min(x, 1) ** 2 : 0'],
  ['relu(x) ** 2', 'x', 'x > 0 ? 2 * relu(x) : 0'],
  // Words of their own.
  ['x % y * x', 'y', '-x * floor(x / y)'],
  ['xlogy(x, y) - x', 'x', 'log(y) - 1'],
  ['log_sigmoid(x) * y', 'x', 'y * sigmoid(-x)']
]

for (const [formula, by, slope] of rows) {
  t.test(`${formula} by ${by}: ${slope}`, async t => {
    const names = ['x', 'y', 'z'].filter(name => new RegExp(`\\b${name}\\b`).test(formula))
    const declared = names.map(name => `${name}: real[N]`).join('\n')
    const lines = derivative(define(`${declared}\n${formula}`), by)?.split('\n') ?? []
    t.equal(lines.filter(line => !line.includes(': real[N]')).join('; '), slope)
  })
}

t.test('declarations are those that the slope uses, as their author wrote them', async t => {
  const definition = define(`x: real[N, C~] > -inf < 1e7; y: real[N?, C~] = 0.5
    p: number >= 0.000001 < inf = 0.000001; k: integer = -3; s: static number = 2
    unused: real[M]; on: boolean = true
    on ? x ** p * y + k * x * s : x`)
  t.equal(derivative(definition, 'x'), `x: real[N, C~] > -inf < 1e+7
y: real[N?, C~] = 0.5
p: number >= 1e-6 < inf = 1e-6
k: integer = -3
(p == 0 ? 0 : p * x ** (p - 1) * y) + 2 * k`)
  t.equal(derivative(define('x: real[...]; w: real[C]; x * w * C'), 'w'), `x: real[...S]
w: real[C]
sum(C * x, S)`)
})
