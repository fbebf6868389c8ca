// The reductions of the graph, their derivatives as texts beside those of the table. They have no
// lanes: reductions are loops. `over` names their axes. What moves values from place to place
// (take, put, shift, cumsum) has its derivative in src/formulas, as it is made of axes.

import type { Op } from './op.ts'

export const structural: readonly Op[] = [
  { name: 'sum', arguments: ['a'], derivative: ['g'], over: true, word: true, cost: 1 },
  {
    // Ties share.
    name: 'max',
    arguments: ['a'],
    derivative: ['a == y ? g / sum(a == y ? 1 : 0, over) : 0'],
    over: true,
    word: true,
    cost: 2
  },
  {
    name: 'min',
    arguments: ['a'],
    derivative: ['a == y ? g / sum(a == y ? 1 : 0, over) : 0'],
    over: true,
    word: true,
    cost: 2
  }
]
