// What the losses of areas share: each class of a batch is one area; a score compares it with the
// right one.

import type { Case, Loss } from './loss.ts'

/** Arguments; a loss may add options. */
export const areaArguments = `
    input:  real[N, C, ...S]
    target: real[N, C, ...S]      // 1 inside, 0 outside
    from_logits: boolean = true   // applies the sigmoid to input
    log_loss: boolean = false     // -log(score) instead of 1 - score
    smooth: number >= 0 = 0
    eps:    number >= 0 = 1e-7
    gamma:  number > 0 = 1`

/** What scores are made of: probabilities, and how much of them lies inside. */
export const areaOverlap = `    p = from_logits ? sigmoid(input) : input
    overlap = sum(p * target, N, S)`

/** From the score of each class to the loss. */
export const areaLoss = `    loss = log_loss ? -log(clamp_min(score, eps)) : 1 - score
    mean(sum(target, N, S) > 0 ? loss : 0, C) ** gamma`

export const areaWarnings: NonNullable<Loss['warn']> = [
  ['any(!(sum(target, N, S) > 0))', 'empty_class',
    'A class has no pixel in target: its loss is 0 and still counts in the mean']
]

/** For the cases of each loss: two images, probabilities, a class that is nowhere. */
export const twoImages = {
  input: [[[1.2, -0.5, 0.3, -2]], [[-1, 0.4, 2, 0.1]]],
  target: [[[1, 0, 1, 0]], [[0, 0, 1, 1]]]
}
export const oneOfProbabilities = { input: [[[0.8, 0.2, 0.6, 0.1]]], target: [[[1, 0, 1, 0]]] }
export const oneNowhere = { input: [[[1, -1], [0.5, 2]]], target: [[[1, 0], [0, 0]]] }

export const wrongAreas: Case = {
  title: 'Another number of pixels',
  request: { input: [[[1, 2, 3]]], target: [[[1, 0]]] },
  refused: {
    code: 'SHAPE_MISMATCH',
    detail: 'target has shape [1,1,2]; input [1,1,3] needs [1,1,3]'
  }
}
