// Binary cross-entropy with smoothed labels: no answer shall be quite certain.

import type { Loss } from './loss.ts'

export const bceLabelSmoothing: Loss = {
  name: 'bce-label-smoothing',
  torch: '',
  task: 'binary classification',
  summary: 'Binary cross-entropy of logits with targets moved towards one half',
  choose: 'When some labels are wrong, or the model becomes too sure of itself. With ' +
    'label_smoothing 0 it is bce-with-logits.',
  source: 'Keras BinaryCrossentropy(label_smoothing)',
  formula: `
    input:  real[...]
    target: real[...]
    label_smoothing: number >= 0 <= 1 = 0.1

    t = target * (1 - label_smoothing) + label_smoothing / 2
    (1 - t) * input + softplus(-input)`,
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target < 0 || target > 1)', 'target_out_of_range',
      'target holds values outside 0 to 1: the loss can then become negative']
  ],
  cases: [
    {
      title: 'Three logits',
      request: { input: [[0.8], [-1.2], [2]], target: [[1], [0], [1]] },
      reply: {
        loss: 0.32043707,
        gradients: {
          input: [[-0.08667516708374023], [0.060491740703582764], [-0.0230676531791687]]
        },
        denominator: 3
      }
    },
    {
      title: 'Half smoothed',
      request: {
        input: [[0.8], [-1.2], [2]],
        target: [[1], [0], [1]],
        options: { label_smoothing: 0.5, reduction: 'none' }
      },
      reply: {
        loss: [[0.57110065], [0.56328243], [0.62692803]],
        gradients: {
          input: [[-0.06002551317214966], [-0.018524780869483948], [0.13079702854156494]]
        }
      }
    },
    {
      title: 'More than all',
      request: {
        input: [[0.8], [-1.2], [2]],
        target: [[1], [0], [1]],
        options: { label_smoothing: 2 }
      },
      refused: {
        code: 'OPTION_INVALID',
        detail: 'The option label_smoothing must be a number >= 0 and <= 1; got 2'
      }
    }
  ]
}
