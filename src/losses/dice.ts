// Dice: twice the overlap of two areas over the sum of their sizes.

import type { Loss } from './loss.ts'

export const dice: Loss = {
  name: 'dice',
  torch: '',
  task: 'segmentation',
  summary: 'One minus the Dice score of each class over the batch, averaged over the classes',
  choose: 'When the foreground is small: the loss looks at areas, not at single pixels. Add it ' +
    'to bce-with-logits for calm gradients at the start. The value is one number.',
  source: 'Milletari 2016 (V-Net); segmentation_models_pytorch',
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
    score = (2 * overlap + smooth) / clamp_min(sum(p + target, N, S) + smooth, eps)
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
        loss: 0.32239515,
        gradients: {
          input: [
            [
              [
                -0.028995849192142487, 0.01962743140757084, -0.03984541445970535,
                0.008769030682742596
              ]
            ],
            [
              [
                0.016420966014266014, 0.020066499710083008, -0.01711340621113777,
                -0.04064697399735451
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
        loss: 0.19148928,
        gradients: {
          input: [
            [[-0.2535083591938019, 0.17202356457710266, -0.2535083591938019, 0.17202356457710266]]
          ]
        }
      }
    },
    {
      title: 'A class that is nowhere',
      request: { input: [[[1, -1], [0.5, 2]]], target: [[[1, 0], [0, 0]]] },
      reply: {
        loss: 0.1344707,
        gradients: { input: [[[-0.06237225607037544, 0.035933710634708405], [0, 0]]] }
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
