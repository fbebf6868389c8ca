// atan: three pieces meet in [-tan ½, tan ½], where an odd polynomial does.

import { formatOf } from './format.ts'
import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const trigonometric: readonly Op[] = [
  {
    name: 'atan',
    arguments: ['a'],
    lanes: atan,
    derivative: ['g / (1 + a ** 2)'],
    word: true,
    cost: 32,
    ulp: { f32: 1.5, f64: 1.3 }
  }
]

// (atan(t) - t) / t³ in t² up to tan² ½, minimax relative to atan: 2.9e-9 and 6.9e-18.
const atans = {
  f32x4: [
    -0.33333316445350647, 0.19998909533023834, -0.1426115483045578, 0.10852190852165222,
    -0.0765899121761322, 0.03432213142514229
  ],
  f64x2: [
    -0.3333333333333332, 0.19999999999996554, -0.14285714285341897, 0.11111111090739295,
    -0.09090908428430323, 0.0769229370014006, -0.06666464108906925, 0.058802744719811284,
    -0.05247735500672476, 0.04678344175106028, -0.04016837114565891, 0.0304727840253509,
    -0.017313898521930146, 0.005229701832783243
  ]
}

// atan x = atan x | π/4 + atan((x - 1) / (x + 1)) | π/2 + atan(-1 / x), with the sign of x. The
// middle piece begins where its result reaches ½, and with it the larger unit.
function atan (w: Lanes, a: Lane): Lane {
  const one = w.constant(1)
  const x = lane.abs(w, a)
  const middle = lane.gt(w, x, w.constant(Math.tan(0.5)))
  const far = lane.gt(w, x, w.constant(1 / Math.tan(0.5)))
  const above = w.select(middle, lane.sub(w, x, one), x)
  const below = w.select(middle, lane.add(w, x, one), one)
  const t = lane.div(w, w.select(far, w.constant(-1), above), w.select(far, x, below))
  const z = lane.mul(w, t, t)
  const rest = lane.mul(w, z, lane.polynomial(w, z, atans[w.type]))
  const turn = w.select(far, w.constant(Math.PI / 2), lane.and(w, middle, w.constant(Math.PI / 4)))
  const y = lane.add(w, turn, w.madd(t, rest, t))
  return lane.or(w, y, lane.and(w, a, w.bits(formatOf(w).signBit)))
}
