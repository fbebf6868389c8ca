// SigLIP: yes or no for every pair of an image and a text.

import type { Loss } from './loss.ts'

export const siglip: Loss = {
  name: 'siglip',
  torch: '',
  task: 'embeddings',
  summary: 'The binary cross-entropy of all pairs, summed over the texts and averaged over the ' +
    'images',
  choose: 'As clip, without a softmax over the batch, which helps with small and with very ' +
    'large batches. The value is one number.',
  source: 'Zhai 2023',
  formula: `
    image: real[N, D]
    text:  real[N, D]
    logit_scale: real[]      // its exponential multiplies the cosines
    logit_bias:  real[]

    M = axis(N)
    unit = x => x / clamp_min(norm(x, 2, D), 1e-12)
    words = unit(text)
    z = exp(logit_scale) * sum(unit(image) * words[N = index(M)], D) + logit_bias
    sum(softplus(index(N) == index(M) ? -z : z), N, M) / N`,
  cases: [
    {
      title: 'Two pairs',
      request: {
        image: [[1, 0.5], [0.2, 1]],
        text: [[0.8, 1], [-0.5, 0.5]],
        logit_scale: 1,
        logit_bias: -1
      },
      reply: {
        loss: 1.2275907,
        gradients: {
          image: [
            [-0.026842281222343445, 0.0536845326423645],
            [0.891533374786377, -0.1783066987991333]
          ],
          text: [
            [-0.3713192343711853, 0.29705551266670227],
            [-0.25112542510032654, -0.2511254549026489]
          ],
          logit_scale: 0.3989410996437073,
          logit_bias: 0.18813903629779816
        }
      }
    },
    {
      title: 'More images than texts',
      request: { image: [[1, 0.5], [0.2, 1]], text: [[1, 2]], logit_scale: 0, logit_bias: 0 },
      refused: { code: 'SHAPE_MISMATCH', detail: 'text has shape [1,2]; image [2,2] needs [2,2]' }
    }
  ]
}
