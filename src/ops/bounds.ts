// The smaller and the larger of two, and what is made of them. NaN goes through all of these.
// Kinks as in PyTorch: half each at ties of minimum and maximum, no slope at the bound of a clamp.

import * as lane from './lane.ts'
import type { Op } from './op.ts'

export const bounds: readonly Op[] = [
  {
    name: 'minimum',
    arguments: ['a', 'b'],
    lanes: lane.minimum,
    derivative: ['a < b ? g : a == b ? g / 2 : 0', 'b < a ? g : a == b ? g / 2 : 0'],
    word: true,
    cost: 2
  },
  {
    name: 'maximum',
    arguments: ['a', 'b'],
    lanes: lane.maximum,
    derivative: ['a > b ? g : a == b ? g / 2 : 0', 'b > a ? g : a == b ? g / 2 : 0'],
    word: true,
    cost: 2
  },
  {
    name: 'clamp',
    arguments: ['x', 'a', 'b'],
    value: 'minimum(maximum(x, a), b)',
    derivative: ['x > a && x < b ? g : 0', null, null],
    word: true,
    cost: 4
  },
  {
    name: 'clamp_min',
    arguments: ['x', 'a'],
    value: 'maximum(x, a)',
    derivative: ['x > a ? g : 0', null],
    word: true,
    cost: 2
  },
  {
    name: 'clamp_max',
    arguments: ['x', 'a'],
    value: 'minimum(x, a)',
    derivative: ['x < a ? g : 0', null],
    word: true,
    cost: 2
  },
  {
    name: 'relu',
    arguments: ['a'],
    value: 'maximum(a, 0)',
    derivative: ['a > 0 ? g : 0'],
    word: true,
    cost: 2
  }
]
