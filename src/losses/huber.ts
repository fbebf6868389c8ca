// Huber: quadratic near zero, linear beyond delta, so that an outlier pulls with bounded force.

import type { Loss } from './loss.ts'

export const huber: Loss = {
  name: 'huber',
  torch: 'HuberLoss',
  task: 'regression with outliers',
  summary: 'Squared error for small errors, absolute error for large ones',
  choose: 'When a few targets may be far off. Smaller delta trusts outliers less; smooth-l1 is ' +
    'the same divided by delta.',
  source: 'Huber 1964; torch.nn.HuberLoss',
  formula: `
    input:  real[...]
    target: real[...]
    delta:  number > 0 = 1      // where the square ends and the line begins

    error = input - target
    bent  = clamp(error, -delta, delta)
    bent * (error - bent / 2)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. ' +
      'Give both the same shape if each input has its own target']
  ],
  cases: [
    {
      title: 'Inside and outside the square',
      request: { input: [0.5, 2, -3], target: [0, 0, 0] },
      reply: {
        loss: 1.375,
        gradients: { input: [0.16666667, 0.33333334, -0.33333334] },
        denominator: 3
      }
    },
    {
      title: 'A wider square',
      request: { input: [0.5, 2, -3], target: [0, 0, 0], options: { delta: 2, reduction: 'sum' } },
      reply: { loss: 6.125, gradients: { input: [0.5, 2, -2] } }
    },
    {
      title: 'A delta that is not positive',
      request: { input: [1], target: [1], options: { delta: 0 } },
      refused: { code: 'OPTION_INVALID', detail: 'The option delta must be a number > 0; got 0' }
    }
  ]
}
