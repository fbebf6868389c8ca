// Kullback-Leibler divergence: how far a distribution is from the one that is right.

import type { Loss } from './loss.ts'

export const klDiv: Loss = {
  name: 'kl-div',
  torch: 'KLDivLoss',
  task: 'distributions',
  summary: 'The divergence of the distribution input, given as log-probabilities, from the ' +
    'distribution target',
  choose: 'When the target is a distribution: a teacher, soft labels. Reduction batchmean is ' +
    'the divergence itself; mean divides by the number of elements, as PyTorch does. Input must ' +
    'be log-probabilities: apply log_softmax to logits, or take cross-entropy with ' +
    'probabilities.',
  source: 'torch.nn.KLDivLoss',
  formula: `
    reduction: 'none' | 'mean' | 'sum' | 'batchmean' = 'mean'
    input:  real[N~?, ...~]      // log-probabilities
    target: real[N~?, ...~] | real[...]
    log_target: boolean = false      // target holds log-probabilities, too

    loss = log_target ? exp(target) * (target - input) : xlogy(target, target) - target * input
    reduction == 'batchmean' ? sum(loss) / (has(input, N) ? N : 1) : loss`,
  warn: [
    ["reduction == 'mean' && (has(input, N) || has(target, N))", 'mean_of_elements',
      'The mean divides by the number of elements, not of distributions: batchmean is the ' +
      'divergence itself'],
    ['any(input > 0)', 'positive_log_probabilities',
      'input holds values above 0, which no log-probability is: apply log_softmax first'],
    ['!log_target && any(target < 0)', 'target_out_of_range',
      'target holds negative values, whose loss is NaN: with log_target it holds ' +
      'log-probabilities']
  ],
  cases: [
    {
      title: 'Two distributions over three classes',
      request: {
        input: [[-0.5, -1.5, -1.7], [-1.1, -1.1, -1.1]],
        target: [[0.7, 0.2, 0.1], [0, 0.5, 0.5]],
        options: { reduction: 'batchmean' }
      },
      reply: {
        loss: 0.21251713,
        gradients: {
          input: [
            [-0.3499999940395355, -0.10000000149011612, -0.05000000074505806],
            [0, -0.25, -0.25]
          ]
        }
      }
    },
    {
      title: 'The mean over all elements is not the divergence',
      request: { input: [[-0.5, -1.5, -1.7]], target: [[0.7, 0.2, 0.1]] },
      reply: {
        loss: 0.006060481,
        gradients: { input: [[-0.23333333432674408, -0.06666667014360428, -0.03333333507180214]] },
        denominator: 3
      },
      warnings: ['mean_of_elements']
    },
    {
      title: 'Log-probabilities on both sides',
      request: {
        input: [-0.5, -1],
        target: [-0.25, -1.5],
        options: { log_target: true, reduction: 'sum' },
        gradients: ['input', 'target']
      },
      reply: {
        loss: 0.08313511,
        gradients: {
          input: [-0.7788007855415344, -0.22313016653060913],
          target: [0.9735009670257568, 0.11156508326530457]
        }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[-1, -2, -3], [-1, -2, -3]], target: [0.5, 0.5] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [2]; input [2,3] needs [2,3]' }
    }
  ]
}
