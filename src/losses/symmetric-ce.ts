// Symmetric cross-entropy: the surprise of the model by the label, and of the label by the model.

import type { Loss } from './loss.ts'

export const symmetricCe: Loss = {
  name: 'symmetric-ce',
  torch: '',
  task: 'multi-class classification',
  summary: 'Cross-entropy times alpha plus reverse cross-entropy times beta',
  choose: 'When labels are wrong now and then. The reverse part bears them, the other part ' +
    'learns quickly.',
  source: 'Wang 2019',
  formula: `
    input:  real[N, C]
    target: class[N]
    alpha: number = 0.1
    beta: number = 1
    A: number = -4      // stands for the logarithm of 0

    cross = -log_softmax(input, C)[target]
    alpha * cross - beta * A * (1 - exp(-cross))`,
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] },
      reply: {
        loss: 2.1335206,
        gradients: {
          input: [
            [-0.34758880734443665, 0.2841797173023224, 0.06340906769037247],
            [0.0699729397892952, 0.28375428915023804, -0.35372719168663025]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'Both parts alike',
      request: {
        input: [[2, 0.5, -1], [0.1, 1.5, 0.3]],
        target: [0, 2],
        options: { alpha: 1, reduction: 'none' }
      },
      reply: {
        loss: [1.0989232, 4.858444],
        gradients: {
          input: [
            [-0.8881403803825378, 0.7261208891868591, 0.16201946139335632],
            [0.2833355665206909, 1.1489824056625366, -1.432317852973938]
          ]
        }
      }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2]], target: [2] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 2 at [0]; classes are 0 to 1' }
    }
  ]
}
