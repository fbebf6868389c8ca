// Cross-entropy: how surprised the softmax of the logits is by the class that is right. Targets are
// class indices, or probabilities if they have the shape of the input.

import type { Loss } from './loss.ts'

/** Its options. linear-cross-entropy makes the logits itself and takes the rest from here. */
export const crossEntropyOptions = `    weight: real[C] = 1
    ignore_index:    integer = -100
    label_smoothing: number <= 1 = 0      // negative counts as 0`

/** Its statements, for logits of this name. */
export const crossEntropyOf = (logits: string): string => `    soft = has(target, C)
    smoothing = clamp_min(label_smoothing, 0)
    p = log_softmax(${logits}, C)
    kept = soft || target != ignore_index
    denominator = soft ? 1 : kept ? weight[target] : 0
    loss = soft ? sum(weight * ((1 - smoothing) * target + smoothing / C) * p, C)
      : (1 - smoothing) * weight[target] * p[target] + smoothing / C * sum(weight * p, C)
    kept ? -loss : 0`

export const crossEntropyFrozen: NonNullable<Loss['frozen']> = [
  ['weight', '!soft',
    'weight has no gradient where target holds class indices; it has one where target holds ' +
    'probabilities']
]

export const crossEntropyRefuse: NonNullable<Loss['refuse']> = [
  ['soft && ignore_index >= 0',
    'ignore_index {ignore_index} needs class indices; target {target} holds probabilities']
]

export const crossEntropyWarn: NonNullable<Loss['warn']> = [
  ["reduction == 'mean' && !any(kept)", 'no_valid_targets',
    'No target counts (there is none, or all are ignore_index {ignore_index}), so the mean is ' +
    'NaN and its gradient zero: leave such batches out'],
  ['soft && any(target < 0 || target > 1)', 'target_out_of_range',
    'target holds probabilities outside 0 to 1: the loss can then become negative']
]

export const crossEntropy: Loss = {
  name: 'cross-entropy',
  torch: 'CrossEntropyLoss',
  task: 'multi-class classification',
  summary: 'The negative log-probability of the right class under the softmax of the logits',
  choose: 'The usual choice when exactly one class is right. Give raw logits: the softmax is ' +
    'inside. For one yes or no take bce-with-logits; for log-probabilities take nll.',
  source: 'torch.nn.CrossEntropyLoss',
  formula: `
    input:  real[N?, C, ...]
    target: class[N?, ...] | real[N?, C, ...] like input
${crossEntropyOptions}

${crossEntropyOf('input')}`,
  tensorOptions: ['weight'],
  frozen: crossEntropyFrozen,
  refuse: crossEntropyRefuse,
  warn: [
    ...crossEntropyWarn,
    ['C == 1', 'single_class',
      'input {input} has one class, so the loss is always 0: take bce-with-logits for one yes ' +
      'or no'],
    ['any(max(input, C) <= 1) && !any(max(input, C) > 1 || abs(sum(input, C) - 1) > 1e-3)',
      'probabilities_as_logits',
      'Every row of input sums to 1: it looks like the result of a softmax, but the loss takes ' +
      'logits and applies the softmax itself'],
    ['any(!kept && max(input, C) == -inf)', 'ignored_infinite',
      'A row that is ignored has only -Infinity as logits: its gradient is NaN']
  ],
  cases: [
    {
      title: 'Three examples of five classes',
      request: {
        input: [[2, 0.5, -1, 0, 1], [0.1, 1.5, 0.3, -0.7, 0.2], [-0.5, 0, 0.8, 2.2, -1.1]],
        target: [0, 1, 3]
      },
      reply: {
        loss: 0.5373323,
        gradients: {
          input: [
            [-0.14565961, 0.041875668, 0.009343725, 0.025398877, 0.069041304],
            [0.042565312, -0.16072248, 0.05198939, 0.01912583, 0.047041953],
            [0.015328094, 0.025271757, 0.056243323, -0.10525541, 0.008412235]
          ]
        },
        denominator: 3
      }
    },
    {
      title: 'Probabilities as targets, smoothed',
      request: {
        input: [[2, 0, -1], [0, 1, 0]],
        target: [[0.7, 0.2, 0.1], [0, 1, 0]],
        options: { label_smoothing: 0.1 },
        gradients: ['input', 'target']
      },
      reply: {
        loss: 0.792312,
        gradients: {
          input: [[0.09023067, -0.049569063, -0.040661633], [0.08930412, -0.17860821, 0.08930412]],
          target: [[0.076430716, 0.9764307, 1.4264307], [0.6981501, 0.24815008, 0.6981501]]
        },
        denominator: 2
      }
    },
    {
      title: 'Weights, and an example that is ignored',
      request: {
        input: [[2, 0, -1], [0, 1, 0], [1, 1, 1]],
        target: [0, 1, -1],
        options: { weight: [1, 2, 0.5], ignore_index: -1 }
      },
      reply: {
        loss: 0.42424512,
        gradients: {
          input: [
            [-0.052068435, 0.03806507, 0.014003355],
            [0.14129439, -0.28258872, 0.14129439],
            [0, 0, 0]
          ]
        },
        denominator: 3
      }
    },
    {
      title: 'Classes along the second dimension, one loss for each place',
      request: { input: [[[1, 2], [0, 1]]], target: [[0, 1]], options: { reduction: 'none' } },
      reply: {
        loss: [[0.31326166, 1.3132616]],
        gradients: { input: [[[-0.2689414, 0.7310586], [0.26894143, -0.7310586]]] }
      }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2, 3]], target: [3] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 3 at [0]; classes are 0 to 2' }
    },
    {
      title: 'More targets than examples',
      request: { input: [[1, 2, 3], [4, 5, 6]], target: [0, 1, 2] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [3]; input [2,3] needs [2] (class) or [2,3] (real)'
      }
    }
  ]
}
