// Binary cross-entropy of logits: the sigmoid is inside, so that nothing overflows or vanishes.

import type { Loss } from './loss.ts'

export const bceWithLogits: Loss = {
  name: 'bce-with-logits',
  torch: 'BCEWithLogitsLoss',
  task: 'binary classification',
  summary: 'The negative log-probability of each yes or no under the sigmoid of the logits',
  choose: 'The usual choice for yes or no, and for several labels that may all be right. ' +
    'pos_weight above 1 makes up for rare positives. If exactly one class is right take ' +
    'cross-entropy.',
  source: 'torch.nn.BCEWithLogitsLoss',
  formula: `
    input:  real[...]
    target: real[...] like input
    weight: real[...] to input = 1
    pos_weight: real[...] to input = 1      // counts for the positives only

    weight * ((1 - target) * input + ((pos_weight - 1) * target + 1) * softplus(-input))`,
  tensorOptions: ['weight', 'pos_weight'],
  floating: true,
  frozen: [
    ['weight', 'true', 'weight has no gradient; input and target have one'],
    ['pos_weight', 'true', 'pos_weight has no gradient; input and target have one']
  ],
  warn: [
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative without bound'],
    ['sum(input >= 0 && input <= 1 ? 1 : -inf) >= 16', 'probabilities_as_logits',
      'All of input lies in 0 to 1: it looks like the result of a sigmoid, but the loss takes ' +
      'logits and applies the sigmoid itself']
  ],
  cases: [
    {
      title: 'Four logits',
      request: { input: [[0.8], [-1.2], [2], [-0.3]], target: [[1], [0], [1], [1]] },
      reply: {
        loss: 0.4039166,
        gradients: { input: [[-0.07750638], [0.057868805], [-0.029800743], [-0.14361063]] },
        denominator: 4
      }
    },
    {
      title: 'Positives count three times',
      request: {
        input: [[0.5], [-1], [2], [0]],
        target: [[1], [0], [1], [0]],
        options: { pos_weight: [3], reduction: 'sum' },
        gradients: ['input', 'target']
      },
      reply: {
        loss: 2.809424,
        gradients: {
          input: [[-1.132622], [0.26894143], [-0.3576088], [0.5]],
          target: [[0.44815397], [3.6265235], [-1.746144], [1.3862944]]
        }
      }
    },
    {
      title: 'A weight that is larger than the input',
      request: { input: [1, 2], target: [0, 1], options: { weight: [[1, 2], [3, 4]] } },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'weight has shape [2,2]; input [2] needs [2], or what broadcasts to it'
      }
    }
  ]
}
