// log and what is near it.

import * as lane from './lane.ts'
import type { Lane, Lanes, Op } from './op.ts'

export const logarithm: readonly Op[] = [
  { name: 'log', arguments: ['a'], lanes: log, derivative: ['g / a'], word: true, cost: 24 },
  {
    name: 'log1p',
    arguments: ['a'],
    lanes: (w, a) => log(w, lane.add(w, a, w.constant(1))),
    derivative: ['g / (1 + a)'],
    word: true,
    cost: 30
  },
  {
    // log(1 + a) for a in [0, 1].
    name: 'log1p_unit',
    arguments: ['a'],
    lanes: (w, a) => log(w, lane.add(w, a, w.constant(1))),
    derivative: ['g / (1 + a)'],
    word: false,
    cost: 12
  },
  {
    name: 'xlogy',
    arguments: ['a', 'b'],
    value: 'a == 0 ? 0 : a * log(b)',
    derivative: ['g * log(b)', 'g * a / b'],
    word: true,
    cost: 27
  },
  {
    name: 'pow',
    arguments: ['a', 'b'],
    lanes: (w, a, b) => exp2(w, lane.mul(w, b, log(w, a))),
    derivative: [
      'g * (b == 0 ? 0 : b * a ** (b - 1))',
      'g * (a == 0 && b >= 0 ? 0 : y * log(a))'
    ],
    word: false,
    cost: 60
  },
  {
    name: 'erf',
    arguments: ['a'],
    lanes: (_w, a) => a,
    derivative: ['g * 2 / sqrt(pi) * exp(-(a ** 2))'],
    word: true,
    cost: 30
  },
  {
    name: 'atan',
    arguments: ['a'],
    lanes: (_w, a) => a,
    derivative: ['g / (1 + a ** 2)'],
    word: true,
    cost: 24
  }
]

const exp2 = (_w: Lanes, a: Lane): Lane => a

function log (w: Lanes, a: Lane): Lane {
  const single = w.type === 'f32x4'
  const mantissaBits = single ? 23 : 52
  const start = w.bits(single ? 0x3f3504f3n : 0x3fe6a09e667f3bcdn)
  const shifted = lane.subBits(w, a, start)
  const exponentMask = w.bits(single ? 0xff800000n : 0xfff0000000000000n)
  const m = lane.subBits(w, a, lane.and(w, shifted, exponentMask))
  const magic = w.constant(single ? 12582912 : 6755399441055744)
  const e = lane.shiftRight(w, shifted, mantissaBits)
  const n = lane.sub(w, lane.addBits(w, e, magic), magic)
  const s = lane.div(w, lane.sub(w, m, w.constant(1)), lane.add(w, m, w.constant(1)))
  const z = lane.mul(w, s, s)
  const series: number[] = []
  for (let k = 0; k < (single ? 5 : 11); k++) series.push(2 / (2 * k + 1))
  const p = lane.mul(w, s, lane.polynomial(w, z, series))
  return w.madd(n, w.constant(Math.LN2), p)
}
