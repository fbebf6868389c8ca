// InfoNCE: each query shall find its own key among the others.

import type { Loss } from './loss.ts'

export const infoNce: Loss = {
  name: 'info-nce',
  torch: '',
  task: 'embeddings',
  summary: 'Cross-entropy of the cosines of a query with all keys, its own being right',
  choose: 'When pairs that belong together are given and all other pairs of the batch do not; ' +
    'negatives gives others instead, as from a memory. For two views of each example take ' +
    'nt-xent, for images and texts clip.',
  source: 'van den Oord 2018; He 2020 (MoCo)',
  formula: `
    query: real[N, D]
    key:   real[N, D]              // the key of each query
    negatives: real[K, D] = 0      // if given, instead of the other keys
    temperature: number > 0 = 0.07

    M = axis(N)
    unit = x => x / clamp_min(norm(x, 2, D), 1e-12)
    q = unit(query)
    k = unit(key)
    positive = sum(q * k, D) / temperature
    others = given(negatives)
      ? log_add_exp(positive, logsumexp(sum(q * unit(negatives), D) / temperature, K))
      : logsumexp(sum(q * k[N = index(M)], D) / temperature, M)
    others - positive`,
  cases: [
    {
      title: 'Two queries and their keys',
      request: {
        query: [[1, 0.5], [0.2, 1]],
        key: [[0.8, 1], [-0.5, 0.5]],
        options: { temperature: 0.5 }
      },
      reply: {
        loss: 0.58209044,
        gradients: {
          query: [
            [-0.016854271292686462, 0.033708520233631134],
            [0.8206304907798767, -0.16412611305713654]
          ],
          key: [
            [-0.20545348525047302, 0.1643628180027008],
            [-0.4743763208389282, -0.4743763506412506]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'Negatives of their own',
      request: {
        query: [[1, 0.5], [0.2, 1]],
        key: [[0.8, 1], [-0.5, 0.5]],
        negatives: [[1, -1], [0, 1], [-1, 0]],
        options: { temperature: 0.5, reduction: 'none' }
      },
      reply: {
        loss: [0.548893, 1.3016284],
        gradients: {
          query: [
            [0.105767160654068, -0.21153435111045837],
            [0.8572613000869751, -0.17145228385925293]
          ],
          key: [
            [-0.21587178111076355, 0.17269736528396606],
            [-1.2113182544708252, -1.2113182544708252]
          ],
          negatives: [
            [0.19240862131118774, 0.19240862131118774],
            [0.6612766981124878, 0],
            [0, 0.13291862607002258]
          ]
        }
      }
    },
    {
      title: 'More queries than keys',
      request: { query: [[1, 0.5], [0.2, 1]], key: [[1, 2]] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'key has shape [1,2]; query [2,2] needs [2,2]' }
    }
  ]
}
