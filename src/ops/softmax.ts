// Composites along axes (`over`). The maximum comes off first, so that no exponential overflows.

import type { Op } from './op.ts'

export const softmax: readonly Op[] = [
  {
    name: 'softmax',
    arguments: ['a'],
    value: 'e = exp_nonpositive(a - max(a, over)); e / sum(e, over)',
    derivative: ['g * y - y * sum(g * y, over)'],
    over: true,
    word: true,
    cost: 26
  },
  {
    name: 'log_softmax',
    arguments: ['a'],
    value: 'z = a - max(a, over); z - log(sum(exp_nonpositive(z), over))',
    derivative: ['g - softmax(a, over) * sum(g, over)'],
    over: true,
    word: true,
    cost: 20
  },
  {
    // An infinite maximum stays where it is: log(e^∞ + …) = ∞, log(0 + 0 + …) = -∞.
    name: 'logsumexp',
    arguments: ['a'],
    value: 'm = max(a, over); s = m > -inf ? m : 0; ' +
      'm == inf ? m : s + log(sum(exp_nonpositive(a - s), over))',
    derivative: ['g * exp(a - y)'],
    over: true,
    reduces: true,
    word: true,
    cost: 40
  }
]
