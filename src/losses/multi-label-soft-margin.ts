// Multi-label soft margin: the mean over the classes of a yes or no for each.

import type { Loss } from './loss.ts'

export const multiLabelSoftMargin: Loss = {
  name: 'multi-label-soft-margin',
  torch: 'MultiLabelSoftMarginLoss',
  task: 'multi-label classification',
  summary: 'The mean over the classes of the negative log-probability of each yes or no',
  choose: 'When any number of classes is right and each example shall have one value. ' +
    'bce-with-logits is the same without the mean over classes and can weigh positives.',
  source: 'torch.nn.MultiLabelSoftMarginLoss',
  formula: `
    input:  real[..., C]
    target: real[..., C]
    weight: real[..., C] to input = 1

    mean(weight * (target * softplus(-input) + (1 - target) * softplus(input)), C)`,
  tensorOptions: ['weight'],
  warn: [
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative without bound']
  ],
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[1.2, -0.5, 0.3], [-2, 0.1, 1]], target: [[1, 0, 1], [0, 0, 1]] },
      reply: {
        loss: 0.41271687,
        gradients: {
          input: [
            [-0.03857920318841934, 0.06292344629764557, -0.0709262490272522],
            [0.019867153838276863, 0.08749653398990631, -0.04482357203960419]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'With weights for the classes',
      request: {
        input: [[1.2, -0.5, 0.3], [-2, 0.1, 1]],
        target: [[1, 0, 1], [0, 0, 1]],
        options: { weight: [1, 2, 0.5], reduction: 'none' },
        gradients: ['input', 'target']
      },
      reply: {
        loss: [0.49620464, 0.5907841],
        gradients: {
          input: [
            [-0.07715840637683868, 0.2516937851905823, -0.0709262490272522],
            [0.039734307676553726, 0.34998613595962524, -0.04482357203960419]
          ],
          target: [
            [-0.40000003576278687, 0.3333333432674408, -0.050000011920928955],
            [0.6666666865348816, -0.06666666269302368, -0.1666666716337204]
          ]
        }
      }
    },
    {
      title: 'Weights for another number of classes',
      request: { input: [[1, 2, 3]], target: [[1, 0, 1]], options: { weight: [1, 2] } },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'weight has shape [2]; input [1,3] needs [1,3], or what broadcasts to it'
      }
    }
  ]
}
