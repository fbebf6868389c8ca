// Mean squared logarithmic error: ratios count, not differences.

import type { Loss } from './loss.ts'

export const msle: Loss = {
  name: 'msle',
  torch: '',
  task: 'regression',
  summary: 'The squared difference of the logarithms of one plus input and target',
  choose: 'For positive targets over several orders of magnitude, where twice as much is as ' +
    'wrong for 10 as for 1000.',
  source: 'Keras MeanSquaredLogarithmicError',
  formula: `
    input:  real[...]
    target: real[...]

    (log1p(input) - log1p(target)) ** 2`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(input <= -1 || target <= -1)', 'logarithm_undefined',
      'input or target holds values up to -1, whose logarithm here is -Infinity or NaN']
  ],
  cases: [
    {
      title: 'Three predictions',
      request: { input: [10, 100, 0.5], target: [12, 90, 0] },
      reply: {
        loss: 0.06772643,
        gradients: { input: [-0.010124481283128262, 0.0006881909212097526, 0.18020671606063843] },
        denominator: 3
      }
    },
    {
      title: 'One value for each',
      request: { input: [3, 0], target: [1, 1], options: { reduction: 'none' } },
      reply: {
        loss: [0.480453, 0.480453],
        gradients: { input: [0.3465735912322998, -1.3862943649291992] }
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
