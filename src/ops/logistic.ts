// Sigmoid and its relatives, as texts: value and gradient of a loss then share exp(-|a|), which
// never overflows.

import type { Op } from './op.ts'

export const logistic: readonly Op[] = [
  {
    // 1 / (1 + e⁻ᵃ) on the right, eᵃ / (1 + eᵃ) on the left.
    name: 'sigmoid',
    arguments: ['a'],
    value: 'e = exp_nonpositive(-abs(a)); (a >= 0 ? 1 : e) / (e + 1)',
    derivative: ['g * (y * (1 - y))'],
    word: true,
    cost: 20,
    ulp: { f32: 2.2, f64: 2.4 }
  },
  {
    // log(1 + eᵃ). The choice shares its condition with sigmoid; NaN comes through the second term.
    name: 'softplus',
    arguments: ['a'],
    value: '(a >= 0 ? a : 0) + log1p_unit(exp_nonpositive(-abs(a)))',
    derivative: ['g * sigmoid(a)'],
    word: true,
    cost: 28,
    ulp: { f32: 1.8, f64: 2 }
  },
  {
    // log(sigmoid(a)) = -softplus(-a)
    name: 'log_sigmoid',
    arguments: ['a'],
    value: '(a >= 0 ? 0 : a) - log1p_unit(exp_nonpositive(-abs(a)))',
    derivative: ['g * sigmoid(-a)'],
    word: true,
    cost: 28,
    ulp: { f32: 1.8, f64: 2 }
  },
  {
    // log(eᵃ + eᵇ). Where a == b, also at infinity, the distance is 0.
    name: 'log_add_exp',
    arguments: ['a', 'b'],
    value: '(a > b ? a : b) + log1p_unit(exp_nonpositive(a == b ? 0 : -abs(a - b)))',
    derivative: ['g * sigmoid(a == b ? 0 : a - b)', 'g * sigmoid(a == b ? 0 : b - a)'],
    word: true,
    cost: 32
  },
  {
    // log(eᵃ + eᵇ + eᵈ), for recurrences: one logarithm, and slopes whose exponentials are those of
    // the value. Where all three are -∞ the slopes are 0.
    name: 'log_add_exp3',
    arguments: ['a', 'b', 'd'],
    value: 'm = maximum(maximum(a, b), d); s = m > -inf ? m : 0; abs(m) < inf ? m + ' +
      'log_normal(exp_nonpositive(a - s) + exp_nonpositive(b - s) + exp_nonpositive(d - s)) : m',
    derivative: ['a', 'b', 'd'].map(argument =>
      'm = stop_gradient(maximum(maximum(a, b), d)); s = m > -inf ? m : 0; ' +
      't = exp_nonpositive(a - s) + exp_nonpositive(b - s) + exp_nonpositive(d - s); ' +
      `g * (exp_nonpositive(${argument} - s) / (m > -inf ? t : 1))`),
    word: false,
    cost: 60
  }
]
