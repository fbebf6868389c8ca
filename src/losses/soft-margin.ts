// Soft margin: a smooth hinge for targets of 1 and -1.

import type { Loss } from './loss.ts'

export const softMargin: Loss = {
  name: 'soft-margin',
  torch: 'SoftMarginLoss',
  task: 'binary classification',
  summary: 'The logarithm of 1 + exp(-target · input)',
  choose: 'When targets are written 1 and -1. It is bce-with-logits for such targets, which ' +
    'stays finite where this one overflows (below -88 in float32): take that if you can.',
  source: 'torch.nn.SoftMarginLoss',
  formula: `
    input:  real[...]
    target: real[...]      // 1 or -1

    log1p(exp(-target * input))`,
  frozen: [
    ['target', 'true', 'target has no gradient: it is 1 or -1; input has one']
  ],
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target != 1 && target != -1)', 'target_not_sign',
      'target holds values other than 1 and -1'],
    ['any(-target * input > 88.7)', 'overflow',
      'exp(-target * input) overflows in float32: the loss is then Infinity and its gradient ' +
      'NaN. bce-with-logits with targets 0 and 1 is the same and stays finite']
  ],
  cases: [
    {
      title: 'Four scores',
      request: { input: [0.8, -1.2, 2, -0.3], target: [1, -1, 1, 1] },
      reply: {
        loss: 0.4039166,
        gradients: {
          input: [
            -0.07750638574361801, 0.057868801057338715, -0.02980072982609272, -0.1436106413602829
          ]
        },
        denominator: 4
      }
    },
    {
      title: 'One value for each',
      request: { input: [[0.5], [-2]], target: [[-1], [1]], options: { reduction: 'none' } },
      reply: {
        loss: [[0.974077], [2.126928]],
        gradients: { input: [[0.622459352016449], [-0.8807970881462097]] }
      }
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2, 3]], target: [1, -1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [2]; it does not broadcast with input [1,3]: 2 against 3 in ' +
          'dimension 0'
      }
    }
  ]
}
