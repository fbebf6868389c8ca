// CISPO: the clipped ratio is a weight, so that every token keeps its gradient.

import type { Loss } from './loss.ts'

export const cispo: Loss = {
  name: 'cispo',
  torch: '',
  task: 'preferences',
  summary: 'The negative sum of log-probability times advantage times clipped ratio, which ' +
    'gives no gradient',
  choose: 'When ppo silences too many tokens by clipping. The value is one number.',
  source: 'MiniMax 2025; Tinker cispo',
  formula: `
    logprobs: real[...]
    sampling_logprobs: real[...]      // of the policy that sampled
    advantages: real[...]
    clip_low_threshold: number = 0.8
    clip_high_threshold: number = 1.2

    ratio = exp(logprobs - sampling_logprobs)
    clipped = clamp(ratio, clip_low_threshold, clip_high_threshold)
    -sum(stop_gradient(clipped) * logprobs * advantages)`,
  frozen: [
    ['sampling_logprobs', 'true',
      'sampling_logprobs has no gradient: the clipped ratio counts as a constant']
  ],
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
        loss: 0.8287616,
        gradients: { logprobs: [-1.2000000476837158, 0.40936535596847534, -2.4000000953674316] }
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
