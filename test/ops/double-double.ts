// Functions to about 100 bits, as unevaluated sums of two doubles: the reference that the lanes are
// measured against. Plain series and one Newton step each; slow, and nothing shared with the lanes.

/** high + low, |low| at most half a unit of high. */
export type Pair = readonly [high: number, low: number]

/** sum · 2^exponent, so that nothing overflows or loses bits on the way. */
export interface Scaled {
  readonly sum: Pair
  readonly exponent: number
}

const one: Pair = [1, 0]
const ln2: Pair = [Math.LN2, 2.3190468138462996e-17]
const halfPi: Pair = [1.5707963267948966, 6.123233995736766e-17]
const twoOverRootPi: Pair = [1.1283791670955126, 1.533545961316588e-17]

/** eˣ. */
export function exp (x: Pair): Scaled {
  const { power, rest } = reduced(x)
  return { sum: add(one, rest), exponent: power }
}

/** eˣ - 1. Below 1e-200 this and the other functions with slope 1 at 0 are their argument. */
export function expm1 (x: Pair): Pair {
  if (Math.abs(x[0]) < 1e-200) return x
  const { power, rest } = reduced(x)
  if (power > 1000) return scale(add(one, rest), power)
  return add(scale(rest, power), two(2 ** power, -1))
}

/** The natural logarithm of a positive double. */
export function log (x: number): Pair {
  const power = Math.max(-1022, Math.min(1023, Math.round(Math.log2(x))))
  const m = x * 2 ** -power
  return add(times(ln2, power), log1p(two(m, -1)))
}

/** log(1 + x) for a small x: a Newton step, y + ((1 + x) e^-y - 1). */
export function log1p (x: Pair): Pair {
  if (Math.abs(x[0]) < 1e-200) return x
  const y = Math.log1p(x[0])
  const e = expm1([-y, 0])
  return add([y, 0], add(x, add(e, multiply(x, e))))
}

export function tanh (x: number): Pair {
  if (x < 0) return negate(tanh(-x))
  if (x > 40) return one
  if (x < 1e-200) return [x, 0]
  const m = expm1([2 * x, 0])
  return divide(m, add(m, [2, 0]))
}

/** A Newton step: y + atan((x - tan y) / (1 + x tan y)), above 1 with 1/x in place of x. */
export function atan (x: number): Pair {
  if (x < 0) return negate(atan(-x))
  if (x > 1e300) return halfPi
  if (x < 1e-200) return [x, 0]
  const y = Math.atan(x)
  const { sine, cosine } = circle(y)
  const [a, b]: [Pair, Pair] = x > 1 ? [one, divide(one, [x, 0])] : [[x, 0], one]
  const top = add(multiply(a, cosine), negate(multiply(b, sine)))
  return add([y, 0], divide(top, add(multiply(b, cosine), multiply(a, sine))))
}

/** 2/√π e^(-x²) Σ 2ᵏ x^(2k+1) / (2k+1)!!, all terms of one sign. */
export function erf (x: number): Scaled {
  if (Math.abs(x) > 6) return { sum: [Math.sign(x), 0], exponent: 0 }
  if (Math.abs(x) < 1e-100) return { sum: times(twoOverRootPi, x * 2 ** 600), exponent: -600 }
  const square = product(x, x)
  let term: Pair = one
  let sum = term
  for (let k = 1; Math.abs(term[0]) > sum[0] * 1e-33; k++) {
    term = divide(times(multiply(term, square), 2), [2 * k + 1, 0])
    sum = add(sum, term)
  }
  const e = exp(negate(square))
  return { sum: multiply(multiply(times(twoOverRootPi, x), e.sum), sum), exponent: e.exponent }
}

/** aᵇ for a positive a. */
export function pow (a: number, b: number): Scaled {
  return exp(times(log(a), b))
}

// eˣ - 1 of the remainder in ±ln 2 / 2, by a series at r / 512 and nine doublings (1 + s)² - 1.
function reduced (x: Pair): { power: number, rest: Pair } {
  const power = Math.round(x[0] / Math.LN2)
  const r = scale(add(x, times(ln2, -power)), -9)
  let s: Pair = one
  for (let k = 11; k > 1; k--) s = add(one, divide(multiply(s, r), [k, 0]))
  s = multiply(s, r)
  for (let k = 0; k < 9; k++) s = add(times(s, 2), multiply(s, s))
  return { power, rest: s }
}

// sin y and cos y for |y| ≤ π/2: series at y / 16, four doublings of (sin, cos - 1).
function circle (y: number): { sine: Pair, cosine: Pair } {
  const x: Pair = [y / 16, 0]
  const square = negate(multiply(x, x))
  let sine: Pair = one
  let less: Pair = one
  for (let k = 10; k > 0; k--) {
    sine = add(one, divide(multiply(sine, square), [2 * k * (2 * k + 1), 0]))
    if (k > 1) less = add(one, divide(multiply(less, square), [2 * k * (2 * k - 1), 0]))
  }
  sine = multiply(sine, x)
  less = times(multiply(less, square), 0.5)
  for (let k = 0; k < 4; k++) {
    const turned = times(multiply(sine, add(one, less)), 2)
    less = times(multiply(sine, sine), -2)
    sine = turned
  }
  return { sine, cosine: add(one, less) }
}

export function add (a: Pair, b: Pair): Pair {
  const [high, low] = two(a[0], b[0])
  const [middle, rest] = two(a[1], b[1])
  const [sum, lost] = quick(high, low + middle)
  return quick(sum, lost + rest)
}

export function multiply (a: Pair, b: Pair): Pair {
  const [high, low] = product(a[0], b[0])
  return quick(high, low + (a[0] * b[1] + a[1] * b[0]))
}

export function divide (a: Pair, b: Pair): Pair {
  const high = a[0] / b[0]
  const left = add(a, negate(times(b, high)))
  const low = left[0] / b[0]
  const last = add(left, negate(times(b, low)))
  return add(quick(high, low), [last[0] / b[0], 0])
}

export const negate = (a: Pair): Pair => [-a[0], -a[1]]
const times = (a: Pair, b: number): Pair => multiply(a, [b, 0])

/** a · 2ᵏ. */
export function scale (a: Pair, k: number): Pair {
  return [timesPower(a[0], k), timesPower(a[1], k)]
}

/** x · 2ᵏ, in two steps because 2ᵏ alone may overflow. */
export function timesPower (x: number, k: number): number {
  const bounded = Math.max(-2000, Math.min(2000, k))
  const half = Math.trunc(bounded / 2)
  return x * 2 ** half * 2 ** (bounded - half)
}

/** a + b and what its rounding lost. */
export function two (a: number, b: number): Pair {
  const sum = a + b
  const part = sum - a
  return [sum, (a - (sum - part)) + (b - part)]
}

// The same for |a| ≥ |b|.
function quick (a: number, b: number): Pair {
  const sum = a + b
  return [sum, b - (sum - a)]
}

/** a · b and what its rounding lost, by halves of 26 bits. */
export function product (a: number, b: number): Pair {
  const value = a * b
  const [aHigh, aLow] = halves(a)
  const [bHigh, bLow] = halves(b)
  return [value, ((aHigh * bHigh - value) + aHigh * bLow + aLow * bHigh) + aLow * bLow]
}

function halves (a: number): Pair {
  const shifted = a * 134217729
  const high = shifted - (shifted - a)
  return [high, a - high]
}
