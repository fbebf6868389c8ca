// Token cross-entropy: log-probabilities of tokens, each with a weight.

import type { Loss } from './loss.ts'

export const tokenCe: Loss = {
  name: 'token-ce',
  torch: '',
  task: 'sequences',
  summary: 'The negative sum of log-probabilities times weights',
  choose: 'When the model gives the log-probabilities of the right tokens: weights are 0 for a ' +
    'prompt and 1 for what shall be learnt. From logits take cross-entropy. The value is one ' +
    'number.',
  source: 'Tinker cross_entropy',
  formula: `
    logprobs: real[...]
    weights: real[...]

    -sum(weights * logprobs)`,
  warn: [
    ['differs(logprobs, weights)', 'broadcast',
      'logprobs {logprobs} and weights {weights} are broadcast to {...}: every pair counts. ' +
      'Give both the same shape if each logprobs has its own weights'],
    ['any(logprobs > 0)', 'positive_log_probabilities',
      'logprobs holds values above 0, which no log-probability is']
  ],
  cases: [
    {
      title: 'Four tokens, the first two a prompt',
      request: { logprobs: [-2, -1.5, -0.5, -0.2], weights: [0, 0, 1, 1], gradients: ['logprobs'] },
      reply: { loss: 0.7, gradients: { logprobs: [0, 0, -1, -1] } }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { logprobs: [-1, -2, -3], weights: [1, 1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'weights has shape [2]; it does not broadcast with logprobs [3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
