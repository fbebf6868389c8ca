// Triplet margin with a distance of choice: as triplet-margin, which has the p-norm.

import type { Loss } from './loss.ts'

export const tripletMarginWithDistance: Loss = {
  name: 'triplet-margin-with-distance',
  torch: 'TripletMarginWithDistanceLoss',
  task: 'embeddings',
  summary: 'How far the positive is from the anchor beyond the negative, plus a margin, in a ' +
    'distance by name',
  choose: 'When the distance of triplet-margin does not fit: cosine for directions, ' +
    'squared_euclidean for a gradient that grows with the distance, l1 or linf for other norms.',
  source: 'torch.nn.TripletMarginWithDistanceLoss',
  formula: `
    anchor:   real[...~, D]
    positive: real[...~, D]
    negative: real[...~, D]
    distance_function: 'pairwise' | 'cosine' | 'l1' | 'linf' | 'squared_euclidean' = 'pairwise'
    margin: number > 0 = 1
    swap: boolean = false

    unit = x => x / clamp_min(norm(x, 2, D), 1e-8)
    distance = (a, b) => distance_function == 'cosine' ? 1 - sum(unit(a) * unit(b), D)
      : distance_function == 'l1' ? norm(a - b, 1, D)
      : distance_function == 'linf' ? norm(a - b, inf, D)
      : distance_function == 'squared_euclidean' ? sum((a - b) ** 2, D)
      : norm(a - b + 1e-6, 2, D)
    far = distance(anchor, negative)
    further = swap ? minimum(far, distance(positive, negative)) : far
    relu(margin + distance(anchor, positive) - further)`,
  cases: [
    {
      title: 'One triplet',
      request: { anchor: [[1, 0.5]], positive: [[0.8, 1]], negative: [[0, 1.2]] },
      reply: {
        loss: 0.31786013,
        gradients: {
          anchor: [[-0.447839617729187, -0.3550143241882324]],
          positive: [[-0.3713929057121277, 0.9284757375717163]],
          negative: [[0.8192325234413147, -0.5734614133834839]]
        },
        denominator: 1
      }
    },
    {
      title: 'Directions instead of distances',
      request: {
        anchor: [[1, 0.5], [0, 1]],
        positive: [[0.8, 1], [1, 1]],
        negative: [[0, 1.2], [0.5, 1]],
        options: { distance_function: 'cosine', reduction: 'none' }
      },
      reply: {
        loss: [0.53925425, 1.1873204],
        gradients: {
          anchor: [[-0.19014763832092285, 0.3802952170372009], [-0.25989317893981934, 0]],
          positive: [
            [-0.25552329421043396, 0.20441854000091553],
            [0.3535533845424652, -0.3535533845424652]
          ],
          negative: [[0.7453559637069702, 0], [-0.3577708601951599, 0.17888545989990234]]
        }
      }
    },
    {
      title: 'A distance that has no name',
      request: {
        anchor: [[1, 2]],
        positive: [[1, 2]],
        negative: [[2, 3]],
        options: { distance_function: 'euclid' }
      },
      refused: {
        code: 'OPTION_INVALID',
        detail: "The option distance_function must be 'pairwise' or 'cosine' or 'l1' or 'linf' " +
          "or 'squared_euclidean'; got 'euclid'"
      }
    }
  ]
}
