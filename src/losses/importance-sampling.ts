// Importance sampling: advantages, weighed by how much likelier a token has become.

import type { Loss } from './loss.ts'

export const importanceSampling: Loss = {
  name: 'importance-sampling',
  torch: '',
  task: 'preferences',
  summary: 'The negative sum of advantages times the ratio of new to sampling probability',
  choose: 'The plain policy gradient for tokens that an older policy has sampled. ppo keeps the ' +
    'ratio from running away. The value is one number.',
  source: 'Tinker importance_sampling',
  formula: `
    logprobs: real[...]
    sampling_logprobs: real[...]      // of the policy that sampled
    advantages: real[...]

    -sum(exp(logprobs - sampling_logprobs) * advantages)`,
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
        loss: -4.456275,
        gradients: { logprobs: [-1.2214027643203735, 0.40936535596847534, -3.644237518310547] }
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
