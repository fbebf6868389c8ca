// Softmax focal loss: cross-entropy that listens to what is still wrong.

import type { Loss } from './loss.ts'

export const softmaxFocal: Loss = {
  name: 'softmax-focal',
  torch: '',
  task: 'multi-class classification',
  summary: 'Cross-entropy, weighed down where the right class is already likely',
  choose: 'For many classes of which some are rare or hard. gamma 0 is cross-entropy; for yes ' +
    'or no take sigmoid-focal.',
  source: 'Lin 2017, with a softmax',
  formula: `
    input:  real[N, C]
    target: class[N]
    gamma: number = 2

    p = log_softmax(input, C)[target]
    -p * (1 - exp(p)) ** gamma`,
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] },
      reply: {
        loss: 0.53643167,
        gradients: {
          input: [
            [-0.01364233996719122, 0.0111536281183362, 0.0024887106847018003],
            [0.09254615008831024, 0.37529316544532776, -0.4678393006324768]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'Less focus',
      request: {
        input: [[2, 0.5, -1], [0.1, 1.5, 0.3]],
        target: [0, 2],
        options: { gamma: 1, reduction: 'none' }
      },
      reply: {
        loss: [0.051737867, 1.3183082],
        gradients: {
          input: [
            [-0.08661375194787979, 0.07081318646669388, 0.015800558030605316],
            [0.1790657341480255, 0.7261474132537842, -0.9052131175994873]
          ]
        }
      }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2]], target: [2] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 2 at [0]; classes are 0 to 1' }
    }
  ]
}
