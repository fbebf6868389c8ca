// The error of every lane function, in units in the last place, against a reference of 100 bits:
// not above the bound that its row states, with and without fused multiply-add, in both lane types.

import t, { type Test } from 'tap'
import { findOp } from '../../src/ops/index.ts'
import type { Lanes } from '../../src/ops/op.ts'
import { compileOp } from './composite.ts'
import type { Scaled } from './double-double.ts'
import { errorOf } from './error.ts'
import { type Floats, relaxedAvailable } from './lanes.ts'
import { cases, reference, referencePower } from './references.ts'
import { powers, samples } from './samples.ts'

const everywhere = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const
const types: readonly Lanes['type'][] = ['f32x4', 'f64x2']

for (const type of types) {
  for (const item of cases) {
    t.test(`${item.name} in ${type} keeps to the error its row states`, t => {
      const inputs = samples(type, item.range[type], item.domain ?? everywhere, 12000)
      const references = Array.from(inputs, x => reference(item, x))
      measure(t, item.name, type, [inputs], references)
      t.end()
    })
  }

  t.test(`pow in ${type} keeps to the error its row states`, t => {
    const { a, b } = powers(type)
    const references = Array.from(a, (x, k) => referencePower(x, b[k] ?? 0))
    measure(t, 'pow', type, [a, b], references)
    t.end()
  })
}

// The largest error of an op over inputs, plain and relaxed, against the row's bound.
function measure (
  t: Test,
  name: string,
  type: Lanes['type'],
  inputs: Floats[],
  references: readonly (Scaled | number)[]
): void {
  const stated = findOp(name)?.ulp
  const bound = (type === 'f32x4' ? stated?.f32 : stated?.f64) ?? 0
  for (const relaxed of relaxedAvailable ? [false, true] : [false]) {
    const values = compileOp(name, type, relaxed, references.length).run(...inputs)
    let worst = 0
    let at = 0
    references.forEach((reference, k) => {
      const error = errorOf(type, values[k] ?? 0, reference)
      if (!(error <= worst)) [worst, at] = [error, k]
    })
    const where = inputs.map(input => input[at]).join(', ')
    const mode = relaxed ? 'fused' : 'plain'
    t.comment(`${name} ${type} ${mode}: ${worst.toFixed(3)} ulp at ${where}`)
    t.ok(worst <= bound, `${mode}: ${worst} ulp at ${where} is within ${bound}`)
  }
}
