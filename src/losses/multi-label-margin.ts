// Multi-label margin: every right class shall score at least 1 above every wrong one.

import type { Loss } from './loss.ts'

export const multiLabelMargin: Loss = {
  name: 'multi-label-margin',
  torch: 'MultiLabelMarginLoss',
  task: 'multi-label classification',
  summary: 'What every listed class lacks to be 1 above every other class, over the number of ' +
    'classes',
  choose: 'When an example has several classes, given as a list of indices that ends at the ' +
    'first -1, and only their order counts. For probabilities take bce-with-logits or ' +
    'multi-label-soft-margin.',
  source: 'torch.nn.MultiLabelMarginLoss',
  formula: `
    input:  real[N?, C?]
    target: class[N?, C?] >= -1 like input      // indices; the list ends at the first -1

    J = axis(C)
    label = target[C = index(J)]
    listed = index(J) < min(label < 0 ? index(J) : J, J)
    positive = any(listed && label == index(C), J)
    z = 1 - input[C = label] + input
    sum(listed && !positive && z > 0 ? z : 0, J, C) / C`,
  warn: [
    ['any(input != input)', 'nan_ignored',
      'input holds NaN, which no margin sees: PyTorch counts such pairs as 0']
  ],
  cases: [
    {
      title: 'The classes 3 and 0',
      request: { input: [[0.1, 0.2, 0.4, 0.8]], target: [[3, 0, -1, 1]] },
      reply: { loss: 0.85, gradients: { input: [[-0.5, 0.5, 0.5, -0.5]] }, denominator: 1 }
    },
    {
      title: 'Two examples, one value for each; the second has no class',
      request: {
        input: [[0.5, -1, 2], [0.3, 0.1, 0]],
        target: [[0, 2, -1], [-1, 0, 0]],
        options: { reduction: 'none' }
      },
      reply: { loss: [0, 0], gradients: { input: [[0, 0, 0], [0, 0, 0]] } }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[0.1, 0.2]], target: [[2, -1]] },
      refused: {
        code: 'TARGET_RANGE',
        detail: 'target holds 2 at [0,0]; classes are >= -1, up to 1'
      }
    },
    {
      title: 'A list of another length',
      request: { input: [[0.1, 0.2, 0.3]], target: [[0, -1]] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [1,2]; input [1,3] needs [1,3]'
      }
    }
  ]
}
