// Bayesian personalized ranking: what a user took scores above what not.

import type { Loss } from './loss.ts'

export const bpr: Loss = {
  name: 'bpr',
  torch: '',
  task: 'ranking',
  summary: 'The negative log-probability that the item taken scores above one that was not',
  choose: 'For recommendations from clicks alone: pos is an item taken, neg one drawn at ' +
    'random. It is ranknet with sigma 1.',
  source: 'Rendle 2009',
  formula: `
    pos: real[...]
    neg: real[...]

    softplus(neg - pos)`,
  warn: [
    ['differs(pos, neg)', 'broadcast',
      'pos {pos} and neg {neg} are broadcast to {...}: every pair counts. Give both the same ' +
      'shape if each pos has its own neg']
  ],
  cases: [
    {
      title: 'Three pairs',
      request: { pos: [0.8, 0.3, 1.5], neg: [0.5, 0.9, 1] },
      reply: {
        loss: 0.68864006,
        gradients: {
          pos: [-0.1418524980545044, -0.21521876752376556, -0.12584689259529114],
          neg: [0.1418524980545044, 0.21521876752376556, 0.12584689259529114]
        },
        denominator: 3
      }
    },
    {
      title: 'One value for each',
      request: { pos: [0.8, 0.3], neg: [0.5, 0.9], options: { reduction: 'none' } },
      reply: {
        loss: [0.5543552, 1.037488],
        gradients: {
          pos: [-0.4255574643611908, -0.6456562876701355],
          neg: [0.4255574643611908, 0.6456562876701355]
        }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { pos: [1, 2, 3], neg: [1, 0] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'neg has shape [2]; it does not broadcast with pos [3]: 2 against 3 in dimension 0'
      }
    }
  ]
}
