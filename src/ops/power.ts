// pow as in C: aᵇ = 2^(b log₂ |a|). The logarithm is carried in two parts, high + low, because its
// error grows with the result's exponent. The high parts have so few bits that products of two are
// exact.

import { exponentials, timesPower } from './exponential.ts'
import { formatOf } from './format.ts'
import * as lane from './lane.ts'
import { lift, split, wholeNumber } from './logarithm.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const power: readonly Op[] = [
  {
    name: 'pow',
    arguments: ['a', 'b'],
    lanes: pow,
    derivative: [
      'g * (b == 0 ? 0 : b * a ** (b - 1))',
      'g * (a == 0 && b >= 0 ? 0 : y * log(a))'
    ],
    word: false,
    cost: 130,
    ulp: { f32: 1.3, f64: 1.5 }
  }
]

// (3 atanh(s) / s - 3 - z) / z² in z = s² up to 0.0295, minimax in the whole relative to 3: 9e-12
// and 4.7e-21.
const atanhs = {
  f32x4: [0.6000022888183594, 0.4282066226005554, 0.35128796100616455],
  f64x2: [
    0.5999999999999996, 0.4285714285716774, 0.33333333326287484, 0.2727272830759661,
    0.23076835160828785, 0.20004481755711173, 0.17512113142319108, 0.1798447710599387
  ]
}

// 2 / (3 ln 2) in two parts; the bits that a high part keeps; exponents, powers beyond any result.
const formats = {
  f32x4: {
    scaleHigh: 0.961669921875,
    scaleLow: 0.00012677205086220056,
    highBits: 0xffff_f000n,
    exponentMin: -160,
    exponentMax: 135,
    powerMax: 2 ** 40
  },
  f64x2: {
    scaleHigh: 0.9617966860532761,
    scaleLow: 7.872699542894897e-9,
    highBits: 0xffff_ffff_f800_0000n,
    exponentMin: -1100,
    exponentMax: 1040,
    powerMax: 2 ** 100
  }
}

/** A number as the sum of two, |low| far below |high|. */
interface Sum {
  readonly high: Lane
  readonly low: Lane
}

function pow (w: Lanes, a: Lane, b: Lane): Lane {
  const x = lane.abs(w, a)
  const magnitude = exp2(w, exponent(w, x, b))
  const trivial = lane.or(w, lane.eq(w, a, w.constant(1)), lane.eq(w, b, w.constant(0)))
  return w.select(trivial, w.constant(1), lane.or(w, magnitude, signOrNaN(w, a, b)))
}

// b · log₂ x, infinite for an x of 0 or ∞.
function exponent (w: Lanes, x: Lane, b: Lane): Sum {
  const { powerMax } = formats[w.type]
  const infinity = w.constant(Number.POSITIVE_INFINITY)
  const zero = w.constant(0)
  const logarithm = log2(w, x)
  const bounded = clamp(w, b, -powerMax, powerMax)
  const top = high(w, bounded)
  const rest = lane.mul(w, lane.sub(w, bounded, top), logarithm.high)
  const low = w.madd(bounded, logarithm.low, rest)
  const ordinary = lane.and(w, lane.gt(w, x, zero), lane.lt(w, x, infinity))
  const limit = w.select(lane.eq(w, x, zero), w.constant(Number.NEGATIVE_INFINITY), x)
  return {
    high: w.select(ordinary, lane.mul(w, top, logarithm.high), lane.mul(w, bounded, limit)),
    low: lane.and(w, low, ordinary)
  }
}

// log₂(2ⁿ · m) = n + scale · s · (3 + z + z² q(z)) with s = (m - 1) / (m + 1), z = s².
function log2 (w: Lanes, x: Lane): Sum {
  const { scaleHigh, scaleLow } = formats[w.type]
  const { normal, lifted } = lift(w, x)
  const { m, power } = split(w, normal)
  const s = quotient(w, m)
  const square = lane.mul(w, s.high, s.high)
  const twice = lane.add(w, s.high, s.high)
  const squareLow = lane.mul(w, s.low, lane.add(w, twice, s.low))
  const z = lane.add(w, square, squareLow)
  const q = lane.polynomial(w, z, atanhs[w.type])
  const rest = w.madd(lane.mul(w, z, z), q, squareLow)
  // t = 3 + square + rest
  const three = w.constant(3)
  const t = high(w, lane.add(w, three, lane.add(w, square, rest)))
  const tLow = lane.add(w, lane.sub(w, square, lane.sub(w, t, three)), rest)
  // u = s · t
  const product = lane.mul(w, s.high, t)
  const cross = w.madd(s.low, lane.add(w, t, tLow), lane.mul(w, s.high, tLow))
  const u = high(w, lane.add(w, product, cross))
  const uLow = lane.add(w, lane.sub(w, product, u), cross)
  // scale · u, and n in front
  const scaled = lane.mul(w, u, w.constant(scaleHigh))
  const scaledLow = w.madd(
    u, w.constant(scaleLow), lane.mul(w, uLow, w.constant(scaleHigh + scaleLow))
  )
  const { n, unit } = wholeNumber(w, lane.subBits(w, power, lifted))
  const whole = lane.mul(w, n, w.constant(unit))
  const sum = high(w, lane.add(w, whole, lane.add(w, scaled, scaledLow)))
  return {
    high: sum,
    low: lane.add(w, lane.sub(w, scaled, lane.sub(w, sum, whole)), scaledLow)
  }
}

// (m - 1) / (m + 1): m - 1 is exact, m + 1 is two parts and what they lack.
function quotient (w: Lanes, m: Lane): Sum {
  const one = w.constant(1)
  const f = lane.sub(w, m, one)
  const d = lane.add(w, m, one)
  const lost = lane.sub(w, m, lane.sub(w, d, one))
  const inverse = lane.div(w, one, d)
  const s = high(w, lane.mul(w, f, inverse))
  const dHigh = high(w, d)
  const dLow = lane.add(w, lane.sub(w, d, dHigh), lost)
  const near = lane.sub(w, f, lane.mul(w, s, dHigh))
  const left = lane.sub(w, near, lane.mul(w, s, dLow))
  return { high: s, low: lane.mul(w, left, inverse) }
}

// 2ʸ for the sum y: normalised, so that the low part is far below 1 where the result is finite.
function exp2 (w: Lanes, y: Sum): Lane {
  const { rounder, exponentBias } = formatOf(w)
  const { exponentMin, exponentMax } = formats[w.type]
  const sum = lane.add(w, y.high, y.low)
  const lost = lane.sub(w, y.low, lane.sub(w, sum, y.high))
  const v = clamp(w, sum, exponentMin, exponentMax)
  const shift = w.constant(rounder + 2 * exponentBias)
  const held = lane.add(w, v, shift)
  const f = lane.sub(w, v, lane.sub(w, held, shift))
  // Of an infinite sum nothing sensible is lost: the bound stands second and replaces NaN.
  const bound = w.constant(2 ** -10)
  const small = w.op(`${w.type}.pmax`, lane.neg(w, bound), w.op(`${w.type}.pmin`, bound, lost))
  const r = lane.mul(w, lane.add(w, f, small), w.constant(Math.LN2))
  return timesPower(w, lane.polynomial(w, r, exponentials[w.type]), held)
}

// For a negative a the sign bit where b is odd, and all ones, a NaN, where b is not whole.
function signOrNaN (w: Lanes, a: Lane, b: Lane): Lane {
  const half = lane.mul(w, b, w.constant(0.5))
  const broken = lane.ne(w, lane.floor(w, b), b)
  const odd = lane.ne(w, lane.floor(w, half), half)
  const sign = lane.and(w, a, w.bits(formatOf(w).signBit))
  const negative = lane.and(
    w, lane.lt(w, a, w.constant(0)), lane.gt(w, a, w.constant(Number.NEGATIVE_INFINITY))
  )
  return lane.or(w, lane.and(w, negative, broken), lane.andnot(w, lane.and(w, sign, odd), broken))
}

function high (w: Lanes, x: Lane): Lane {
  return lane.and(w, x, w.bits(formats[w.type].highBits))
}

function clamp (w: Lanes, x: Lane, low: number, high: number): Lane {
  return w.op(`${w.type}.pmin`, w.op(`${w.type}.pmax`, x, w.constant(low)), w.constant(high))
}
