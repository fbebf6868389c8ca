// Log-cosh: a square near zero that turns into a line, smooth everywhere.

import type { Loss } from './loss.ts'

export const logCosh: Loss = {
  name: 'log-cosh',
  torch: '',
  task: 'regression with outliers',
  summary: 'The logarithm of the hyperbolic cosine of the error',
  choose: 'Like huber with delta 1, without a place where the slope changes suddenly; the ' +
    'gradient is tanh of the error. With a delta of your own take huber.',
  source: 'Keras LogCosh',
  formula: `
    input:  real[...]
    target: real[...]

    error = input - target
    error + softplus(-2 * error) - log(2)`,
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
        loss: 1.4176273,
        gradients: { input: [0.15403905510902405, 0.3213425278663635, -0.33272597193717957] },
        denominator: 3
      }
    },
    {
      title: 'Large errors do not overflow',
      request: { input: [1000, -1000], target: [0, 0], options: { reduction: 'none' } },
      reply: { loss: [999.3068, 999.3068], gradients: { input: [1, -1] } }
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
