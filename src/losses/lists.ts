// What the losses of lists share: the same lists as cases, so that their numbers can be compared.

import type { Case } from './loss.ts'

export const oneList: Case['request'] = {
  scores: [[0.5, 1.2, -0.3, 0]], target: [[1, 3, 0, 2]]
}

export const twoLists: Case['request'] = {
  scores: [[0.5, 1.2], [2, -1]], target: [[0, 1], [1, 0]], options: { reduction: 'none' }
}

export const otherLength: Case = {
  title: 'A list of another length',
  request: { scores: [1, 2, 3], target: [1, 0] },
  refused: { code: 'SHAPE_MISMATCH', detail: 'target has shape [2]; scores [3] needs [3]' }
}
