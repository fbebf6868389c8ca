// Yes/no values (all ones, all zeros) and the choice between two values by one.

import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const comparison: readonly Op[] = [
  compare('lt', lane.lt),
  compare('le', lane.le),
  compare('gt', lane.gt),
  compare('ge', lane.ge),
  compare('eq', lane.eq),
  compare('ne', lane.ne),
  compare('and', lane.and),
  compare('or', lane.or),
  {
    name: 'not',
    arguments: ['a'],
    mask: true,
    lanes: (w, a) => w.op('v128.not', a),
    derivative: [null],
    word: false,
    cost: 1
  },
  {
    name: 'where',
    arguments: ['c', 'a', 'b'],
    lanes: (w, c, a, b) => w.select(c, a, b),
    derivative: [null, 'c ? g : 0', 'c ? 0 : g'],
    word: false,
    cost: 2
  }
]

function compare (name: string, lanes: (w: Lanes, a: Lane, b: Lane) => Lane): Op {
  const derivative = [null, null]
  return { name, arguments: ['a', 'b'], mask: true, lanes, derivative, word: false, cost: 1 }
}
