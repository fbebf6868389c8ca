// Jaccard: the overlap of two areas over their union.

import type { Loss } from './loss.ts'

export const jaccard: Loss = {
  name: 'jaccard',
  torch: '',
  task: 'segmentation',
  summary: 'One minus the intersection over union of each class over the batch, averaged over ' +
    'the classes',
  choose: 'When intersection over union is what is measured in the end. dice is the same in ' +
    'another scale and a little calmer. The value is one number.',
  source: 'Rahman and Wang 2016; segmentation_models_pytorch',
  formula: `
    input:  real[N, C, ...S]
    target: real[N, C, ...S]      // 1 inside, 0 outside
    from_logits: boolean = true   // applies the sigmoid to input
    log_loss: boolean = false     // -log(score) instead of 1 - score
    smooth: number >= 0 = 0
    eps:    number >= 0 = 1e-7
    gamma:  number > 0 = 1

    p = from_logits ? sigmoid(input) : input
    overlap = sum(p * target, N, S)
    score = (overlap + smooth) / clamp_min(sum(p + target, N, S) - overlap + smooth, eps)
    loss = log_loss ? -log(clamp_min(score, eps)) : 1 - score
    mean(sum(target, N, S) > 0 ? loss : 0, C) ** gamma`,
  warn: [
    ['any(!(sum(target, N, S) > 0))', 'empty_class',
      'A class has no pixel in target: its loss is 0 and still counts in the mean']
  ],
  cases: [
    {
      title: 'Two images of four pixels, one class',
      request: {
        input: [[[1.2, -0.5, 0.3, -2]], [[-1, 0.4, 2, 0.1]]],
        target: [[[1, 0, 1, 0]], [[0, 0, 1, 1]]]
      },
      reply: {
        loss: 0.48759276,
        gradients: {
          input: [
            [
              [
                -0.033162202686071396, 0.022447656840085983, -0.04557071626186371,
                0.010029032826423645
              ]
            ],
            [
              [
                0.018780458718538284, 0.022949811071157455, -0.019572395831346512,
                -0.04648745432496071
              ]
            ]
          ]
        }
      }
    },
    {
      title: 'Smoothed, from probabilities',
      request: {
        input: [[[0.8, 0.2, 0.6, 0.1]]],
        target: [[[1, 0, 1, 0]]],
        options: { from_logits: false, smooth: 1 }
      },
      reply: {
        loss: 0.2727272,
        gradients: {
          input: [
            [[-0.3030303120613098, 0.22038571536540985, -0.3030303120613098, 0.22038571536540985]]
          ]
        }
      }
    },
    {
      title: 'A class that is nowhere',
      request: { input: [[[1, -1], [0.5, 2]]], target: [[[1, 0], [0, 0]]] },
      reply: {
        loss: 0.21194154,
        gradients: { input: [[[-0.07747083902359009, 0.04463227093219757], [0, 0]]] }
      },
      warnings: ['empty_class']
    },
    {
      title: 'Another number of pixels',
      request: { input: [[[1, 2, 3]]], target: [[[1, 0]]] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [1,1,2]; input [1,1,3] needs [1,1,3]'
      }
    }
  ]
}
