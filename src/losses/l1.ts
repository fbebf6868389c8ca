// Absolute error: every unit of distance counts the same.

import type { Loss } from './loss.ts'

export const l1: Loss = {
  name: 'l1',
  torch: 'L1Loss',
  task: 'regression with outliers',
  summary: 'The absolute difference between input and target',
  choose: 'When targets have outliers; its best guess is the median. The gradient does not ' +
    'shrink near the target: smooth-l1 or huber converge more calmly.',
  source: 'torch.nn.L1Loss',
  formula: `
    input:  real[...]
    target: real[...]

    abs(input - target)`,
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
        loss: 0.33333334,
        gradients: { input: [[-0.33333334], [0.33333334], [-0.33333334]] },
        denominator: 3
      }
    },
    {
      title: 'The sum, with both gradients; at the target the slope is 0',
      request: {
        input: [1, 2, -1],
        target: [1, 4, 2],
        options: { reduction: 'sum' },
        gradients: ['input', 'target']
      },
      reply: { loss: 5, gradients: { input: [0, -1, -1], target: [0, 1, 1] } }
    },
    {
      title: 'A reduction that does not exist',
      request: { input: [1], target: [1], options: { reduction: 'average' } },
      refused: {
        code: 'OPTION_INVALID',
        detail: "The option reduction must be 'none' or 'mean' or 'sum'; got 'average'"
      }
    }
  ]
}
