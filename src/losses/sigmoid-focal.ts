// Sigmoid focal loss: what is already right counts less, so that rare positives are heard.

import type { Loss } from './loss.ts'

export const sigmoidFocal: Loss = {
  name: 'sigmoid-focal',
  torch: '',
  task: 'binary classification',
  summary: 'Binary cross-entropy of logits, weighed down where the answer is already right',
  choose: 'For detection and other problems with few positives among many easy negatives. gamma ' +
    '0 is a weighted bce-with-logits. Its reduction is none by default, as in torchvision.',
  source: 'Lin 2017; torchvision.ops.sigmoid_focal_loss',
  formula: `
    reduction: 'none' | 'mean' | 'sum' = 'none'
    input:  real[...]
    target: real[...]
    alpha: number = 0.25      // weight of the positives; negative for none
    gamma: number = 2         // 0: no focus

    p = sigmoid(input)
    right = p * target + (1 - p) * (1 - target)
    cross = (1 - target) * input + softplus(-input)
    loss = cross * (1 - right) ** gamma
    alpha < 0 ? loss : (alpha * target + (1 - alpha) * (1 - target)) * loss`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative']
  ],
  cases: [
    {
      title: 'One value for each, the default',
      request: { input: [[0.8], [-1.2], [2]], target: [[1], [0], [1]] },
      reply: {
        loss: [[0.008917161], [0.010580159], [0.00045089112]],
        gradients: {
          input: [[-0.019754815846681595], [0.025564193725585938], [-0.0012177361641079187]]
        }
      }
    },
    {
      title: 'The mean, without a weight',
      request: {
        input: [[0.8], [-1.2], [2]],
        target: [[1], [0], [1]],
        options: { alpha: -1, gamma: 1.5, reduction: 'mean' }
      },
      reply: {
        loss: 0.03286832,
        gradients: {
          input: [[-0.03993900865316391], [0.019859859719872475], [-0.003935858607292175]]
        },
        denominator: 3
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
