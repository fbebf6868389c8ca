// Quantile (pinball): the best guess is not the middle but a quantile.

import type { Loss } from './loss.ts'

export const quantile: Loss = {
  name: 'quantile',
  torch: '',
  task: 'regression',
  summary: 'The absolute error, weighed by q above the prediction and by 1 - q below',
  choose: 'When the model shall give a bound that q of all targets lie under: intervals, ' +
    'delivery times, risks. With q 0.5 it is half of l1. At the target itself the slope is 1/2 ' +
    '- q.',
  source: 'Koenker and Bassett 1978',
  formula: `
    input:  real[...]
    target: real[...]
    q: number >= 0 <= 1 = 0.5

    d = target - input
    maximum(q * d, (q - 1) * d)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target']
  ],
  cases: [
    {
      title: 'The median',
      request: { input: [0.5, 2, -3], target: [0, 0, 0.5] },
      reply: {
        loss: 1,
        gradients: { input: [0.1666666716337204, 0.1666666716337204, -0.1666666716337204] },
        denominator: 3
      }
    },
    {
      title: 'The ninth decile',
      request: { input: [0.5, 2, -3], target: [0, 0, 0.5], options: { q: 0.9, reduction: 'none' } },
      reply: {
        loss: [0.05, 0.2, 3.1499999],
        gradients: { input: [0.10000000149011612, 0.10000000149011612, -0.8999999761581421] }
      }
    },
    {
      title: 'A quantile that does not exist',
      request: { input: [1], target: [1], options: { q: 1.5 } },
      refused: {
        code: 'OPTION_INVALID',
        detail: 'The option q must be a number >= 0 and <= 1; got 1.5'
      }
    }
  ]
}
