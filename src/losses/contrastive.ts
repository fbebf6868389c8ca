// Contrastive loss: similar pairs are drawn together, others pushed a margin apart.

import type { Loss } from './loss.ts'

export const contrastive: Loss = {
  name: 'contrastive',
  torch: '',
  task: 'embeddings',
  summary: 'Half the squared distance of similar pairs, half the squared rest to the margin of ' +
    'others',
  choose: 'When distances of pairs are at hand and target says 1 for similar, 0 for not. ' +
    'hinge-embedding is the same without squares.',
  source: 'Hadsell 2006',
  formula: `
    distance: real[...]
    target: real[...]      // 1: similar, 0: not
    margin: number = 1

    (target * distance ** 2 + (1 - target) * relu(margin - distance) ** 2) / 2`,
  warn: [
    ['differs(distance, target)', 'broadcast',
      'distance {distance} and target {target} are broadcast to {...}: every pair counts. Give ' +
      'both the same shape if each distance has its own target'],
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative']
  ],
  cases: [
    {
      title: 'Two similar pairs and two others',
      request: { distance: [0.2, 1.5, 0.3, 2], target: [1, 1, 0, 0] },
      reply: {
        loss: 0.3475,
        gradients: { distance: [0.05000000074505806, 0.375, -0.17499999701976776, 0] },
        denominator: 4
      }
    },
    {
      title: 'A wider margin',
      request: {
        distance: [0.2, 1.5, 0.3, 2],
        target: [1, 1, 0, 0],
        options: { margin: 2.5, reduction: 'none' }
      },
      reply: {
        loss: [0.020000001, 1.125, 2.42, 0.125],
        gradients: { distance: [0.20000000298023224, 1.5, -2.200000047683716, -0.5] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { distance: [1, 2, 3], target: [1, 0] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [2]; it does not broadcast with distance [3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
