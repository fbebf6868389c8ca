// pow as in C: negative a with a whole b is right, 0 ** negative is infinite.

import { exp } from './exponential.ts'
import * as lane from './lane.ts'
import { log } from './logarithm.ts'
import type { Op } from './op.ts'

export const power: readonly Op[] = [
  {
    name: 'pow',
    arguments: ['a', 'b'],
    lanes: (w, a, b) => exp(w, lane.mul(w, b, log(w, a))),
    derivative: [
      'g * (b == 0 ? 0 : b * a ** (b - 1))',
      'g * (a == 0 && b >= 0 ? 0 : y * log(a))'
    ],
    word: false,
    cost: 60
  }
]
