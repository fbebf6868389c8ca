// Cross-entropy behind a linear layer: the logits are a product of the input with a matrix.

import {
  crossEntropyFrozen, crossEntropyOf, crossEntropyOptions, crossEntropyRefuse, crossEntropyWarn
} from './cross-entropy.ts'
import type { Loss } from './loss.ts'

export const linearCrossEntropy: Loss = {
  name: 'linear-cross-entropy',
  torch: 'LinearCrossEntropyLoss',
  task: 'multi-class classification',
  summary: 'The cross-entropy of the logits that a linear layer makes of the input',
  choose: 'When the last layer belongs to the loss: many classes, one request for logits, loss ' +
    'and the gradients of the matrix. With logits at hand take cross-entropy.',
  source: 'torch.nn.LinearCrossEntropyLoss',
  formula: `
    input:  real[N?, D]
    linear_weight: real[C, ...K, D]
    linear_bias:   real[C, ...K] = 0
    target: class[N?, ...K] | real[N?, C, ...K]
${crossEntropyOptions}

    logits = sum(input * linear_weight, D) + linear_bias
${crossEntropyOf('logits')}`,
  tensorOptions: ['weight'],
  frozen: crossEntropyFrozen,
  refuse: crossEntropyRefuse,
  warn: crossEntropyWarn,
  cases: [
    {
      title: 'Two examples of two features, three classes',
      request: {
        input: [[1, -0.5], [0.3, 2]],
        linear_weight: [[0.2, 0.1], [-0.4, 0.5], [0.3, -0.2]],
        linear_bias: [0.1, 0, -0.1],
        target: [0, 1]
      },
      reply: {
        loss: 0.76255506,
        gradients: {
          input: [
            [-0.02823914773762226, -0.031074732542037964],
            [0.14691530168056488, -0.11511920392513275]
          ],
          linear_weight: [
            [-0.24887526035308838, 0.4662456214427948],
            [0.012931549921631813, -0.5065353512763977],
            [0.2359437197446823, 0.040289707481861115]
          ],
          linear_bias: [-0.13758894801139832, -0.14988179504871368, 0.2874707281589508]
        },
        denominator: 2
      }
    },
    {
      title: 'Probabilities as targets, without a bias',
      request: {
        input: [[1, -0.5]],
        linear_weight: [[0.2, 0.1], [-0.4, 0.5]],
        target: [[0.7, 0.3]],
        gradients: ['input', 'target']
      },
      reply: {
        loss: 0.6111007,
        gradients: {
          input: [[-0.006015324499458075, 0.00401020934805274]],
          target: [[0.37110069394111633, 1.1711006164550781]]
        },
        denominator: 1
      }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2]], linear_weight: [[1, 0], [0, 1]], target: [2] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 2 at [0]; classes are 0 to 1' }
    }
  ]
}
