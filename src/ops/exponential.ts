// exp and expm1: eˣ = 2ⁿ · eʳ with n = x / ln 2 rounded, |r| ≤ ln 2 / 2, eʳ a minimax polynomial.

import { formatOf } from './format.ts'
import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const exponential: readonly Op[] = [
  {
    name: 'exp',
    arguments: ['a'],
    lanes: exp,
    derivative: ['g * y'],
    word: true,
    cost: 19,
    ulp: { f32: 1.2, f64: 1.3 }
  },
  {
    // exp of an argument that is known not to be above 0: nothing overflows.
    name: 'exp_nonpositive',
    arguments: ['a'],
    lanes: expNonpositive,
    derivative: ['g * y'],
    word: false,
    cost: 14,
    ulp: { f32: 1.2, f64: 1.3 }
  },
  {
    name: 'expm1',
    arguments: ['a'],
    lanes: expm1,
    derivative: ['g * (y + 1)'],
    word: true,
    cost: 20,
    ulp: { f32: 1.6, f64: 1.6 }
  }
]

/** eʳ on ±ln 2 / 2, minimax in the relative error: 3.7e-9 and 1.1e-17. It begins with 1 + r. */
export const exponentials = {
  f32x4: [
    1, 1, 0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.00836874544620514,
    0.0013814547564834356
  ],
  f64x2: [
    1, 1, 0.5000000000000011, 0.16666666666666413, 0.04166666666653005, 0.008333333333494595,
    0.0013888888943662582, 0.00019841269506366588, 2.4801493061562945e-5, 2.755758649162435e-6,
    2.763026285945491e-7, 2.500004754666747e-8
  ]
}

// (eʳ - 1 - r) / r² on ±ln 2 / 2, minimax relative to eʳ - 1: 2.9e-9 and 3e-17.
const remainders = {
  f32x4: [
    0.5, 0.1666666716337204, 0.04166632518172264, 0.008333220146596432, 0.0013943254016339779,
    0.0001996227219933644
  ],
  f64x2: [
    0.5000000000000007, 0.16666666666666696, 0.04166666666656233, 0.008333333333293202,
    0.001388888893620837, 0.00019841269986977785, 2.4801499716856686e-5, 2.7557116849399476e-6,
    2.7628245075566983e-7, 2.5161375029237046e-8
  ]
}

// Beyond these eˣ is ∞ and eˣ - 1 is -1.
const limits = {
  f32x4: { infinity: 89, minusOne: -18, largest: (2 - 2 ** -23) * 2 ** 127 },
  f64x2: { infinity: 710, minusOne: -38, largest: Number.MAX_VALUE }
}

// What is below -n ln 2 is held there, where the bits of the power are 0: a product that underflows
// would cost a hundred times as much, and e^-∞ is common.
const zero = (n: number): number => -n * Math.LN2

/**
 * eˣ for x ≤ 0. The polynomial's coefficients carry 2⁻ᵏ and the power is 2ⁿ⁺ᵏ, which never leaves
 * the normal numbers: the one product rounds, also into the subnormal ones.
 */
export function expNonpositive (w: Lanes, a: Lane): Lane {
  const { mantissaBits, exponentBias } = formatOf(w)
  const spare = mantissaBits + 1
  const x = atLeast(w, a, zero(exponentBias + spare))
  const { r, held } = reduce(w, x, exponentBias + spare)
  const scaled = exponentials[w.type].map(coefficient => coefficient * 2 ** -spare)
  return lane.mul(w, lane.polynomial(w, r, scaled), lane.shiftLeft(w, held, mantissaBits))
}

/** eˣ. */
export function exp (w: Lanes, a: Lane): Lane {
  const offset = 2 * formatOf(w).exponentBias
  const x = atMost(w, atLeast(w, a, zero(offset)), limits[w.type].infinity)
  const { r, held } = reduce(w, x, offset)
  return timesPower(w, lane.polynomial(w, r, exponentials[w.type]), held)
}

/**
 * p · 2ⁿ, where the low bits of `held` are n plus twice the bias: two products with half of the
 * exponent each, of which only the last can leave the normal numbers and round.
 */
export function timesPower (w: Lanes, p: Lane, held: Lane): Lane {
  const { mantissaBits } = formatOf(w)
  const half = lane.shiftRight(w, held, 1)
  const rest = lane.subBits(w, held, half)
  const once = lane.mul(w, p, lane.shiftLeft(w, half, mantissaBits))
  return lane.mul(w, once, lane.shiftLeft(w, rest, mantissaBits))
}

/** eˣ - 1, with the sign of x. */
export function expm1 (w: Lanes, a: Lane): Lane {
  const { minusOne, infinity, largest } = limits[w.type]
  const x = atMost(w, atLeast(w, a, minusOne), infinity)
  // The highest power is ∞ as bits; the largest number stands for it, off by half a unit.
  const { power, p, rest } = expm1Parts(w, x, power => atMost(w, power, largest))
  return lane.or(w, w.madd(power, p, rest), lane.and(w, a, w.bits(formatOf(w).signBit)))
}

/** e^(-2x) - 1 for x ≥ 0, which tanh is made of. */
export function expm1Doubled (w: Lanes, x: Lane): Expm1Parts {
  return expm1Parts(w, atLeast(w, lane.mul(w, x, w.constant(-2)), limits[w.type].minusOne))
}

/** eˣ - 1 = power · p + rest = 2ⁿ · (eʳ - 1) + (2ⁿ - 1). */
export interface Expm1Parts {
  readonly power: Lane
  readonly p: Lane
  readonly rest: Lane
}

function expm1Parts (w: Lanes, x: Lane, bound = (power: Lane): Lane => power): Expm1Parts {
  const { mantissaBits, exponentBias } = formatOf(w)
  const { r, tail, held } = reduce(w, x, exponentBias)
  const power = bound(lane.shiftLeft(w, held, mantissaBits))
  const square = lane.mul(w, r, r)
  const q = lane.polynomial(w, r, remainders[w.type])
  const p = w.type === 'f32x4' ? w.madd(square, q, r) : lane.add(w, w.madd(square, q, tail()), r)
  return { power, p, rest: lane.sub(w, power, w.constant(1)) }
}

// r = x - n ln 2, and n + offset in the low bits of `held`; `tail` is what the rounding of r lost.
function reduce (w: Lanes, x: Lane, offset: number): { r: Lane, held: Lane, tail: () => Lane } {
  const { rounder, ln2High, ln2Low } = formatOf(w)
  const shift = w.constant(rounder + offset)
  const held = w.madd(x, w.constant(Math.LOG2E), shift)
  const n = lane.sub(w, held, shift)
  const near = w.madd(n, w.constant(-ln2High), x)
  const low = w.constant(-ln2Low)
  const r = w.madd(n, low, near)
  return { r, held, tail: () => w.madd(n, low, lane.sub(w, near, r)) }
}

// Pseudo-minimum and -maximum are one instruction each and keep a NaN that stands first.
function atLeast (w: Lanes, x: Lane, bound: number): Lane {
  return w.op(`${w.type}.pmax`, x, w.constant(bound))
}

function atMost (w: Lanes, x: Lane, bound: number): Lane {
  return w.op(`${w.type}.pmin`, x, w.constant(bound))
}
