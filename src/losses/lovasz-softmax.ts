// Lovász softmax: a stand-in for the mean 1 - IoU of the classes, with a gradient everywhere.

import type { Loss } from './loss.ts'
import { lovaszWords } from './lovasz.ts'

export const lovaszSoftmax: Loss = {
  name: 'lovasz-softmax',
  torch: '',
  task: 'segmentation',
  summary: 'The errors of each class, sorted, each weighed by what it does to the IoU of the ' +
    'class; the mean over the classes',
  choose: 'For one class of several at each place where the mean IoU is what counts; best after ' +
    'some epochs of cross-entropy. For yes or no take lovasz-hinge.',
  source: 'Berman 2018',
  formula: `
    input:  real[N, C, ...S]
    target: class[N, ...S]
    from_logits: boolean = true      // applies the softmax to input
    per_image:   boolean = false
    classes: 'present' | 'all' = 'present'
    ignore_index: integer = -100
${lovaszWords}

    R = axis(S)
    P = axis(N * S)
    Q = axis(P)
    all = x => x[N = floor(index(P) / S), S = index(P) % S]
    p = from_logits ? softmax(input, C) : input
    kept = target != ignore_index
    hits = kept && index(C) == target ? 1 : 0
    e = kept ? abs(hits - p) : -1
    loss = per_image ? lovasz(e, hits, S, R) : lovasz(all(e), all(hits), P, Q)
    counts = classes == 'all' || (per_image ? max(hits, S) : max(hits, N, S)) > 0
    sum(counts ? loss : 0, C) / clamp_min(sum(counts ? 1 : 0, C), 1)`,
  warn: [
    ['!any(kept)', 'no_valid_targets',
      'No target counts (there is none, or all are ignore_index {ignore_index}): the loss is 0']
  ],
  cases: [
    {
      title: 'One image of three pixels, three classes',
      request: { input: [[[2, 0.5, -1], [0, 1.5, 0.2], [-0.5, 0, 0.8]]], target: [[0, 1, 1]] },
      reply: {
        loss: 0.3652776,
        gradients: {
          input: [
            [
              [-0.036674067, 0.08077274, 0.007718904],
              [0.022828108, -0.09470279, -0.05441555],
              [0.0138459485, 0.013930047, 0.046696648]
            ]
          ]
        }
      }
    },
    {
      title: 'Probabilities, and all classes, also those that are nowhere',
      request: {
        input: [[[0.7, 0.2], [0.3, 0.8]]],
        target: [[0, 1]],
        options: { from_logits: false, classes: 'all' }
      },
      reply: { loss: 0.275, gradients: { input: [[[-0.5, 0], [0.25, -0.25]]] } }
    },
    {
      title: 'A class that does not exist',
      request: { input: [[1, 2, 3]], target: [3] },
      refused: { code: 'TARGET_RANGE', detail: 'target holds 3 at [0]; classes are 0 to 2' }
    }
  ]
}
