// Lovász hinge: a convex stand-in for 1 - IoU of yes or no at each place.

import type { Loss } from './loss.ts'
import { lovaszWords } from './lovasz.ts'

export const lovaszHinge: Loss = {
  name: 'lovasz-hinge',
  torch: '',
  task: 'segmentation',
  summary: 'The hinge errors of an image, sorted, each weighed by what it does to the IoU',
  choose: 'For yes or no at each place where IoU is what counts; best after some epochs of ' +
    'bce-with-logits. For several classes take lovasz-softmax.',
  source: 'Berman 2018',
  formula: `
    input:  real[N, ...S]      // logits
    target: real[N, ...S]      // 1 and 0
    per_image: boolean = true
    ignore_index: integer = -100
${lovaszWords}

    R = axis(S)
    P = axis(N * S)
    Q = axis(P)
    all = x => x[N = floor(index(P) / S), S = index(P) % S]
    kept = target != ignore_index
    hits = kept && target > 0.5 ? 1 : 0
    e = kept ? 1 - input * (2 * hits - 1) : -inf
    per_image ? lovasz(e, hits, S, R) : lovasz(all(e), all(hits), P, Q)`,
  frozen: [['target', 'true', 'target has no gradient: it says what is inside']],
  warn: [
    ['any(kept && target != 0 && target != 1)', 'target_not_binary',
      'target holds other numbers than 0 and 1: what is above a half counts as 1, the rest as 0'],
    ['!any(kept)', 'no_valid_targets',
      'No target counts (there is none, or all are ignore_index {ignore_index}): the loss is 0']
  ],
  cases: [
    {
      title: 'Two images of four pixels',
      request: {
        input: [[1.2, -0.5, 0.3, -2], [-1, 0.4, 2, 0.1]], target: [[1, 0, 1, 0], [0, 0, 1, 1]]
      },
      reply: {
        loss: 0.59999996,
        gradients: {
          input: [[0, 0.08333331, -0.25, 0], [0, 0.16666666, 0, -0.16666666]]
        },
        denominator: 2
      }
    },
    {
      title: 'All pixels together, one of them ignored',
      request: {
        input: [[1.2, -0.5, 0.3, -2], [-1, 0.4, 2, 0.1]],
        target: [[1, 0, 1, 0], [0, 0, 1, 255]],
        options: { per_image: false, ignore_index: 255 }
      },
      reply: {
        loss: 0.575,
        gradients: { input: [[0, 0.100000024, -0.25, 0], [0, 0.25, 0, 0]] }
      }
    },
    {
      title: 'Another number than 0 and 1',
      request: { input: [[1, -1]], target: [[0.2, 0]], gradients: [] },
      reply: { loss: 2, gradients: {}, denominator: 1 },
      warnings: ['target_not_binary']
    },
    {
      title: 'Another number of pixels',
      request: { input: [[1, 2, 3]], target: [[1, 0]] },
      refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [1,2]; input [1,3] needs [1,3]' }
    }
  ]
}
