// What the lane functions should be: the exact value where there is one to be near, else the very
// number (zeros, infinities, NaN).

import * as exact from './double-double.ts'
import type { Pair, Scaled } from './double-double.ts'

/** A function of one argument, where its arguments are tried densely, where they may lie. */
export interface Case {
  readonly name: string
  /** What it is at 0, infinities and where it is not a number: there it must be just that. */
  readonly plain: (x: number) => number
  readonly exact: (x: number) => Pair | Scaled
  readonly range: { f32x4: readonly [number, number], f64x2: readonly [number, number] }
  readonly domain?: readonly [number, number]
}

const infinity = Number.POSITIVE_INFINITY
const both = (low: number, high: number) => {
  const range: readonly [number, number] = [low, high]
  return { f32x4: range, f64x2: range }
}

const softplus = (x: number): Pair | Scaled => {
  const { sum, exponent } = exact.exp([-Math.abs(x), 0])
  // log(1 + e) = e to 100 bits, and a double could not hold it.
  if (x < -80) return { sum, exponent }
  return exact.add([Math.max(x, 0), 0], exact.log1p(exact.scale(sum, exponent)))
}

const sigmoid = (x: number): Scaled => {
  const { sum, exponent } = exact.exp([-Math.abs(x), 0])
  const below = exact.add([1, 0], exact.scale(sum, exponent))
  return x < 0
    ? { sum: exact.divide(sum, below), exponent }
    : { sum: exact.divide([1, 0], below), exponent: 0 }
}

/** All of them. */
export const cases: readonly Case[] = [
  {
    name: 'exp',
    plain: Math.exp,
    exact: x => exact.exp([x, 0]),
    range: { f32x4: [-110, 92], f64x2: [-750, 712] }
  },
  {
    name: 'exp_nonpositive',
    plain: Math.exp,
    exact: x => exact.exp([x, 0]),
    range: { f32x4: [-110, 0], f64x2: [-750, 0] },
    domain: [-infinity, 0]
  },
  {
    name: 'expm1',
    plain: Math.expm1,
    exact: x => exact.expm1([x, 0]),
    range: { f32x4: [-20, 92], f64x2: [-40, 712] }
  },
  { name: 'log', plain: Math.log, exact: exact.log, range: both(0, 10) },
  {
    name: 'log_normal',
    plain: Math.log,
    exact: exact.log,
    range: both(0.1, 10),
    domain: [2 ** -126, (2 - 2 ** -23) * 2 ** 127]
  },
  {
    name: 'log1p',
    plain: Math.log1p,
    exact: x => (x < 1 ? exact.log1p([x, 0]) : logOfSum(x)),
    range: both(-1, 10)
  },
  {
    name: 'log1p_nonnegative',
    plain: Math.log1p,
    exact: x => (x < 1 ? exact.log1p([x, 0]) : logOfSum(x)),
    range: both(0, 10),
    domain: [Number.MIN_VALUE, infinity]
  },
  {
    name: 'log1p_unit',
    plain: Math.log1p,
    exact: x => exact.log1p([x, 0]),
    range: both(0, 1),
    domain: [0, 1]
  },
  { name: 'tanh', plain: Math.tanh, exact: exact.tanh, range: both(-20, 20) },
  {
    name: 'erf',
    plain: x => (x === 0 || Number.isNaN(x) ? x : Math.sign(x)),
    exact: exact.erf,
    range: both(-6, 6)
  },
  { name: 'atan', plain: Math.atan, exact: exact.atan, range: both(-10, 10) },
  {
    name: 'sigmoid',
    plain: x => 1 / (1 + Math.exp(-x)),
    exact: sigmoid,
    range: { f32x4: [-110, 20], f64x2: [-750, 40] }
  },
  {
    name: 'softplus',
    plain: x => (x === infinity ? x : Math.log1p(Math.exp(x))),
    exact: softplus,
    range: { f32x4: [-110, 20], f64x2: [-750, 40] }
  },
  {
    name: 'log_sigmoid',
    plain: x => (x === -infinity ? x : -Math.log1p(Math.exp(-x))),
    exact: x => {
      const result = softplus(-x)
      return 'sum' in result
        ? { ...result, sum: exact.negate(result.sum) }
        : exact.negate(result)
    },
    range: { f32x4: [-20, 110], f64x2: [-40, 750] }
  }
]

/** The value of a case: exact, or the number that it must be. */
export function reference (item: Case, x: number): Scaled | number {
  const value = item.plain(x)
  if (x === 0 || !Number.isFinite(x) || Number.isNaN(value)) return value
  if (value === 0 && x === 1) return value
  if (!Number.isFinite(value) && Math.abs(x) <= 1) return value
  const result = item.exact(x)
  return 'sum' in result ? result : { sum: result, exponent: 0 }
}

/** aᵇ as in C. */
export function referencePower (a: number, b: number): Scaled | number {
  const value = a ** b
  if (a === 1) return 1
  if (Number.isNaN(b) || !Number.isFinite(b)) return a === -1 && !Number.isNaN(b) ? 1 : value
  if (a === 0 || b === 0 || !Number.isFinite(a) || Number.isNaN(value)) return value
  const { sum, exponent } = exact.pow(Math.abs(a), Math.max(-1e25, Math.min(1e25, b)))
  const odd = a < 0 && Math.abs(b % 2) === 1
  return { sum: odd ? exact.negate(sum) : sum, exponent }
}

// log(1 + x) for a large x: 1 + x in two parts.
function logOfSum (x: number): Pair {
  const [high, low] = exact.two(x, 1)
  return exact.add(exact.log(high), [low / high, 0])
}
