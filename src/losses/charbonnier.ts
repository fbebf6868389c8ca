// Charbonnier: the absolute error, rounded off at zero by a small eps.

import type { Loss } from './loss.ts'

export const charbonnier: Loss = {
  name: 'charbonnier',
  torch: '',
  task: 'regression with outliers',
  summary: 'The root of the squared error plus eps squared',
  choose: 'For images and other dense targets, where l1 is wanted with a gradient that passes ' +
    'smoothly through zero.',
  source: 'Charbonnier 1994; Lai 2017 (LapSRN)',
  formula: `
    input:  real[...]
    target: real[...]
    eps: number = 1e-3

    sqrt((input - target) ** 2 + eps ** 2)`,
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
        loss: 2.0000005,
        gradients: { input: [0.3333326578140259, 0.3333333134651184, -0.3333333134651184] },
        denominator: 3
      }
    },
    {
      title: 'A wider rounding',
      request: {
        input: [0.5, 2, -3],
        target: [0, 0, 0.5],
        options: { eps: 0.5, reduction: 'none' }
      },
      reply: {
        loss: [0.70710677, 2.0615528, 3.535534],
        gradients: { input: [0.7071067690849304, 0.9701425433158875, -0.9899495244026184] }
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
