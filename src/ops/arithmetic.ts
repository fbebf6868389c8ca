// The four operations and what is about as cheap; operators of the language, and its plain words.

import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const arithmetic: readonly Op[] = [
  {
    name: 'add',
    arguments: ['a', 'b'],
    lanes: lane.add,
    derivative: ['g', 'g'],
    word: false,
    cost: 1
  },
  {
    name: 'sub',
    arguments: ['a', 'b'],
    lanes: lane.sub,
    derivative: ['g', '-g'],
    word: false,
    cost: 1
  },
  {
    name: 'mul',
    arguments: ['a', 'b'],
    lanes: lane.mul,
    derivative: ['g * b', 'g * a'],
    word: false,
    cost: 1
  },
  {
    name: 'div',
    arguments: ['a', 'b'],
    lanes: lane.div,
    derivative: ['g / b', '-g / b * y'],
    word: false,
    cost: 7
  },
  {
    // a modulo b, with the sign of b. Its jumps have no slope.
    name: 'mod',
    arguments: ['a', 'b'],
    value: 'a - floor(a / b) * b',
    derivative: ['g', '-g * floor(a / b)'],
    word: false,
    cost: 10
  },
  { name: 'neg', arguments: ['a'], lanes: lane.neg, derivative: ['-g'], word: false, cost: 1 },
  {
    name: 'abs',
    arguments: ['a'],
    lanes: lane.abs,
    derivative: ['g * sign(a)'],
    word: true,
    cost: 1
  },
  { name: 'sign', arguments: ['a'], lanes: sign, derivative: [null], word: true, cost: 5 },
  { name: 'floor', arguments: ['a'], lanes: lane.floor, derivative: [null], word: true, cost: 1 },
  {
    name: 'sqrt',
    arguments: ['a'],
    lanes: lane.sqrt,
    derivative: ['g / 2 / y'],
    word: true,
    cost: 7
  },
  {
    // A root whose slope at 0 is 0, for norms: PyTorch's subgradient.
    name: 'sqrt0',
    arguments: ['a'],
    value: 'sqrt(a)',
    derivative: ['y == 0 ? 0 : g / 2 / y'],
    word: false,
    cost: 7
  },
  {
    name: 'stop_gradient',
    arguments: ['a'],
    value: 'a',
    derivative: [null],
    word: true,
    cost: 0
  }
]

// (a > 0 ? 1 : 0) or (a < 0 ? -1 : 0): 0 for both zeros and for NaN, as in PyTorch.
function sign (w: Lanes, a: Lane): Lane {
  const zero = w.constant(0)
  const above = lane.and(w, lane.gt(w, a, zero), w.constant(1))
  const below = lane.and(w, lane.lt(w, a, zero), w.constant(-1))
  return lane.or(w, above, below)
}
