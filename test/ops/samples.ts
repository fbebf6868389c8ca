// Arguments to try a function with: every exponent, dense ranges, the neighbours of every place
// where the code of an op changes its way, and what is not an ordinary number.

import type { Lanes } from '../../src/ops/op.ts'
import { Random } from '../random.ts'
import type { Floats } from './lanes.ts'

/** Numbers of the lane type between the bounds: `count` in the range, the rest everywhere. */
export function samples (
  type: Lanes['type'],
  range: readonly [number, number],
  domain: readonly [number, number],
  count: number
): Floats {
  const random = new Random(7)
  const numbers = [...specials, ...everyExponent(type, random)]
  for (let k = 0; k < count; k++) numbers.push(range[0] + (range[1] - range[0]) * random.next())
  for (const place of turns) numbers.push(...neighbours(type, place), ...neighbours(type, -place))
  const inside = numbers.filter(x => Number.isNaN(x) || (x >= domain[0] && x <= domain[1]))
  return type === 'f32x4' ? new Float32Array(inside) : new Float64Array(inside)
}

/** Zeros, infinities, NaN, the smallest and largest numbers of both formats. */
export const specials: readonly number[] = [
  0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN,
  1, -1, 2, -2, 0.5, -0.5, 2 ** -149, -(2 ** -149), 2 ** -126, -(2 ** -126),
  Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1022, -(2 ** -1022),
  Number.MAX_VALUE, -Number.MAX_VALUE, (2 - 2 ** -23) * 2 ** 127, -(2 - 2 ** -23) * 2 ** 127
]

/** Pairs for aᵇ: all pairs of specials, results of every size, a near 1, a below 0 with whole b. */
export function powers (type: Lanes['type']): { a: Floats, b: Floats } {
  const random = new Random(11)
  const largest = type === 'f32x4' ? 128 : 1024
  const pairs: [number, number][] = []
  const bases = [...specials, 3, -3, 1.5, -8, 1e10]
  const exponents = [...bases, 2.5, 2 ** 24 + 1, -1e10, 1e-10]
  for (const a of bases) for (const b of exponents) pairs.push([a, b])
  for (let k = 0; k < 8000; k++) {
    const spread = k % 3 === 0 ? 0.02 : 1
    const a = 2 ** ((random.next() - 0.5) * 2 * largest * spread)
    const result = (random.next() - 0.52) * 2.2 * largest
    pairs.push([a, result / Math.log2(a)])
    pairs.push([random.next() * (k % 2 === 0 ? 4 : -4), Math.round((random.next() - 0.5) * 100)])
    pairs.push([1 + (random.next() - 0.5) * 2 ** -(k % 30), (random.next() - 0.5) * 2 ** (k % 40)])
    pairs.push([random.next() * 2 ** (3 - largest), (random.next() - 0.5) * 2])
  }
  const from = (numbers: number[]): Floats =>
    type === 'f32x4' ? new Float32Array(numbers) : new Float64Array(numbers)
  return { a: from(pairs.map(pair => pair[0])), b: from(pairs.map(pair => pair[1])) }
}

const turns: readonly number[] = [
  // exponents and reductions
  1, Math.SQRT1_2, Math.SQRT2, Math.SQRT2 - 1, 2 * Math.SQRT2 - 1, Math.LN2 / 2, 1.5 * Math.LN2,
  // overflow, the subnormal results, zero: float32, float64
  88.37626, 88.72284, 89, 87.33655, 103.27893, 103.97208, 104,
  709.4361, 709.782712893384, 710, 708.3964185322641, 744.4400719213812, 745.1332191019411, 746,
  // where expm1, tanh and erf level off
  17.328, 18, 36.7, 38, 8.66, 9.01, 18.7, 19.06, 3.8325, 3.93, 5.8636, 6,
  // the pieces of atan and erf
  Math.tan(0.5), 1 / Math.tan(0.5)
]

function everyExponent (type: Lanes['type'], random: Random): number[] {
  const [first, last, each] = type === 'f32x4' ? [-126, 127, 40] : [-1022, 1023, 5]
  const numbers: number[] = []
  for (let exponent = first; exponent <= last; exponent++) {
    for (let k = 0; k < each; k++) {
      const x = (1 + random.next()) * 2 ** exponent
      numbers.push(x, -x)
    }
  }
  // Subnormal numbers of every size.
  for (let k = 1; k <= 52; k++) {
    const x = (1 + random.next()) * 2 ** (first - k / 52 * (type === 'f32x4' ? 23 : 52))
    numbers.push(x, -x)
  }
  return numbers
}

function neighbours (type: Lanes['type'], place: number): number[] {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(place))) - (type === 'f32x4' ? 23 : 52))
  return Array.from({ length: 81 }, (_, k) => place + (k - 40) * unit)
}
