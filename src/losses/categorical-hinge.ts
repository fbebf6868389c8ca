// Categorical hinge: the right class shall score 1 above the best of the others.

import type { Loss } from './loss.ts'

export const categoricalHinge: Loss = {
  name: 'categorical-hinge',
  torch: '',
  task: 'multi-class classification',
  summary: 'What the right class lacks to be 1 above the best other class',
  choose: 'When only the strongest rival counts; multi-margin looks at all of them.',
  source: 'Keras CategoricalHinge',
  formula: `
    input:  real[N, C]
    target: class[N]

    others = max(index(C) == target ? -inf : input, C)
    relu(others - input[target] + 1)`,
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] },
      reply: { loss: 1.1, gradients: { input: [[0, 0, 0], [0, 0.5, -0.5]] }, denominator: 2 }
    },
    {
      title: 'One value for each',
      request: {
        input: [[2, 0.5, -1], [0.1, 1.5, 0.3]],
        target: [0, 2],
        options: { reduction: 'none' }
      },
      reply: { loss: [0, 2.2], gradients: { input: [[0, 0, 0], [0, 1, -1]] } }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2]], target: [2] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 2 at [0]; classes are 0 to 1' }
    }
  ]
}
