// How numbers of the two lane types are laid out, so that one text of an algorithm serves both.

import type { Lanes } from './op.ts'

/** The layout of a number, as the algorithms need it. */
export interface Format {
  /** Explicit bits of the mantissa: where the exponent begins. */
  readonly mantissaBits: number
  readonly exponentBias: number
  /** 1.5 · 2^mantissaBits: x + it - it is x rounded to a whole number, held in the low bits. */
  readonly rounder: number
  /** ln 2 in two parts; the first has so few bits (15, 42) that any exponent times it is exact. */
  readonly ln2High: number
  readonly ln2Low: number
  readonly signBit: bigint
  readonly exponentMask: bigint
  /** The smallest number with a full mantissa. */
  readonly smallestNormal: number
}

const formats: Record<Lanes['type'], Format> = {
  f32x4: {
    mantissaBits: 23,
    exponentBias: 127,
    rounder: 1.5 * 2 ** 23,
    ln2High: 0.693145751953125,
    ln2Low: 1.428606765330187e-6,
    signBit: 0x8000_0000n,
    exponentMask: 0xff80_0000n,
    smallestNormal: 2 ** -126
  },
  f64x2: {
    mantissaBits: 52,
    exponentBias: 1023,
    rounder: 1.5 * 2 ** 52,
    ln2High: 0.6931471805598903,
    ln2Low: 5.497923018708371e-14,
    signBit: 0x8000_0000_0000_0000n,
    exponentMask: 0xfff0_0000_0000_0000n,
    smallestNormal: 2 ** -1022
  }
}

/** The format of a writer's lanes. */
export function formatOf (w: Lanes): Format {
  return formats[w.type]
}
