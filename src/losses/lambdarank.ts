// LambdaRank: pairs count by what their exchange would do to NDCG.

import { oneList, otherLength, twoLists } from './lists.ts'
import type { Loss } from './loss.ts'

export const lambdarank: Loss = {
  name: 'lambdarank',
  torch: '',
  task: 'ranking',
  summary: 'The logistic loss of all pairs in the wrong or right order, weighed by the change ' +
    'of NDCG',
  choose: 'When the top of the list matters most, as in search. The places of the scores are ' +
    'constants for the gradient, as published.',
  source: 'Burges 2006; Wang 2018 (LambdaLoss)',
  formula: `
    scores: real[..., L]
    target: real[..., L]      // relevances
    sigma: number = 1

    K = axis(L)
    other = x => x[L = index(K)]
    before = x => other(x) > x || (other(x) == x && index(K) < index(L))
    discount = x => log(2) / log(2 + sum(before(x) ? 1 : 0, K))
    gain = 2 ** target - 1
    d = stop_gradient(discount(scores))
    ideal = clamp_min(sum(gain * discount(target), L), 1e-12)
    w = abs(gain - other(gain)) * abs(d - other(d)) / ideal
    sum(target > other(target) ? w * softplus(-sigma * (scores - other(scores))) : 0, L, K)`,
  cases: [
    {
      title: 'One list of four',
      request: oneList,
      reply: {
        loss: 0.28391445,
        gradients: {
          scores: [
            [0.08897095173597336, -0.20491638779640198, 0.0934334546327591, 0.022511973977088928]
          ]
        },
        denominator: 1
      }
    },
    {
      title: 'Two lists, one value for each',
      request: twoLists,
      reply: {
        loss: [0.14880396, 0.017932145],
        gradients: {
          scores: [
            [0.12246201932430267, -0.12246201932430267],
            [-0.01750347763299942, 0.01750347763299942]
          ]
        }
      }
    },
    otherLength
  ]
}
