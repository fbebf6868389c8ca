// Cauchy: an error far off hardly pulls at all.

import type { Loss } from './loss.ts'

export const cauchy: Loss = {
  name: 'cauchy',
  torch: '',
  task: 'regression with outliers',
  summary: 'The logarithm of one plus the squared error in units of c, scaled to a square near ' +
    'zero',
  choose: 'When some targets are plainly wrong and shall lose their say: beyond c the gradient ' +
    'falls again. huber keeps it constant.',
  source: 'Black and Anandan 1996; Barron 2019',
  formula: `
    input:  real[...]
    target: real[...]
    c: number = 1      // where the pull is strongest

    c ** 2 / 2 * log1p(((input - target) / c) ** 2)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target']
  ],
  cases: [
    {
      title: 'Three errors',
      request: { input: [0.5, 2, -3], target: [0, 0, 0.5] },
      reply: {
        loss: 0.73609656,
        gradients: { input: [0.13333334028720856, 0.13333334028720856, -0.08805032074451447] },
        denominator: 3
      }
    },
    {
      title: 'A wider middle',
      request: { input: [0.5, 2, -3], target: [0, 0, 0.5], options: { c: 2, reduction: 'none' } },
      reply: {
        loss: [0.12124924, 1.3862944, 2.8035972],
        gradients: { input: [0.47058823704719543, 1, -0.8615384697914124] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2, 3], [4, 5, 6]], target: [1, 2] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [2]; it does not broadcast with input [2,3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
