// Hinge: a yes or no shall be right by a margin of 1; more is not rewarded.

import type { Loss } from './loss.ts'

export const hinge: Loss = {
  name: 'hinge',
  torch: '',
  task: 'binary classification',
  summary: 'What target times input lacks to 1, to the power p',
  choose: 'When targets are 1 and -1 and only the side counts, as in a support vector machine. ' +
    'p 2 is the squared hinge. For probabilities take bce-with-logits.',
  source: 'Keras Hinge and SquaredHinge',
  formula: `
    input:  real[...]
    target: real[...]      // 1 or -1
    p: static number = 1

    relu(1 - target * input) ** p`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target != 1 && target != -1)', 'target_not_sign',
      'target holds values other than 1 and -1']
  ],
  cases: [
    {
      title: 'Four scores',
      request: { input: [0.8, -1.2, 2, -0.3], target: [1, -1, 1, 1] },
      reply: { loss: 0.375, gradients: { input: [-0.25, 0, 0, -0.25] }, denominator: 4 }
    },
    {
      title: 'The squared hinge',
      request: {
        input: [0.8, -1.2, 2, -0.3],
        target: [1, -1, 1, 1],
        options: { p: 2, reduction: 'none' }
      },
      reply: {
        loss: [0.039999995, 0, 0, 1.6899998],
        gradients: { input: [-0.3999999761581421, 0, 0, -2.5999999046325684] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2, 3], [4, 5, 6]], target: [1, 2] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [2]; it does not broadcast with input [2,3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
