// ListMLE: the likelihood of the right order, place after place.

import { oneList, otherLength, twoLists } from './lists.ts'
import type { Loss } from './loss.ts'

export const listmle: Loss = {
  name: 'listmle',
  torch: '',
  task: 'ranking',
  summary: 'The negative log-probability of the right order when places are drawn one after the ' +
    'other by the softmax of the scores',
  choose: 'When the whole order of a list is known. listnet compares distributions, lambdarank ' +
    'looks at the top.',
  source: 'Xia 2008',
  formula: `
    scores: real[..., L]
    target: real[..., L]      // relevances; equal ones stay in their order

    R = axis(L)
    s = scores[L = order(target, L, R)]
    sum(scan(R, after => log_add_exp(after, s), -inf, true) - s, R)`,
  frozen: [
    ['target', 'true', 'target has no gradient: only its order counts']
  ],
  cases: [
    {
      title: 'One list of four',
      request: oneList,
      reply: {
        loss: 2.2953424,
        gradients: {
          scores: [
            [0.42211270332336426, -0.5051733255386353, 0.6389964818954468, -0.5559357404708862]
          ]
        },
        denominator: 1
      }
    },
    {
      title: 'Two lists, one value for each',
      request: twoLists,
      reply: {
        loss: [0.40318608, 0.048587322],
        gradients: {
          scores: [
            [0.33181214332580566, -0.3318122625350952],
            [-0.04742586612701416, 0.04742586612701416]
          ]
        }
      }
    },
    otherLength
  ]
}
