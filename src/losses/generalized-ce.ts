// Generalized cross-entropy: between cross-entropy and the mean absolute error.

import type { Loss } from './loss.ts'

export const generalizedCe: Loss = {
  name: 'generalized-ce',
  torch: '',
  task: 'multi-class classification',
  summary: 'One minus the q-th power of the probability of the right class, divided by q',
  choose: 'When labels are wrong now and then: what the model strongly disbelieves pulls less. ' +
    'q near 0 is cross-entropy, q 1 the most patient.',
  source: 'Zhang and Sabuncu 2018',
  formula: `
    input:  real[N, C]
    target: class[N]
    q: number > 0 = 0.7

    cross = -log_softmax(input, C)[target]
    (1 - exp(-q * cross)) / q`,
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] },
      reply: {
        loss: 0.59817576,
        gradients: {
          input: [
            [-0.09054003655910492, 0.07402322441339493, 0.01651681214570999],
            [0.02533024176955223, 0.10271920263767242, -0.12804943323135376]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'More patient',
      request: {
        input: [[2, 0.5, -1], [0.1, 1.5, 0.3]],
        target: [0, 2],
        options: { q: 1, reduction: 'none' }
      },
      reply: {
        loss: [0.21440297, 0.8054038],
        gradients: {
          input: [
            [-0.16843433678150177, 0.13770760595798492, 0.03072671964764595],
            [0.031003421172499657, 0.12572507560253143, -0.15672849118709564]
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
