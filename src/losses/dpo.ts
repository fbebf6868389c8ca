// Direct preference optimization: the answer that was preferred becomes likelier than the other.

import type { Loss } from './loss.ts'

export const dpo: Loss = {
  name: 'dpo',
  torch: '',
  task: 'preferences',
  summary: 'The negative log-probability, under the policy beside a reference, that the ' +
    'preferred answer is the better one',
  choose: 'When people chose one of two answers and no reward model shall be trained. loss_type ' +
    'ipo bounds how far it goes, hinge stops at a margin.',
  source: 'Rafailov 2023; Azar 2023 (IPO)',
  formula: `
    policy_chosen: real[...]        // log-probabilities of whole answers
    policy_rejected: real[...]
    ref_chosen: real[...]
    ref_rejected: real[...]
    beta: number > 0 = 0.1
    label_smoothing: number >= 0 <= 1 = 0      // how many preferences are wrong
    loss_type: 'sigmoid' | 'ipo' | 'hinge' = 'sigmoid'

    d = policy_chosen - policy_rejected - ref_chosen + ref_rejected
    loss_type == 'ipo' ? (d - 1 / (2 * beta)) ** 2
      : loss_type == 'hinge' ? relu(1 - beta * d)
      : (1 - label_smoothing) * softplus(-beta * d) + label_smoothing * softplus(beta * d)`,
  cases: [
    {
      title: 'Two pairs of answers',
      request: {
        policy_chosen: [-5, -8],
        policy_rejected: [-7, -6],
        ref_chosen: [-6, -8],
        ref_rejected: [-6, -7],
        gradients: ['policy_chosen', 'policy_rejected']
      },
      reply: {
        loss: 0.67126775,
        gradients: {
          policy_chosen: [-0.022508298978209496, -0.026248959824442863],
          policy_rejected: [0.022508298978209496, 0.026248959824442863]
        },
        denominator: 2
      }
    },
    {
      title: 'IPO',
      request: {
        policy_chosen: [-5, -8],
        policy_rejected: [-7, -6],
        ref_chosen: [-6, -8],
        ref_rejected: [-6, -7],
        options: { loss_type: 'ipo', reduction: 'none' },
        gradients: ['policy_chosen']
      },
      reply: { loss: [9, 36], gradients: { policy_chosen: [-6, -12] } }
    },
    {
      title: 'A kind that does not exist',
      request: {
        policy_chosen: [1],
        policy_rejected: [1],
        ref_chosen: [1],
        ref_rejected: [1],
        options: { loss_type: 'kto' }
      },
      refused: {
        code: 'OPTION_INVALID',
        detail: "The option loss_type must be 'sigmoid' or 'ipo' or 'hinge'; got 'kto'"
      }
    }
  ]
}
