// Dice: twice the overlap of two areas over the sum of their sizes.

import {
  areaArguments, areaLoss, areaOverlap, areaWarnings, oneNowhere, oneOfProbabilities, twoImages,
  wrongAreas
} from './areas.ts'
import type { Loss } from './loss.ts'

export const dice: Loss = {
  name: 'dice',
  torch: '',
  task: 'segmentation',
  summary: 'One minus the Dice score of each class over the batch, averaged over the classes',
  choose: 'When the foreground is small: the loss looks at areas, not at single pixels. Add it ' +
    'to bce-with-logits for calm gradients at the start. The value is one number.',
  source: 'Milletari 2016 (V-Net); segmentation_models_pytorch',
  formula: `${areaArguments}

${areaOverlap}
    score = (2 * overlap + smooth) / clamp_min(sum(p + target, N, S) + smooth, eps)
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
