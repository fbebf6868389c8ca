// tanh and erf: odd functions that level off at ±1.

import { expm1 } from './exponential.ts'
import { formatOf } from './format.ts'
import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const saturating: readonly Op[] = [
  {
    name: 'tanh',
    arguments: ['a'],
    lanes: tanh,
    derivative: ['g * (1 - y ** 2)'],
    word: true,
    cost: 26
  },
  {
    name: 'erf',
    arguments: ['a'],
    lanes: erf,
    derivative: ['g * 2 / sqrt(pi) * exp(-(a ** 2))'],
    word: true,
    cost: 26
  }
]

// tanh x = -m / (m + 2) with m = e^(-2|x|) - 1, and the sign of x.
function tanh (w: Lanes, a: Lane): Lane {
  const m = expm1(w, lane.mul(w, lane.abs(w, a), w.constant(-2)))
  const two = w.constant(2)
  const d = lane.add(w, m, two)
  const t = lane.abs(w, lane.div(w, m, d))
  const y = w.type === 'f32x4' ? t : w.op('f64x2.sub', t, lostInDivisor(w, m, d, t))
  return lane.or(w, y, lane.and(w, a, w.bits(formatOf(w).signBit)))
}

// What the rounding of d = m + 2 takes from t, to first order: t · lost / d, 1 / d ≈ (1 - m) / 2.
function lostInDivisor (w: Lanes, m: Lane, d: Lane, t: Lane): Lane {
  const lost = lane.sub(w, m, lane.sub(w, d, w.constant(2)))
  const inverse = w.madd(m, w.constant(-0.5), w.constant(0.5))
  return lane.mul(w, t, lane.mul(w, lost, inverse))
}

// Below 1: x + x p(x²). From 1 on: 1 - q(x)⁸. The former's error is at most 4e-8, the latter's 2e-8.
const erfSingle = {
  below: [
    0.1283791065216064, -0.37612324953079224, 0.11280180513858795, -0.026711320504546165,
    0.004917560610920191, -0.0005631449748761952
  ],
  beyond: [
    1.000798225402832, -0.14491860568523407, -0.06165170669555664, -0.011187066324055195,
    0.012841076590120792, -0.0024496663827449083, 0.00014791949070058763
  ]
}

function erf (w: Lanes, a: Lane): Lane {
  const x = lane.abs(w, a)
  const z = lane.mul(w, x, x)
  const below = w.madd(x, lane.polynomial(w, z, erfSingle.below), x)
  const q = lane.polynomial(w, w.op('f32x4.pmin', x, w.constant(3.93)), erfSingle.beyond)
  const q2 = lane.mul(w, q, q)
  const q4 = lane.mul(w, q2, q2)
  const beyond = lane.sub(w, w.constant(1), lane.mul(w, q4, q4))
  const y = w.select(lane.lt(w, x, w.constant(1)), below, beyond)
  return lane.or(w, y, lane.and(w, a, w.bits(formatOf(w).signBit)))
}
