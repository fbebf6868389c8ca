// Mean absolute percentage error: the error as a part of the target.

import type { Loss } from './loss.ts'

export const mape: Loss = {
  name: 'mape',
  torch: '',
  task: 'regression',
  summary: 'The absolute error divided by the absolute target',
  choose: 'When errors are judged in per cent. It prefers predictions that are too low, and ' +
    'targets near zero dominate it: then take msle.',
  source: 'Keras MeanAbsolutePercentageError (without its factor of 100)',
  formula: `
    input:  real[...]
    target: real[...]
    eps: number > 0 = 1.17e-6      // a smaller target counts as this

    abs(input - target) / clamp_min(abs(target), eps)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(abs(target) < eps)', 'small_target',
      'target holds values below eps {eps}, which count as eps: their errors are huge']
  ],
  cases: [
    {
      title: 'Three predictions',
      request: { input: [9, 110, 0.5], target: [10, 100, 1] },
      reply: {
        loss: 0.23333333,
        gradients: { input: [-0.03333333507180214, 0.0033333334140479565, -0.3333333432674408] },
        denominator: 3
      }
    },
    {
      title: 'A target of 0',
      request: { input: [0.5], target: [0], options: { eps: 0.1, reduction: 'none' } },
      reply: { loss: [5], gradients: { input: [10] } },
      warnings: ['small_target']
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
