// Hinge embedding: similar pairs shall be near, dissimilar ones at least a margin apart.

import type { Loss } from './loss.ts'

export const hingeEmbedding: Loss = {
  name: 'hinge-embedding',
  torch: 'HingeEmbeddingLoss',
  task: 'embeddings',
  summary: 'The distance itself for similar pairs, what it lacks to the margin for dissimilar ones',
  choose: 'When input is a distance of two embeddings and target says 1 for similar, -1 for ' +
    'dissimilar. From the embeddings themselves take cosine-embedding or triplet-margin.',
  source: 'torch.nn.HingeEmbeddingLoss',
  formula: `
    input:  real[...]      // distances
    target: real[...]      // 1 or -1
    margin: number = 1

    (target != 1 ? relu(margin - input) : 0) + (target != -1 ? input : 0)`,
  frozen: [
    ['target', 'true', 'target has no gradient: it is 1 or -1; input has one']
  ],
  warn: [
    ['differs(input, target)', 'broadcast',
      'input {input} and target {target} are broadcast to {...}: every pair counts. Give both ' +
      'the same shape if each input has its own target'],
    ['any(target != 1 && target != -1)', 'target_not_sign',
      'target holds values other than 1 and -1, for which both terms count']
  ],
  cases: [
    {
      title: 'Two similar pairs and two dissimilar ones',
      request: { input: [0.2, 1.5, 0.3, 2], target: [1, 1, -1, -1] },
      reply: { loss: 0.6, gradients: { input: [0.25, 0.25, -0.25, 0] }, denominator: 4 }
    },
    {
      title: 'A wider margin',
      request: {
        input: [0.2, 1.5, 0.3, 2],
        target: [1, 1, -1, -1],
        options: { margin: 2.5, reduction: 'sum' }
      },
      reply: { loss: 4.4, gradients: { input: [1, 1, -1, -1] } }
    },
    {
      title: 'A target of 0: both terms count',
      request: { input: [0.25], target: [0], options: { reduction: 'none' } },
      reply: { loss: [1], gradients: { input: [0] } },
      warnings: ['target_not_sign']
    },
    {
      title: 'Shapes that do not broadcast',
      request: { input: [[1, 2], [3, 4]], target: [1, 1, -1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'target has shape [3]; it does not broadcast with input [2,2]: 3 against 2 in ' +
          'dimension 0'
      }
    }
  ]
}
