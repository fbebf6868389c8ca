// Multi-class margin: the right class shall score a margin above every other.

import type { Loss } from './loss.ts'

export const multiMargin: Loss = {
  name: 'multi-margin',
  torch: 'MultiMarginLoss',
  task: 'multi-class classification',
  summary: 'What the right class lacks to be a margin above each other class, over the number ' +
    'of classes',
  choose: 'When only the order of the classes counts, as in a support vector machine, and no ' +
    'probabilities are needed. Else take cross-entropy.',
  source: 'torch.nn.MultiMarginLoss',
  formula: `
    input:  real[N?, C]
    target: class[N?] | class[K = 1]      // a single example may stand in brackets
    weight: real[C] = 1
    p: static number = 1      // 1 or 2
    margin: number = 1

    z = margin - input[target] + input
    weight[target] / C * sum(index(C) != target && z > 0 ? z ** p : 0, C)`,
  tensorOptions: ['weight'],
  frozen: [
    ['weight', 'true', 'weight has no gradient; input has one']
  ],
  refuse: [
    ['p != 1 && p != 2', 'The option p must be 1 or 2; got {p}'],
    ['has(input, N) && has(target, K)',
      'target {target} must have one class for each row of input {input}'],
    ['C == 0', 'input {input} has no classes']
  ],
  warn: [
    ['any(input != input)', 'nan_ignored',
      'input holds NaN, which no margin sees: PyTorch counts such classes as 0']
  ],
  cases: [
    {
      title: 'Two examples of three classes',
      request: { input: [[0.5, 1.2, -0.3], [2, 0.1, 0.4]], target: [1, 0] },
      reply: {
        loss: 0.049999993,
        gradients: { input: [[0.1666666716337204, -0.1666666716337204, 0], [0, 0, 0]] },
        denominator: 2
      }
    },
    {
      title: 'Squared margins with weights',
      request: {
        input: [[0.5, 1.2, -0.3], [2, 0.1, 1.4]],
        target: [1, 0],
        options: { p: 2, margin: 1.5, weight: [1, 2, 1], reduction: 'none' }
      },
      reply: {
        loss: [0.42666662, 0.26999998],
        gradients: {
          input: [
            [1.066666603088379, -1.066666603088379, 0],
            [-0.6000000238418579, 0, 0.6000000238418579]
          ]
        }
      }
    },
    {
      title: 'A power other than 1 and 2',
      request: { input: [[1, 2]], target: [0], options: { p: 3 } },
      refused: { code: 'VALUE_REFUSED', detail: 'The option p must be 1 or 2; got 3' }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2]], target: [2] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 2 at [0]; classes are 0 to 1' }
    }
  ]
}
