// Asymmetric loss: positives and negatives have a focus of their own, easy negatives are dropped.

import type { Loss } from './loss.ts'

export const asymmetric: Loss = {
  name: 'asymmetric',
  torch: '',
  task: 'multi-label classification',
  summary: 'Binary cross-entropy with one focus for positives and a stronger one for negatives',
  choose: 'For images with a few labels out of very many. sigmoid-focal has one focus for both. ' +
    'Its reduction is sum by default, as published.',
  source: 'Ridnik 2020',
  formula: `
    reduction: 'none' | 'mean' | 'sum' = 'sum'
    input:  real[...]
    target: real[...]
    gamma_neg: number = 4
    gamma_pos: number = 1
    clip: number = 0.05      // a negative of a probability below counts as right
    eps:  number = 1e-8
    detach_focal: boolean = false      // the focus gives no gradient

    p = sigmoid(input)
    q = clamp_min(p - clip, 0)
    focus = x => detach_focal ? stop_gradient(x) : x
    positive = target * focus((1 - p) ** gamma_pos) * log(clamp_min(p, eps))
    negative = (1 - target) * focus(q ** gamma_neg) * log(clamp_min(1 - q, eps))
    -(positive + negative)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative']
  ],
  cases: [
    {
      title: 'The sum, the default',
      request: { input: [[1.2, -0.5, 0.3]], target: [[1, 0, 0]] },
      reply: {
        loss: 0.121736445,
        gradients: { input: [[-0.10041722655296326, 0.017129667103290558, 0.1437203288078308]] }
      }
    },
    {
      title: 'Without a gradient of the focus',
      request: {
        input: [[1.2, -0.5, 0.3]],
        target: [[1, 0, 0]],
        options: { detach_focal: true, reduction: 'none' }
      },
      reply: {
        loss: [[0.060943343, 0.004567173, 0.056225926]],
        gradients: { input: [[-0.05358075350522995, 0.004022255074232817, 0.03888599947094917]] }
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
