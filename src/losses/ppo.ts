// Proximal policy optimization: the ratio of probabilities gains nothing beyond its bounds.

import type { Loss } from './loss.ts'

export const ppo: Loss = {
  name: 'ppo',
  torch: '',
  task: 'preferences',
  summary: 'The negative sum of the smaller of advantage times ratio and advantage times ' +
    'clipped ratio',
  choose: 'The usual choice for a policy that learns from rewards. The thresholds are the ' +
    'bounds of the ratio itself, 0.8 and 1.2, not distances from 1. The value is one number.',
  source: 'Schulman 2017; Tinker ppo',
  formula: `
    logprobs: real[...]
    sampling_logprobs: real[...]      // of the policy that sampled
    advantages: real[...]
    clip_low_threshold: number = 0.8
    clip_high_threshold: number = 1.2

    ratio = exp(logprobs - sampling_logprobs)
    clipped = clamp(ratio, clip_low_threshold, clip_high_threshold)
    -sum(minimum(ratio * advantages, clipped * advantages))`,
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
      reply: { loss: -3.1906347, gradients: { logprobs: [0, 0.40936535596847534, 0] } }
    },
    {
      title: 'Wider bounds',
      request: {
        logprobs: [-0.5, -1.2, -0.3],
        sampling_logprobs: [-0.7, -1, -0.9],
        advantages: [1, -0.5, 2],
        options: { clip_low_threshold: 0.5, clip_high_threshold: 2 },
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
