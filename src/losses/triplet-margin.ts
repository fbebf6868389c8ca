// Triplet margin: an anchor is nearer to what belongs to it than to what does not, by a margin.

import type { Loss } from './loss.ts'

export const tripletMargin: Loss = {
  name: 'triplet-margin',
  torch: 'TripletMarginLoss',
  task: 'embeddings',
  summary: 'How far the positive is from the anchor beyond the negative, plus a margin',
  choose: 'When examples come in threes: an anchor, one of its kind, one of another. swap also ' +
    'looks at the distance of the positive to the negative and takes the harder one. For other ' +
    'distances take triplet-margin-with-distance.',
  source: 'Balntas 2016; torch.nn.TripletMarginLoss',
  formula: `
    anchor:   real[...~, D]
    positive: real[...~, D]
    negative: real[...~, D]
    margin: number > 0 = 1
    p: static number >= 0 = 2      // the norm
    eps: number = 1e-6      // added to every difference
    swap: boolean = false

    distance = (a, b) => norm(a - b + eps, p, D)
    far = distance(anchor, negative)
    further = swap ? minimum(far, distance(positive, negative)) : far
    relu(margin + distance(anchor, positive) - further)`,
  warn: [
    ['p < 1', 'norm_not_convex',
      'p is {p}: below 1 the norm is not convex and its gradient can be NaN']
  ],
  cases: [
    {
      title: 'One triplet',
      request: { anchor: [[1, 0.5]], positive: [[0.8, 1]], negative: [[0, 1.2]] },
      reply: {
        loss: 0.31786013,
        gradients: {
          anchor: [[-0.447839617729187, -0.3550143241882324]],
          positive: [[-0.3713929057121277, 0.9284757375717163]],
          negative: [[0.8192325234413147, -0.5734614133834839]]
        },
        denominator: 1
      }
    },
    {
      title: 'Two triplets, swapped, one value for each',
      request: {
        anchor: [[1, 0.5], [0, 0]],
        positive: [[0.8, 1], [1, 1]],
        negative: [[0, 1.2], [0.5, 1]],
        options: { swap: true, reduction: 'none' }
      },
      reply: {
        loss: [0.713894, 1.9142113],
        gradients: {
          anchor: [
            [0.3713929057121277, -0.9284757375717163],
            [-0.7071067690849304, -0.7071067690849304]
          ],
          positive: [
            [-1.3415358066558838, 1.1710100173950195],
            [-0.2928932309150696, 0.7071047425270081]
          ],
          negative: [[0.9701428413391113, -0.24253423511981964], [1, 0.0000019999959022243274]]
        }
      }
    },
    {
      title: 'The largest difference as distance',
      request: {
        anchor: [[1, 0.5]],
        positive: [[0.8, 1]],
        negative: [[0, 1.2]],
        options: { p: 'Infinity', margin: 0.5 }
      },
      reply: {
        loss: 0,
        gradients: { anchor: [[0, 0]], positive: [[0, 0]], negative: [[0, 0]] },
        denominator: 1
      }
    },
    {
      title: 'A margin of 0',
      request: { anchor: [[1, 2]], positive: [[1, 2]], negative: [[2, 3]], options: { margin: 0 } },
      refused: { code: 'OPTION_INVALID', detail: 'The option margin must be a number > 0; got 0' }
    },
    {
      title: 'Vectors of different lengths',
      request: { anchor: [[1, 2]], positive: [[1, 2]], negative: [[2, 3, 4]] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'negative has shape [1,3]; anchor [1,2] needs [1,2]'
      }
    }
  ]
}
