// CLIP: images find their texts, and texts their images.

import type { Loss } from './loss.ts'

export const clip: Loss = {
  name: 'clip',
  torch: '',
  task: 'embeddings',
  summary: 'The mean of two cross-entropies of cosines, over the texts and over the images',
  choose: 'For two kinds of input that come in pairs. The scale is learnt, too: its logarithm ' +
    'is an argument. siglip judges each pair by itself. The value is one number.',
  source: 'Radford 2021',
  formula: `
    image: real[N, D]
    text:  real[N, D]
    logit_scale: real[]      // its exponential multiplies the cosines

    M = axis(N)
    unit = x => x / clamp_min(norm(x, 2, D), 1e-12)
    words = unit(text)
    z = exp(logit_scale) * sum(unit(image) * words[N = index(M)], D)
    right = log_softmax(z, M)[M = index(N)]
    back = log_softmax(z, N)[N = index(M)]
    -(mean(right, N) + mean(back, M)) / 2`,
  refuse: [['N == 0', 'image {image} has no rows']],
  warn: [
    ['logit_scale > 4.6052', 'scale_beyond_100',
      'exp(logit_scale) is above 100, where CLIP clamps it']
  ],
  cases: [
    {
      title: 'Two pairs',
      request: { image: [[1, 0.5], [0.2, 1]], text: [[0.8, 1], [-0.5, 0.5]], logit_scale: 1 },
      reply: {
        loss: 0.50933886,
        gradients: {
          image: [
            [0.02834416925907135, -0.05668838322162628],
            [0.7937697768211365, -0.15875397622585297]
          ],
          text: [
            [-0.31874313950538635, 0.25499457120895386],
            [-0.3736422657966614, -0.3736422657966614]
          ],
          logit_scale: 0.07538547366857529
        }
      }
    },
    {
      title: 'More images than texts',
      request: { image: [[1, 0.5], [0.2, 1]], text: [[1, 2]], logit_scale: 0 },
      refused: { code: 'SHAPE_MISMATCH', detail: 'text has shape [1,2]; image [2,2] needs [2,2]' }
    }
  ]
}
