// Binary cross-entropy of probabilities. Logarithms are cut off at -100, so that the loss stays
// finite; PyTorch's gradient is not the derivative of that, and is given beside it.

import type { Loss } from './loss.ts'

export const bce: Loss = {
  name: 'bce',
  torch: 'BCELoss',
  task: 'binary classification',
  summary: 'The negative log-probability of each yes or no, taken from probabilities',
  choose: 'When the model ends in a sigmoid that cannot be left out. bce-with-logits computes ' +
    'the same from logits and keeps its accuracy where probabilities are near 0 or 1.',
  source: 'torch.nn.BCELoss',
  formula: `
    input:  real[...] >= 0 <= 1
    target: real[...] >= 0 <= 1 like input
    weight: real[...] to input = 1

    p = log(input)
    q = log(1 - input)
    loss = -(target * clamp_min(p, -100) + (1 - target) * clamp_min(q, -100))
    slope = (input - target) / clamp_min(input * (1 - input), 1e-12)
    weight * with_derivative(loss, input, slope, target, q - p)`,
  tensorOptions: ['weight'],
  floating: true,
  frozen: [['weight', 'true', 'weight has no gradient; input and target have one']],
  warn: [
    ['any(input == 0 && target > 0 || input == 1 && target < 1)', 'saturated_probabilities',
      'input holds 0 or 1 where target says otherwise: the loss is cut off at 100 and the ' +
      'gradient is huge or lost. Take bce-with-logits and leave out the sigmoid']
  ],
  cases: [
    {
      title: 'Four probabilities',
      request: { input: [[0.9], [0.2], [0.6], [0.4]], target: [[1], [0], [1], [0]] },
      reply: {
        loss: 0.33753884,
        gradients: { input: [[-0.2777778], [0.31249997], [-0.41666666], [0.41666666]] },
        denominator: 4
      }
    },
    {
      title: 'Weighted columns',
      request: {
        input: [[0.9, 0.2], [0.6, 0.4]],
        target: [[1, 0], [1, 0]],
        options: { weight: [1, 2], reduction: 'sum' },
        gradients: ['input', 'target']
      },
      reply: {
        loss: 2.0841246,
        gradients: {
          input: [[-1.1111112, 2.4999998], [-1.6666666, 3.3333333]],
          target: [[-2.1972244, 2.7725887], [-0.4054652, 0.8109303]]
        }
      }
    },
    {
      title: 'Logits instead of probabilities',
      request: { input: [0.5, 1.5], target: [0, 1] },
      refused: {
        code: 'VALUE_RANGE',
        detail: 'all elements of input must be >= 0 and <= 1; it holds 1.5 at [1]'
      }
    },
    {
      title: 'A row against a column',
      request: { input: [[0.1], [0.2]], target: [0, 1] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [2]; input [2,1] needs [2,1]' }
    }
  ]
}
