// Known numbers fold while a graph is built: every op that folds gives what its lanes compute in
// float64, also at zeros, infinities and NaN.

import t from 'tap'
import { numeric } from '../../src/formulas/numbers.ts'
import { findOp } from '../../src/ops/index.ts'
import { compileOp } from '../ops/composite.ts'
import { type Floats, relaxedAvailable } from '../ops/lanes.ts'

const numbers = [
  0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, 0.1, 7.25, -7.25, 30, -30, 710, -750, 1e-9, 1e300,
  Infinity, -Infinity, Number.NaN
]
const few = [-2, -0.5, 0, 1, 3, Infinity, Number.NaN]

/** What inner ops are asked about. */
const domains: Readonly<Record<string, (a: number) => boolean>> = {
  exp_nonpositive: a => !(a > 0),
  log_normal: a => a > 1e-300 && a < Infinity,
  log1p_nonnegative: a => !(a < 0),
  log1p_unit: a => a >= 0 && a <= 1
}
/** Arguments that are yes or no: all bits or none. */
const conditions: Readonly<Record<string, readonly string[]>> = {
  and: ['a', 'b'], or: ['a', 'b'], not: ['a'], where: ['c']
}

for (const [name, fold] of numeric) {
  t.test(`${name} of known numbers`, async t => {
    const row = findOp(name)
    if (row === undefined) throw new Error(`${name} is no op`)
    const isCondition = (argument: string): boolean =>
      conditions[name]?.includes(argument) === true
    const values = row.arguments.map((argument, k) =>
      isCondition(argument) ? [0, 1] : row.arguments.length === 3 && k > 0 ? few : numbers)
    const inside = domains[name] ?? (() => true)
    const rows = values.reduce<number[][]>(
      (rows, next) => rows.flatMap(row => next.map(value => [...row, value])), [[]])
      .filter(([a = 0]) => inside(a))
    const inputs = row.arguments.map((argument, k) => {
      const column = rows.map(args => args[k] ?? 0)
      return isCondition(argument) ? masks(column) : new Float64Array(column)
    })
    const found = compileOp(name, 'f64x2', relaxedAvailable, rows.length).run(...inputs)
    const wrong = rows.flatMap((args, k) => {
      const [a = 0, b = a, c = a] = args
      const value = fold(a, b, c)
      const wanted = row.mask === true ? bit(found, k) : found[k] ?? 0
      const near = Object.is(value, wanted) || Math.abs(value - wanted) <= 4e-15 * Math.abs(wanted)
      return near ? [] : [`${name}(${args.join(', ')}) is ${wanted}, folded to ${value}`]
    })
    t.same(wrong.slice(0, 5), [])
  })
}

function masks (column: readonly number[]): Float64Array {
  return new Float64Array(BigInt64Array.from(column, value => -BigInt(value)).buffer)
}

function bit (floats: Floats, index: number): number {
  return Number(-(new BigInt64Array(floats.buffer, floats.byteOffset)[index] ?? 0n))
}
