// RankNet: the probability that the better one scores higher.

import type { Loss } from './loss.ts'

export const ranknet: Loss = {
  name: 'ranknet',
  torch: '',
  task: 'ranking',
  summary: 'The negative log-probability that pos scores above neg',
  choose: 'When pairs are compared; smooth where margin-ranking has a corner. For whole lists ' +
    'take listnet.',
  source: 'Burges 2005',
  formula: `
    pos: real[...]      // scores that shall be higher
    neg: real[...]
    sigma: number = 1

    softplus(-sigma * (pos - neg))`,
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
        loss: 0.6886401,
        gradients: {
          pos: [-0.1418524831533432, -0.21521876752376556, -0.12584689259529114],
          neg: [0.1418524831533432, 0.21521876752376556, 0.12584689259529114]
        },
        denominator: 3
      }
    },
    {
      title: 'Steeper',
      request: { pos: [0.8, 0.3], neg: [0.5, 0.9], options: { sigma: 2, reduction: 'none' } },
      reply: {
        loss: [0.43748793, 1.4632825],
        gradients: {
          pos: [-0.7086873650550842, -1.537049412727356],
          neg: [0.7086873650550842, 1.537049412727356]
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
