// Wing: small errors pull as hard as large ones, so that the last bit of them goes too.

import type { Loss } from './loss.ts'

export const wing: Loss = {
  name: 'wing',
  torch: '',
  task: 'regression with outliers',
  summary: 'A logarithm of the error below w, a line beyond',
  choose: 'For landmarks and keypoints, where errors are small and shall become smaller still. ' +
    'For the opposite, calm near zero, take huber.',
  source: 'Feng 2018',
  formula: `
    input:  real[...]
    target: real[...]
    w:   number > 0 = 10      // where the line begins
    eps: number > 0 = 2       // smaller is steeper at zero

    error = abs(input - target)
    error < w ? w * log1p(error / eps) : error - (w - w * log1p(w / eps))`,
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
        loss: 6.426306,
        gradients: { input: [1.3333333730697632, 0.8333333730697632, -0.6060606241226196] },
        denominator: 3
      }
    },
    {
      title: 'Inside the logarithm and beyond',
      request: {
        input: [0.5, 2, -3],
        target: [0, 0, 0.5],
        options: { w: 1.5, eps: 0.5, reduction: 'none' }
      },
      reply: { loss: [1.0397208, 2.5794415, 4.0794415], gradients: { input: [1.5, 1, -1] } }
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
