// tanh and erf: odd functions that level off at ±1.

import { expm1Doubled, expNonpositive } from './exponential.ts'
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
    cost: 24,
    ulp: { f32: 2.6, f64: 2 }
  },
  {
    name: 'erf',
    arguments: ['a'],
    lanes: erf,
    derivative: ['g * 2 / sqrt(pi) * exp(-(a ** 2))'],
    word: true,
    cost: 26,
    ulp: { f32: 2.6, f64: 1.3 }
  }
]

// tanh x = -m / (m + 2) with m = e^(-2|x|) - 1, and the sign of x.
function tanh (w: Lanes, a: Lane): Lane {
  const { power, p, rest } = expm1Doubled(w, lane.abs(w, a))
  const m = w.madd(power, p, rest)
  const d = lane.add(w, m, w.constant(2))
  const t = lane.div(w, m, d)
  const terms = { product: () => lane.mul(w, power, p), rest, m, d, t }
  const y = w.type === 'f32x4' ? t : lane.add(w, t, lostBySums(w, terms))
  return lane.or(w, lane.abs(w, y), lane.and(w, a, w.bits(formatOf(w).signBit)))
}

// What the roundings of m and d take from t = m / d, to first order: with m + e and d + e + f
// exact, (e - t (e + f)) / d, where 1 / d ≈ (1 - m) / 2 is near enough.
function lostBySums (
  w: Lanes,
  { product, rest, m, d, t }: { product: () => Lane, rest: Lane, m: Lane, d: Lane, t: Lane }
): Lane {
  const e = lane.sub(w, product(), lane.sub(w, m, rest))
  const f = lane.sub(w, m, lane.sub(w, d, w.constant(2)))
  const half = w.constant(0.5)
  const inverse = lane.sub(w, half, lane.mul(w, half, m))
  return lane.mul(w, lane.sub(w, e, lane.mul(w, t, lane.add(w, e, f))), inverse)
}

// erf x = x + x p(x²) below 1, minimax in the relative error: 5.3e-8 and 1.2e-17.
const nearZero = {
  f32x4: [
    0.1283791065216064, -0.37612324953079224, 0.11280180513858795, -0.026711320504546165,
    0.004917560610920191, -0.0005631449748761952
  ],
  f64x2: [
    0.1283791670955126, -0.3761263890318375, 0.11283791670954857, -0.026866170645072896,
    0.005223977624780864, -0.0008548326978742032, 0.00012055331036893657,
    -1.4925593506749198e-5, 1.6460972814757549e-6, -1.635002519842636e-7,
    1.465787967808755e-8, -1.136566532473465e-9, 5.945260670685904e-11
  ]
}

function erf (w: Lanes, a: Lane): Lane {
  const x = lane.abs(w, a)
  const z = lane.mul(w, x, x)
  const below = w.madd(x, lane.polynomial(w, z, nearZero[w.type]), x)
  const rest = w.type === 'f32x4' ? restSingle(w, x) : restDouble(w, x)
  const beyond = lane.sub(w, w.constant(1), rest)
  const y = w.select(lane.lt(w, x, w.constant(1)), below, beyond)
  return lane.or(w, y, lane.and(w, a, w.bits(formatOf(w).signBit)))
}

// 1 - erf x = q(x)⁸ from 1 to where float32 knows only 1, minimax relative to erf: 3.8e-8.
const eighthRoots = [
  1.000798225402832, -0.14491860568523407, -0.06165170669555664, -0.011187066324055195,
  0.012841076590120792, -0.0024496663827449083, 0.00014791949070058763
]

function restSingle (w: Lanes, x: Lane): Lane {
  const q = lane.polynomial(w, w.op('f32x4.pmin', x, w.constant(3.93)), eighthRoots)
  const q2 = lane.mul(w, q, q)
  const q4 = lane.mul(w, q2, q2)
  return lane.mul(w, q4, q4)
}

// 1 - erf x = e^(-x²) p(t) from 1 to 6 with t = 4 / (x + 3), minimax relative to erf: 8.7e-19.
const scaledRests = [
  2.1663660059802377e-5, 0.14073957344147586, 0.10774351132786128, 0.06765531658006281,
  0.06673196984448289, 0.0047949389265605595, 0.0358334766857939, 0.012462122286232889,
  -0.028501849010326586, 0.038068513120291525, -0.024378140426046923, 0.007252955202770552,
  -0.0008404754834115521
]

function restDouble (w: Lanes, x: Lane): Lane {
  const near = w.op('f64x2.pmin', x, w.constant(6))
  const e = expNonpositive(w, lane.neg(w, lane.mul(w, near, near)))
  const t = lane.div(w, w.constant(4), lane.add(w, near, w.constant(3)))
  return lane.mul(w, e, lane.polynomial(w, t, scaledRests))
}
