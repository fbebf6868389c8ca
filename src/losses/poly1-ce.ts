// Poly-1: cross-entropy with one more term of its series.

import type { Loss } from './loss.ts'

export const poly1Ce: Loss = {
  name: 'poly1-ce',
  torch: '',
  task: 'multi-class classification',
  summary: 'Cross-entropy plus epsilon times what the right class lacks to certainty',
  choose: 'A small change to cross-entropy that often helps a little: try epsilon between -1 ' +
    'and 5.',
  source: 'Leng 2022 (PolyLoss)',
  formula: `
    input:  real[N, C]
    target: class[N]
    epsilon: number = 1

    cross = -log_softmax(input, C)[target]
    cross + epsilon * (1 - exp(-cross))`,
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] },
      reply: {
        loss: 1.4489734,
        gradients: {
          input: [
            [-0.19141866266727448, 0.1564989984035492, 0.03491964563727379],
            [0.09516264498233795, 0.38590356707572937, -0.48106619715690613]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'A stronger term',
      request: {
        input: [[2, 0.5, -1], [0.1, 1.5, 0.3]],
        target: [0, 2],
        options: { epsilon: 2, reduction: 'none' }
      },
      reply: {
        loss: [0.67011726, 3.2476366],
        gradients: {
          input: [
            [-0.5512716770172119, 0.4507056176662445, 0.10056601464748383],
            [0.2213287055492401, 0.8975322246551514, -1.1188608407974243]
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
