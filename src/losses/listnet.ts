// ListNet: the scores of a list as a distribution, beside that of its relevances.

import { oneList, otherLength, twoLists } from './lists.ts'
import type { Loss } from './loss.ts'

export const listnet: Loss = {
  name: 'listnet',
  torch: '',
  task: 'ranking',
  summary: 'Cross-entropy of the softmax of the scores with the softmax of the relevances',
  choose: 'When whole lists are given with a relevance for each entry. For pairs take ranknet.',
  source: 'Cao 2007',
  formula: `
    scores: real[..., L]
    target: real[..., L]      // relevances

    -sum(softmax(target, L) * log_softmax(scores, L), L)`,
  refuse: [
    ['L == 0', 'scores {scores} has no entries to rank']
  ],
  cases: [
    {
      title: 'One list of four',
      request: oneList,
      reply: {
        loss: 1.0968959,
        gradients: {
          scores: [
            [0.15857931971549988, -0.1490875482559204, 0.07835215330123901, -0.0878438875079155]
          ]
        },
        denominator: 1
      }
    },
    {
      title: 'Two lists, one value for each',
      request: twoLists,
      reply: {
        loss: [0.5914451, 0.85541165],
        gradients: {
          scores: [
            [0.06287077069282532, -0.0628708004951477],
            [0.22151553630828857, -0.22151556611061096]
          ]
        }
      }
    },
    otherLength
  ]
}
