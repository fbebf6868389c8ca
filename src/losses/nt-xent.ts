// NT-Xent: two views of an example shall find each other among all views.

import type { Loss } from './loss.ts'

export const ntXent: Loss = {
  name: 'nt-xent',
  torch: '',
  task: 'embeddings',
  summary: 'Cross-entropy of the cosines of each view with all others, the second view of its ' +
    'example being right',
  choose: 'For learning without labels from two random views of each example. For queries with ' +
    'keys take info-nce, with labels sup-con.',
  source: 'Chen 2020 (SimCLR)',
  formula: `
    z1: real[N, D]      // a view of each example
    z2: real[N, D]      // another
    temperature: number > 0 = 0.5
    fill: boolean = false      // a view itself counts as -1e9, not -Infinity

    V = axis(2 * N)
    W = axis(V)
    unit = x => x / clamp_min(norm(x, 2, D), 1e-12)
    view = unit(index(V) < N ? z1[N = index(V)] : z2[N = index(V) - N])
    s = sum(view * view[V = index(W)], D) / temperature
    pair = index(V) < N ? index(V) + N : index(V) - N
    logsumexp(index(V) == index(W) ? (fill ? -1e9 : -inf) : s, W) - s[W = pair]`,
  cases: [
    {
      title: 'Two views of two examples',
      request: { z1: [[1, 0.5], [0.2, 1]], z2: [[0.8, 1], [-0.5, 0.5]] },
      reply: {
        loss: 0.78351253,
        gradients: {
          z1: [
            [-0.050119996070861816, 0.10023991763591766],
            [0.8866946697235107, -0.17733895778656006]
          ],
          z2: [
            [-0.35483258962631226, 0.28386610746383667],
            [-0.21493704617023468, -0.21493706107139587]
          ]
        },
        denominator: 4
      }
    },
    {
      title: 'One value for each of the four views',
      request: {
        z1: [[1, 0.5], [0.2, 1]],
        z2: [[0.8, 1], [-0.5, 0.5]],
        options: { reduction: 'none', temperature: 1 }
      },
      reply: {
        loss: [0.71258646, 1.2403722, 0.88825864, 0.72263604],
        gradients: {
          z1: [
            [-0.1600247025489807, 0.32004931569099426],
            [1.847147822380066, -0.3694295883178711]
          ],
          z2: [[-0.8077030777931213, 0.6461625695228577], [-0.196338951587677, -0.196338951587677]]
        }
      }
    },
    {
      title: 'Another number of views',
      request: { z1: [[1, 0.5], [0.2, 1]], z2: [[1, 2]] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'z2 has shape [1,2]; z1 [2,2] needs [2,2]' }
    }
  ]
}
