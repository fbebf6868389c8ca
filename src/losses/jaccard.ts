// Jaccard: the overlap of two areas over their union.

import {
  areaArguments, areaLoss, areaOverlap, areaWarnings, oneNowhere, oneOfProbabilities, twoImages,
  wrongAreas
} from './areas.ts'
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
  formula: `${areaArguments}

${areaOverlap}
    score = (overlap + smooth) / clamp_min(sum(p + target, N, S) - overlap + smooth, eps)
${areaLoss}`,
  warn: areaWarnings,
  cases: [
    {
      title: 'Two images of four pixels, one class',
      request: twoImages,
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
        ...oneOfProbabilities,
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
      request: oneNowhere,
      reply: {
        loss: 0.21194154,
        gradients: { input: [[[-0.07747083902359009, 0.04463227093219757], [0, 0]]] }
      },
      warnings: ['empty_class']
    },
    wrongAreas
  ]
}
