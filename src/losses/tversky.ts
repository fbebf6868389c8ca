// Tversky: dice with a price of its own for false positives and for misses.

import {
  areaArguments, areaLoss, areaOverlap, areaWarnings, oneNowhere, oneOfProbabilities, twoImages,
  wrongAreas
} from './areas.ts'
import type { Loss } from './loss.ts'

export const tversky: Loss = {
  name: 'tversky',
  torch: '',
  task: 'segmentation',
  summary: 'One minus the Tversky score of each class over the batch, averaged over the ' +
    'classes, to the power gamma',
  choose: 'When a miss is worse than a false alarm: beta above alpha. Both one half is dice, ' +
    'both 1 is jaccard; gamma makes it focal. The value is one number.',
  source: 'Salehi 2017; segmentation_models_pytorch',
  formula: `${areaArguments}
    alpha:  number >= 0 = 0.5     // price of false positives
    beta:   number >= 0 = 0.5     // price of misses

${areaOverlap}
    wrong = alpha * sum(p * (1 - target), N, S) + beta * sum((1 - p) * target, N, S)
    score = (overlap + smooth) / clamp_min(overlap + wrong + smooth, eps)
${areaLoss}`,
  warn: areaWarnings,
  cases: [
    {
      title: 'Two images of four pixels, one class',
      request: twoImages,
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
        ...oneOfProbabilities,
        options: { from_logits: false, alpha: 0.3, beta: 0.7, gamma: 2 }
      },
      reply: {
        loss: 0.071297385,
        gradients: {
          input: [
            [
              [
                -0.21811538934707642, 0.06148219108581543, -0.21811538934707642,
                0.06148219108581543
              ]
            ]
          ]
        }
      }
    },
    {
      title: 'A class that is nowhere',
      request: oneNowhere,
      reply: {
        loss: 0.1344707,
        gradients: { input: [[[-0.06237225607037544, 0.035933710634708405], [0, 0]]] }
      },
      warnings: ['empty_class']
    },
    wrongAreas
  ]
}
