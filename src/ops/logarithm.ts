// log and log1p: x = 2ⁿ · m with m in [√½, √2), and log m = log(1 + f) = 2 atanh(f / (2 + f)).

import { formatOf } from './format.ts'
import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const logarithm: readonly Op[] = [
  {
    name: 'log',
    arguments: ['a'],
    lanes: log,
    derivative: ['g / a'],
    word: true,
    cost: 30,
    ulp: { f32: 1, f64: 1.2 }
  },
  {
    // log of a positive number with a full mantissa.
    name: 'log_normal',
    arguments: ['a'],
    lanes: logNormal,
    derivative: ['g / a'],
    word: false,
    cost: 18,
    ulp: { f32: 1, f64: 1.2 }
  },
  {
    name: 'log1p',
    arguments: ['a'],
    lanes: log1p,
    derivative: ['g / (1 + a)'],
    word: true,
    cost: 36,
    ulp: { f32: 1.5, f64: 1.8 }
  },
  {
    // log1p of an argument that is known not to be below 0: the sum is never 0 or below.
    name: 'log1p_nonnegative',
    arguments: ['a'],
    lanes: log1pNonnegative,
    derivative: ['g / (1 + a)'],
    word: false,
    cost: 26,
    ulp: { f32: 1.5, f64: 1.8 }
  },
  {
    // log(1 + a) for a in [0, 1].
    name: 'log1p_unit',
    arguments: ['a'],
    lanes: log1pUnit,
    derivative: ['g / (1 + a)'],
    word: false,
    cost: 10,
    ulp: { f32: 1.3, f64: 1.3 }
  },
  {
    name: 'xlogy',
    arguments: ['a', 'b'],
    value: 'a == 0 ? 0 : a * log(b)',
    derivative: ['g * log(b)', 'g * a / b'],
    word: true,
    cost: 33
  }
]

// 2 atanh(s) / s - 2 = c₁ s² + c₂ s⁴ + … for s² up to 0.0295, minimax relative to the whole: the
// error is at most 9e-10 and 1.8e-18.
const atanhs = {
  f32x4: [0.6666677594184875, 0.39977526664733887, 0.29872292280197144],
  f64x2: [
    0.6666666666666734, 0.39999999999414587, 0.28571428742451077, 0.22222198562370699,
    0.1818356510348655, 0.1531402536351054, 0.14796252759438103
  ]
}

// The same for s² up to 1/9, for log1p of [0, 1]: 5.4e-9 and 2.3e-18.
const unitAtanhs = {
  f32x4: [0.666664183139801, 0.4002152681350708, 0.2800179123878479, 0.2801206111907959],
  f64x2: [
    0.6666666666666631, 0.40000000000155117, 0.28571428548118066, 0.22222223953642167,
    0.18181744479233658, 0.15386548389251084, 0.13301121422711518, 0.12104944582291909,
    0.08344972768371589, 0.17009754570626154
  ]
}

// The bits of √½, of 1, and of the factor that lifts a subnormal number to a normal one.
const patterns = {
  f32x4: { rootHalf: 0x3f35_04f3n, one: 0x3f80_0000n, lift: 24n << 23n },
  f64x2: { rootHalf: 0x3fe6_a09e_667f_3bcdn, one: 0x3ff0_0000_0000_0000n, lift: 54n << 52n }
}

/** The natural logarithm: -∞ at both zeros, NaN below. */
export function log (w: Lanes, a: Lane): Lane {
  const { normal, lifted } = lift(w, a)
  return lane.add(w, ofParts(w, split(w, normal), lifted), special(w, a))
}

/** The same of a positive number with a full mantissa. */
export function logNormal (w: Lanes, a: Lane): Lane {
  return lane.or(w, ofParts(w, split(w, a)), lane.ne(w, a, a))
}

function ofParts (w: Lanes, { m, power }: { m: Lane, power: Lane }, lifted?: Lane): Lane {
  const f = lane.sub(w, m, w.constant(1))
  const n = lifted === undefined ? power : lane.subBits(w, power, lifted)
  return withExponent(w, n, nearOne(w, f, atanhs[w.type]))
}

/**
 * log(1 + x). With u = 1 + x rounded, what rounding lost comes back into m - 1; at n = 0 that is x
 * itself. It is computed twice as large, because 2⁻ⁿ has no bits at the largest n but 2¹⁻ⁿ has.
 */
export function log1p (w: Lanes, a: Lane): Lane {
  const { signBit, smallestNormal } = formatOf(w)
  const u = lane.add(w, a, w.constant(1))
  const y = logOfSum(w, a, u, w.op(`${w.type}.pmax`, u, w.constant(smallestNormal)))
  const signed = lane.or(w, lane.add(w, y, special(w, u)), lane.and(w, a, w.bits(signBit)))
  return finiteOr(w, a, signed)
}

/** log(1 + x) for x ≥ 0. */
export function log1pNonnegative (w: Lanes, a: Lane): Lane {
  const u = lane.add(w, a, w.constant(1))
  return finiteOr(w, a, logOfSum(w, a, u, u))
}

// log u for u = 1 + a rounded; `normal` is u, or something else where there is no logarithm.
function logOfSum (w: Lanes, a: Lane, u: Lane, normal: Lane): Lane {
  const one = w.constant(1)
  const lost = lane.sub(w, a, lane.sub(w, u, one))
  const { m, power } = split(w, normal)
  const two = w.bits(patterns[w.type].one + (1n << BigInt(formatOf(w).mantissaBits)))
  const scale = lane.subBits(w, two, power)
  const kept = lane.sub(w, m, one)
  const f = lane.mul(w, w.madd(lost, scale, lane.add(w, kept, kept)), w.constant(0.5))
  return withExponent(w, power, nearOne(w, f, atanhs[w.type]))
}

// ∞ and NaN themselves, for anything else y.
function finiteOr (w: Lanes, a: Lane, y: Lane): Lane {
  return w.select(lane.lt(w, a, w.constant(Number.POSITIVE_INFINITY)), y, a)
}

/** log(1 + x) for x in [0, 1], where no exponent is needed. */
export function log1pUnit (w: Lanes, a: Lane): Lane {
  return nearOne(w, a, unitAtanhs[w.type])
}

// log(1 + f) = 2s + sR = f - s(f - R) with s = f / (2 + f) and R = c₁ s² + c₂ s⁴ + …: f is exact,
// so that the errors of s count for little.
function nearOne (w: Lanes, f: Lane, coefficients: readonly number[]): Lane {
  const s = lane.div(w, f, lane.add(w, f, w.constant(2)))
  const z = lane.mul(w, s, s)
  const r = lane.mul(w, z, lane.polynomial(w, z, coefficients))
  return w.madd(s, lane.sub(w, r, f), f)
}

/** Subnormal numbers times a power of two: `lifted` in the place of the exponent, else 0. */
export function lift (w: Lanes, x: Lane): { normal: Lane, lifted: Lane } {
  const { lift, one } = patterns[w.type]
  const small = lane.lt(w, x, w.constant(formatOf(w).smallestNormal))
  const lifted = lane.and(w, small, w.bits(lift))
  return { normal: lane.mul(w, x, lane.addBits(w, lifted, w.bits(one))), lifted }
}

/** x = 2ⁿ · m for a positive normal x; `power` is n in the place of the exponent. */
export function split (w: Lanes, x: Lane): { m: Lane, power: Lane } {
  const { exponentMask } = formatOf(w)
  const distance = lane.subBits(w, x, w.bits(patterns[w.type].rootHalf))
  const power = lane.and(w, distance, w.bits(exponentMask))
  return { m: lane.subBits(w, x, power), power }
}

// n ln 2 + y.
function withExponent (w: Lanes, power: Lane, y: Lane): Lane {
  const { ln2High, ln2Low } = formatOf(w)
  const { n, unit } = wholeNumber(w, power)
  const low = w.madd(n, w.constant(ln2Low * unit), y)
  return w.madd(n, w.constant(ln2High * unit), low)
}

/**
 * n from the place of the exponent, times `unit`. f32x4 converts it where it stands, n · 2²³. There
 * is no conversion of 64-bit integers: n plus an offset becomes the mantissa of a number at 2⁵².
 */
export function wholeNumber (w: Lanes, power: Lane): { n: Lane, unit: number } {
  if (w.type === 'f32x4') return { n: w.op('f32x4.convert_i32x4_s', power), unit: 2 ** -23 }
  const offset = 1100n
  const raised = lane.addBits(w, power, w.bits(offset << 52n))
  const held = lane.or(w, lane.shiftRight(w, raised, 52), w.constant(2 ** 52))
  return { n: lane.sub(w, held, w.constant(2 ** 52 + Number(offset))), unit: 1 }
}

// What to add to log x: ∞ or NaN itself, NaN below 0, -∞ at 0, else 0.
function special (w: Lanes, x: Lane): Lane {
  const zero = w.constant(0)
  const finite = lane.lt(w, x, w.constant(Number.POSITIVE_INFINITY))
  const atZero = lane.and(w, lane.eq(w, x, zero), w.constant(Number.NEGATIVE_INFINITY))
  const belowZero = lane.lt(w, x, zero)
  return lane.or(w, lane.andnot(w, x, finite), lane.or(w, atZero, belowZero))
}
