// Negative log-likelihood: the log-probability of the right class with its sign changed.

import type { Loss } from './loss.ts'

export const nll: Loss = {
  name: 'nll',
  torch: 'NLLLoss',
  task: 'multi-class classification',
  summary: 'The negative log-probability of the right class, taken from log-probabilities',
  choose: 'When the model ends in a log-softmax of its own. For raw logits take cross-entropy.',
  source: 'torch.nn.NLLLoss',
  formula: `
    input:  real[N?, C, ...]      // log-probabilities
    target: class[N?, ...] like input
    weight: real[C] = 1
    ignore_index: integer = -100

    kept = target != ignore_index
    denominator = kept ? weight[target] : 0
    kept ? -weight[target] * input[target] : 0`,
  tensorOptions: ['weight'],
  frozen: [['weight', 'true', 'weight has no gradient; input has one']],
  warn: [
    ["reduction == 'mean' && !any(kept)", 'no_valid_targets',
      'No target counts (there is none, or all are ignore_index {ignore_index}), so the mean is ' +
      'NaN and its gradient zero: leave such batches out'],
    ['any(kept && input[target] > 0)', 'positive_log_probabilities',
      'input holds values above 0, which no log-probability is: take cross-entropy for logits, ' +
      'or apply log_softmax first']
  ],
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[-0.5, -1.5, -1.2], [-2, -0.2, -3]], target: [0, 1] },
      reply: { loss: 0.35, gradients: { input: [[-0.5, 0, 0], [0, -0.5, 0]] }, denominator: 2 }
    },
    {
      title: 'With weights the mean divides by the weights of the targets',
      request: {
        input: [[-0.5, -1.5, -1.2], [-2, -0.2, -3]],
        target: [0, 1],
        options: { weight: [1, 2, 0.5] }
      },
      reply: {
        loss: 0.29999998,
        gradients: { input: [[-0.33333334, 0, 0], [0, -0.6666667, 0]] },
        denominator: 3
      }
    },
    {
      title: 'Probabilities as targets',
      request: { input: [[-0.5, -1.5, -1.2]], target: [[1, 0, 0]] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [1,3]; input [1,3] needs [1]' }
    }
  ]
}
