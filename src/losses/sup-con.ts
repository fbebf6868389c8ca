// Supervised contrastive loss: all examples of a class shall be near each other.

import type { Loss } from './loss.ts'

export const supCon: Loss = {
  name: 'sup-con',
  torch: '',
  task: 'embeddings',
  summary: 'The mean negative log-probability, among all others, of the other examples of its ' +
    'class',
  choose: 'For embeddings from labels. Each class needs two examples in the batch: one alone ' +
    'has no partner and gives NaN. Without labels take nt-xent.',
  source: 'Khosla 2020',
  formula: `
    input:  real[N, D]
    target: class[N]      // labels, of any number
    temperature: number > 0 = 0.07

    M = axis(N)
    unit = x => x / clamp_min(norm(x, 2, D), 1e-12)
    z = unit(input)
    s = sum(z * z[N = index(M)], D) / temperature
    itself = index(N) == index(M)
    p = s - logsumexp(itself ? -inf : s, M)
    same = target == target[N = index(M)] && !itself
    -sum(same ? p : 0, M) / sum(same ? 1 : 0, M)`,
  warn: [
    ['any(!any(same, M))', 'no_positive',
      'An example is the only one of its class: its loss is NaN']
  ],
  cases: [
    {
      title: 'Four examples of two classes',
      request: {
        input: [[1, 0.5], [0.8, 1], [-0.5, 0.5], [-1, 0.2]],
        target: [0, 0, 1, 1],
        options: { temperature: 0.5 }
      },
      reply: {
        loss: 0.18733993,
        gradients: {
          input: [
            [-0.010220155119895935, 0.020440302789211273],
            [-0.17492106556892395, 0.13993684947490692],
            [0.33801761269569397, 0.33801761269569397],
            [-0.004922434687614441, -0.024612173438072205]
          ]
        },
        denominator: 4
      }
    },
    {
      title: 'Another number of labels',
      request: { input: [[1, 0.5], [0.2, 1]], target: [0] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [1]; input [2,2] needs [2]' }
    }
  ]
}
