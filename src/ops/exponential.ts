// exp and what is near it.

import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const exponential: readonly Op[] = [
  { name: 'exp', arguments: ['a'], lanes: exp, derivative: ['g * y'], word: true, cost: 18 },
  {
    // exp of an argument that is known not to be above 0: nothing overflows.
    name: 'exp_nonpositive',
    arguments: ['a'],
    lanes: exp,
    derivative: ['g * y'],
    word: false,
    cost: 16
  },
  {
    name: 'expm1',
    arguments: ['a'],
    lanes: expm1,
    derivative: ['g * (y + 1)'],
    word: true,
    cost: 24
  },
  {
    name: 'tanh',
    arguments: ['a'],
    lanes: tanh,
    derivative: ['g * (1 - y ** 2)'],
    word: true,
    cost: 24
  }
]

function exp (w: Lanes, a: Lane): Lane {
  const single = w.type === 'f32x4'
  const low = w.constant(single ? -87 : -708)
  const high = w.constant(single ? 88 : 709)
  const x = lane.minimum(w, lane.maximum(w, a, low), high)
  const magic = w.constant(single ? 12582912 : 6755399441055744)
  const shifted = w.madd(x, w.constant(Math.LOG2E), magic)
  const n = lane.sub(w, shifted, magic)
  const near = w.madd(n, w.constant(-0.693359375), x)
  const r = w.madd(n, w.constant(2.12194440054690583e-4), near)
  const factorials = [1, 1]
  for (let k = 2; k <= (single ? 7 : 14); k++) factorials.push((factorials[k - 1] ?? 1) * k)
  const p = polynomial(w, r, factorials.map(f => 1 / f))
  return lane.addBits(w, p, lane.shiftLeft(w, shifted, single ? 23 : 52))
}

const polynomial = lane.polynomial

function expm1 (w: Lanes, a: Lane): Lane {
  return lane.sub(w, exp(w, a), w.constant(1))
}

function tanh (w: Lanes, a: Lane): Lane {
  const e = exp(w, lane.mul(w, a, w.constant(2)))
  return lane.div(w, lane.sub(w, e, w.constant(1)), lane.add(w, e, w.constant(1)))
}
