// The derivatives of the graph's own ops that carry gradients, as texts beside those of the table.
// They have no lanes: reductions are loops, take is an address. `over` names their axes.

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
  },
  {
    name: 'take',
    arguments: ['a', 'i'],
    derivative: ['index(over) == i ? g : 0', null],
    over: true,
    word: false,
    cost: 2
  }
]
