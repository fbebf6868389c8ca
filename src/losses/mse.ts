// Mean squared error: the distance counts squared, so that large errors pull hardest.

import type { Loss } from './loss.ts'

export const mse: Loss = {
  name: 'mse',
  torch: 'MSELoss',
  task: 'regression',
  summary: 'The squared difference between input and target',
  choose: 'The usual start for regression; its best guess is the mean. A few targets that are ' +
    'far off dominate it: then take huber or l1.',
  source: 'torch.nn.MSELoss',
  formula: `
    input:  real[...]
    target: real[...]

    (input - target) ** 2`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. ' +
      'Give both the same shape if each input has its own target']
  ],
  cases: [
    {
      title: 'Three predictions',
      request: { input: [[1], [2.5], [0]], target: [[1.2], [2.2], [0.5]] },
      reply: {
        loss: 0.12666667,
        gradients: { input: [[-0.13333337], [0.19999997], [-0.33333334]] },
        denominator: 3
      }
    },
    {
      title: 'One value for each element',
      request: { input: [1, 2, 3], target: [1.5, 2, 1], options: { reduction: 'none' } },
      reply: { loss: [0.25, 0, 4], gradients: { input: [-1, 0, 4] } }
    },
    {
      title: 'A column against a row: every pair counts',
      request: { input: [[1], [2]], target: [1, 2], gradients: ['input', 'target'] },
      reply: {
        loss: 0.5,
        gradients: { input: [[-0.5], [0.5]], target: [-0.5, 0.5] },
        denominator: 4
      },
      warnings: ['broadcast']
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2], [3, 4]], target: [1, 2, 3] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [3]; it does not broadcast with input [2,2]: 3 against 2 in ' +
          'dimension 0'
      }
    }
  ]
}
