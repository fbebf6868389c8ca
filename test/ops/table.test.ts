// The op table: explicit and complete, its texts understood by the language, its plain lanes exact,
// its masks all ones or all zeros.

import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { Graph } from '../../src/formulas/graph.ts'
import { traceScope } from '../../src/formulas/trace.ts'
import { findOp, findStructural, type Lanes, type Op, ops } from '../../src/ops/index.ts'
import { structural } from '../../src/ops/structural.ts'
import { compileOp } from './composite.ts'
import { type Floats, relaxedAvailable } from './lanes.ts'
import { specials } from './samples.ts'

const types: readonly Lanes['type'][] = ['f32x4', 'f64x2']

t.test('every row of every file of src/ops is in the table, once', async t => {
  const folder = new URL('../../src/ops/', import.meta.url)
  const rows = new Set<Op>()
  for (const file of readdirSync(folder).filter(name => /^[a-z-]+\.(ts|js)$/.test(name))) {
    const exports: Record<string, unknown> = await import(new URL(file, folder).href)
    for (const value of Object.values(exports)) {
      if (Array.isArray(value)) for (const row of value.filter(isOp)) rows.add(row)
    }
  }
  const listed = [...ops, ...structural]
  t.same(listed.map(row => row.name).sort(), [...rows].map(row => row.name).sort())
  t.equal(new Set(listed.map(row => row.name)).size, listed.length)
  for (const row of ops) t.equal(findOp(row.name), row)
  for (const row of structural) t.equal(findStructural(row.name), row)
  t.equal(findOp('no such op'), undefined)
})

function isOp (value: unknown): value is Op {
  return typeof value === 'object' && value !== null && 'derivative' in value
}

t.test('a row has lanes or a text, a derivative per argument, and understood texts', t => {
  for (const row of ops) {
    t.ok((row.lanes === undefined) !== (row.value === undefined), `${row.name}: lanes or text`)
    t.ok(row.cost >= 0 && Number.isInteger(row.cost), `${row.name}: cost`)
  }
  const rows: readonly (typeof structural[number] & Partial<Op>)[] = [...ops, ...structural]
  for (const row of rows) {
    t.equal(row.derivative.length, row.arguments.length, `${row.name}: a derivative per argument`)
    for (const text of [row.value ?? null, ...row.derivative]) {
      if (text === null) continue
      t.doesNotThrow(() => traced(row, text), `${row.name}: ${text}`)
    }
  }
  t.end()
})

function traced (row: Pick<Op, 'arguments'>, text: string): void {
  const graph = new Graph(['N', 'C'])
  const x = graph.input('x', ['N', 'C'], 'real')
  const names = new Map(row.arguments.map(name => [name, x]))
  const condition = graph.apply('lt', x, graph.constant(0))
  for (const name of names.keys()) if (name === 'c') names.set(name, condition)
  names.set('g', graph.input('g', ['N', 'C'], 'real'))
  names.set('y', graph.input('y', ['N', 'C'], 'real'))
  traceScope(text, { names, over: ['C'] }, graph)
}

const minimum = (a: number, b: number) => Math.min(a, b)
const maximum = (a: number, b: number) => Math.max(a, b)

/** Lanes that must give the very number; a result that is not a number may be any NaN. */
const exact: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: a => -a,
  abs: a => Math.abs(a),
  sign: a => (a > 0 ? 1 : a < 0 ? -1 : 0),
  floor: a => Math.floor(a),
  sqrt: a => Math.sqrt(a),
  sqrt0: a => Math.sqrt(a),
  minimum,
  maximum,
  clamp_min: maximum,
  clamp_max: minimum,
  relu: a => Math.max(a, 0)
}

const conditions: Record<string, (a: number, b: number) => boolean> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b
}

for (const type of types) {
  t.test(`plain lanes in ${type} give the very number`, t => {
    const { a, b } = pairs(type)
    for (const [name, expected] of Object.entries(exact)) {
      const inputs = findOp(name)?.arguments.length === 1 ? [a] : [a, b]
      const values = compileOp(name, type, relaxedAvailable, a.length).run(...inputs)
      const wrong = indices(a).filter(k => {
        const value = expected(a[k] ?? 0, b[k] ?? 0)
        return !Object.is(values[k], type === 'f32x4' ? Math.fround(value) : value)
      })
      t.same(wrong.map(k => [a[k], b[k], values[k]]), [], name)
    }
    t.end()
  })

  t.test(`masks in ${type} are all ones or all zeros`, t => {
    const { a, b } = pairs(type)
    for (const [name, expected] of Object.entries(conditions)) {
      const mask = compileOp(name, type, false, a.length).run(a, b)
      checkMask(t, name, mask, k => expected(a[k] ?? 0, b[k] ?? 0))
      const not = compileOp('not', type, false, a.length).run(mask)
      checkMask(t, `not ${name}`, not, k => !expected(a[k] ?? 0, b[k] ?? 0))
      const where = compileOp('where', type, false, a.length).run(mask, a, b)
      const chosen = indices(a).every(k =>
        Object.is(where[k], expected(a[k] ?? 0, b[k] ?? 0) ? a[k] : b[k]))
      t.ok(chosen, `where ${name}`)
    }
    const lt = compileOp('lt', type, false, a.length).run(a, b)
    const ne = compileOp('ne', type, false, a.length).run(a, b)
    checkMask(t, 'and', compileOp('and', type, false, a.length).run(lt, ne), k =>
      (a[k] ?? 0) < (b[k] ?? 0) && a[k] !== b[k])
    checkMask(t, 'or', compileOp('or', type, false, a.length).run(lt, ne), k =>
      (a[k] ?? 0) < (b[k] ?? 0) || a[k] !== b[k])
    t.end()
  })
}

function checkMask (
  t: Test, name: string, mask: Floats, expected: (k: number) => boolean
): void {
  const bytes = new Uint8Array(mask.buffer, mask.byteOffset, mask.byteLength)
  const each = mask.BYTES_PER_ELEMENT
  const right = indices(mask).every(k =>
    bytes.subarray(k * each, (k + 1) * each).every(byte => byte === (expected(k) ? 255 : 0)))
  t.ok(right, name)
}

function pairs (type: Lanes['type']): { a: Floats, b: Floats } {
  const numbers = [...specials, 3, -3, 2.5, -2.5, 1e10, 0.1]
  const a = numbers.flatMap(x => numbers.map(() => x))
  const b = numbers.flatMap(() => numbers)
  return type === 'f32x4'
    ? { a: new Float32Array(a), b: new Float32Array(b) }
    : { a: new Float64Array(a), b: new Float64Array(b) }
}

const indices = (list: Floats): number[] => Array.from(list, (_, k) => k)
