// Direct reward optimization: advantages, less a quadratic price for moving away.

import type { Loss } from './loss.ts'

export const dro: Loss = {
  name: 'dro',
  torch: '',
  task: 'preferences',
  summary: 'The negative sum of log-probability times advantage, plus beta/2 times the squared ' +
    'change of log-probability',
  choose: 'When rewards of single answers are given and the policy shall stay near the one that ' +
    'sampled. The value is one number.',
  source: 'Richemond 2024; Tinker dro',
  formula: `
    logprobs: real[...]
    sampling_logprobs: real[...]      // of the policy that sampled
    advantages: real[...]
    beta: number = 0.05

    -sum(logprobs * advantages - beta / 2 * (logprobs - sampling_logprobs) ** 2)`,
  warn: [
    ['any(logprobs > 0)', 'positive_log_probabilities',
      'logprobs holds values above 0, which no log-probability is']
  ],
  cases: [
    {
      title: 'Three tokens',
      request: {
        logprobs: [-0.5, -1.2, -0.3],
        sampling_logprobs: [-0.7, -1, -0.9],
        advantages: [1, -0.5, 2],
        gradients: ['logprobs']
      },
      reply: {
        loss: 0.511,
        gradients: { logprobs: [-0.9900000095367432, 0.49000000953674316, -1.9700000286102295] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { logprobs: [[-1, -2, -3]], sampling_logprobs: [-1, -2], advantages: [1, 1, 1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'sampling_logprobs has shape [2]; it does not broadcast with logprobs [1,3]: 2 ' +
          'against 3 in dimension 0'
      }
    }
  ]
}
