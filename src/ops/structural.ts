// The reductions of the graph, their derivatives as texts beside those of the table. They have no
// lanes: reductions are loops. `over` names their axes. What moves values from place to place
// (take, put, shift, cumsum) has its derivative in src/formulas, as it is made of axes.

import type { Op } from './op.ts'

// Ties share.
const extreme = 'a == y ? g / sum(a == y ? 1 : 0, over) : 0'

export const structural: readonly Pick<Op, 'name' | 'arguments' | 'derivative'>[] = [
  { name: 'sum', arguments: ['a'], derivative: ['g'] },
  { name: 'max', arguments: ['a'], derivative: [extreme] },
  { name: 'min', arguments: ['a'], derivative: [extreme] }
]
