// The error of a value in units in the last place.

import type { Lanes } from '../../src/ops/op.ts'
import { type Scaled, timesPower } from './double-double.ts'

/**
 * The distance in units of the last place that the exact value has in the format; beyond the
 * largest number stands the power of two that would come next. A reference that is a number must
 * be met exactly, with its sign; what is altogether wrong is infinitely far.
 */
export function errorOf (
  type: Lanes['type'],
  value: number,
  reference: Scaled | number
): number {
  if (typeof reference === 'number') {
    const number = type === 'f32x4' ? Math.fround(reference) : reference
    return Object.is(value, number) ? 0 : Number.POSITIVE_INFINITY
  }
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY
  const [bits, smallest, largest] = type === 'f32x4' ? [24, -149, 127] : [53, -1074, 1023]
  const { sum, exponent } = reference
  const top = exponentOf(Math.abs(sum[0])) + exponent
  const unit = Math.max(Math.min(top, largest) - bits + 1, smallest)
  const isBeyond = top > largest
  const limit = 2 ** (largest + 1 - unit)
  const high = isBeyond ? Math.sign(sum[0]) * limit : timesPower(sum[0], exponent - unit)
  const low = isBeyond ? 0 : timesPower(sum[1], exponent - unit)
  const found = Number.isFinite(value) ? timesPower(value, -unit) : Math.sign(value) * limit
  return Math.abs(found - high - low)
}

// The logarithm of a number just below a power of two rounds up.
function exponentOf (x: number): number {
  const rounded = Math.floor(Math.log2(x))
  return 2 ** rounded > x ? rounded - 1 : rounded
}
