// Cosine embedding: similar vectors shall point the same way, dissimilar ones apart.

import type { Loss } from './loss.ts'

export const cosineEmbedding: Loss = {
  name: 'cosine-embedding',
  torch: 'CosineEmbeddingLoss',
  task: 'embeddings',
  summary: 'One minus the cosine of two vectors that belong together, the cosine above a margin ' +
    'of two that do not',
  choose: 'When pairs of vectors are labelled 1 (similar) or -1 and only the direction counts. ' +
    'For distances take hinge-embedding, for a third vector as reference triplet-margin.',
  source: 'torch.nn.CosineEmbeddingLoss',
  formula: `
    input1: real[N~?, D]
    input2: real[N~?, D]
    target: real[N?]      // 1 or -1
    margin: number = 0

    a = sum(input1 ** 2, D) + 1e-12
    b = sum(input2 ** 2, D) + 1e-12
    cosine = sum(input1 * input2, D) / sqrt(a * b)
    (target == 1 ? 1 - cosine : 0) + (target == -1 ? relu(cosine - margin) : 0)`,
  frozen: [
    ['target', 'true', 'target has no gradient: it is 1 or -1; input1 and input2 have one']
  ],
  warn: [
    ['any(target != 1 && target != -1)', 'target_not_sign',
      'target holds values other than 1 and -1: they add nothing and still count in the mean'],
    ['margin < -1 || margin > 1', 'margin_out_of_range',
      'margin is {margin}; a cosine lies between -1 and 1']
  ],
  cases: [
    {
      title: 'A similar pair and a dissimilar one',
      request: { input1: [[1, 0.5], [0.2, 1]], input2: [[0.8, 1], [0.5, 0.5]], target: [1, -1] },
      reply: {
        loss: 0.46204552,
        gradients: {
          input1: [
            [0.08381161093711853, -0.16762328147888184],
            [0.26668280363082886, -0.05333662033081055]
          ],
          input2: [
            [-0.12776167690753937, 0.10220927000045776],
            [-0.27735015749931335, 0.2773500680923462]
          ]
        },
        denominator: 2
      }
    },
    {
      title: 'A margin, one value for each pair',
      request: {
        input1: [[1, 0.5], [0.2, 1]],
        input2: [[0.8, 1], [0.5, 0.5]],
        target: [1, -1],
        options: { margin: 0.5, reduction: 'none' }
      },
      reply: {
        loss: [0.09204066, 0.33205038],
        gradients: {
          input1: [
            [0.16762322187423706, -0.33524656295776367],
            [0.5333656072616577, -0.1066732406616211]
          ],
          input2: [
            [-0.25552335381507874, 0.20441854000091553],
            [-0.5547003149986267, 0.5547001361846924]
          ]
        }
      }
    },
    {
      title: 'Two vectors without a batch',
      request: { input1: [1, 2, 3], input2: [3, 2, 1], target: 1 },
      reply: {
        loss: 0.28571427,
        gradients: {
          input1: [-0.16326531767845154, -0.040816329419612885, 0.08163265138864517],
          input2: [0.08163265138864517, -0.040816329419612885, -0.16326531767845154]
        }
      }
    },
    {
      title: 'Vectors of different lengths',
      request: { input1: [[1, 2, 3]], input2: [[1, 2]], target: [1] },
      refused: {
        code: 'SHAPE_MISMATCH',
        detail: 'input2 has shape [1,2]; input1 [1,3] needs [1,3]'
      }
    }
  ]
}
