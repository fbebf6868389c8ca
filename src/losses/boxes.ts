// What the losses of boxes share: pairs of boxes by their corners, and what the pair has in common.

import type { Case, Loss } from './loss.ts'

/** Arguments, and the overlap of a pair; after it come the statements of each loss. */
export const boxPairs = `
    reduction: 'none' | 'mean' | 'sum' = 'none'
    boxes1: real[N, K = 4]      // x1, y1, x2, y2
    boxes2: real[N, K = 4]
    eps: number >= 0 = 1e-7

    x1 = maximum(boxes1[K = 0], boxes2[K = 0])
    y1 = maximum(boxes1[K = 1], boxes2[K = 1])
    x2 = minimum(boxes1[K = 2], boxes2[K = 2])
    y2 = minimum(boxes1[K = 3], boxes2[K = 3])
    area = b => (b[K = 2] - b[K = 0]) * (b[K = 3] - b[K = 1])
    inter = x2 > x1 && y2 > y1 ? (x2 - x1) * (y2 - y1) : 0
    union = area(boxes1) + area(boxes2) - inter
    width = maximum(boxes1[K = 2], boxes2[K = 2]) - minimum(boxes1[K = 0], boxes2[K = 0])
    height = maximum(boxes1[K = 3], boxes2[K = 3]) - minimum(boxes1[K = 1], boxes2[K = 1])`

export const boxWarnings: NonNullable<Loss['warn']> = [
  ['any(area(boxes1) < 0 || area(boxes2) < 0)', 'box_inside_out',
    'A box ends before it begins: the order is x1, y1, x2, y2']
]

/** Pairs for the cases of each loss: two that overlap and two apart; two that overlap. */
export const apartPairs = {
  boxes1: [[0, 0, 2, 2], [0, 0, 1, 1]], boxes2: [[1, 1, 3, 2.5], [3, 3, 5, 4]]
}
export const closePairs = {
  boxes1: [[0, 0, 2, 2], [0.5, 0, 1, 3]], boxes2: [[1, 1, 3, 2.5], [0.5, 0.5, 1.5, 3]]
}

export const wrongBoxes: Case = {
  title: 'A box of three numbers',
  request: { boxes1: [[0, 0, 1]], boxes2: [[0, 0, 1, 1]] },
  refused: { code: 'SHAPE_MISMATCH', detail: 'boxes1 has shape [1,3]; K has the length 4' }
}
