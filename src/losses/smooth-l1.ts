// Smooth L1: the absolute error, rounded off below beta. It is huber divided by beta.

import type { Loss } from './loss.ts'

export const smoothL1: Loss = {
  name: 'smooth-l1',
  torch: 'SmoothL1Loss',
  task: 'regression with outliers',
  summary: 'Absolute error whose corner at zero is rounded off below beta',
  choose: 'For box regression and other targets with outliers; its gradient is ±1 far away ' +
    'whatever beta is. With beta 0 it is l1; huber keeps the square and bounds the line instead.',
  source: 'Girshick 2015 (Fast R-CNN); torch.nn.SmoothL1Loss',
  formula: `
    input:  real[...]
    target: real[...]
    beta:   static number >= 0 = 1      // where the rounding ends

    error = input - target
    bent  = clamp(error, -beta, beta)
    beta == 0 ? abs(error) : bent * (error - bent / 2) / beta`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. ' +
      'Give both the same shape if each input has its own target']
  ],
  cases: [
    {
      title: 'Inside and outside the rounding',
      request: { input: [0.5, 2, -3], target: [0, 0, 0] },
      reply: {
        loss: 1.375,
        gradients: { input: [0.16666667, 0.33333334, -0.33333334] },
        denominator: 3
      }
    },
    {
      title: 'A smaller rounding, one value for each element',
      request: {
        input: [0.25, 2, -3],
        target: [0, 0, 0],
        options: { beta: 0.5, reduction: 'none' }
      },
      reply: { loss: [0.0625, 1.75, 2.75], gradients: { input: [0.5, 1, -1] } }
    },
    {
      title: 'No rounding: the absolute error',
      request: { input: [0.25, 2, 0], target: [0, 0, 0], options: { beta: 0, reduction: 'sum' } },
      reply: { loss: 2.25, gradients: { input: [1, 1, 0] } }
    },
    {
      title: 'A negative beta',
      request: { input: [1], target: [1], options: { beta: -1 } },
      refused: { code: 'OPTION_INVALID', detail: 'The option beta must be a number >= 0; got -1' }
    }
  ]
}
