// What refusals by value say, and where they point: the first element that is outside, with its
// place; classes within the bounds that a text gives them; options and tensors.

import t from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { trace } from '../../src/formulas/trace.ts'
import { evaluateLoss } from './evaluate-loss.ts'

type Rows = readonly (readonly number[])[]

const m: Rows = [[1, 2, 3], [4, 5, 6]]

function run (text: string, tensors: Readonly<Record<string, Rows | readonly number[]>>): unknown {
  return evaluateLoss(define(text), Object.fromEntries(Object.entries(tensors).map(
    ([name, rows]) => {
      const [first] = rows
      const shape = Array.isArray(first) ? [rows.length, first.length] : [rows.length]
      return [name, { shape, datatype: null, data: rows.flat() as number[] }]
    })), {})
}

const refused: readonly (readonly [
  text: string, tensors: Readonly<Record<string, Rows | readonly number[]>>, sentence: string
])[] = [
  ['m: real[N, C]; i: class[N]; m[i]', { m, i: [0, -1] },
    'i holds -1 at [1]; classes are 0 to 2'],
  ['m: real[N, C]; i: class[N]; m[i]', { m, i: [3, 0] }, 'i holds 3 at [0]; classes are 0 to 2'],
  ['m: real[N, C]; i: class[N] >= -1; i < 0 ? 0 : m[i]', { m, i: [-1, 3] },
    'i holds 3 at [1]; classes are >= -1, up to 2'],
  ['m: real[N, C]; i: class[N] >= -1; i < 0 ? 0 : m[i]', { m, i: [-1, -2] },
    'i holds -2 at [1]; classes are >= -1, up to 2'],
  ['m: real[N, C]; i: class[N] < 2; m[i]', { m, i: [1, 2] }, 'i holds 2 at [1]; i must be < 2'],
  ['m: real[N, C]; i: class[N] < 9; m[i]', { m, i: [5, -1] }, 'i holds -1 at [1]; i must be < 9'],
  ['m: real[N, C]; i: class[N]; ignore_index: integer = -100; i == ignore_index ? 0 : m[i]',
    { m, i: [-100, 7] }, 'i holds 7 at [1]; classes are 0 to 2'],
  ['a: real[N] > 0; b: real[N] <= 1 < 3; a * b', { a: [1, 2], b: [0.5, 2] },
    'all elements of b must be <= 1 and < 3; it holds 2 at [1]'],
  ['a: real[N, C] > 0; a', { a: [[1, 2, 3], [4, 0, 6]] },
    'all elements of a must be > 0; it holds 0 at [1,1]']
]

for (const [text, tensors, message] of refused) {
  t.test(`${text}: ${message}`, async t => {
    t.throws(() => run(text, tensors), { message })
  })
}

t.test('what is at its bounds is taken', async t => {
  t.ok(run('m: real[N, C]; i: class[N]; m[i]', { m, i: [0, 2] }))
  t.ok(run('m: real[N, C]; i: class[N] >= -1; i < 0 ? 0 : m[i]', { m, i: [-1, 2] }))
  t.ok(run('m: real[N, C]; i: class[N]; ignore_index: integer = -100; ' +
    'i == ignore_index ? 0 : m[i]', { m, i: [-100, 2] }))
  t.ok(run('a: real[N] >= 0 <= 1; a', { a: [0, 1] }))
})

t.test('a refusal that is known before anything runs points at what it names', async t => {
  const refusal = (modifier: string) => {
    const definition = define(`x: real[N]; k: ${modifier} number = 6; j: number = 1\nx * k * j`,
      { rules: { refuse: [['k > 5', 'k is {k}']] } })
    const binding = bind(definition, { x: { shape: [2], kind: 'real' } }, { k: 7 })
    return trace(definition, binding, new Graph([])).checks
  }
  t.throws(() => refusal('static'),
    { code: 'VALUE_REFUSED', message: 'k is 7', errors: [{ pointer: '/options/k' }] })
  t.match(refusal(''), [{ code: 'VALUE_REFUSED', argument: 'k', detail: 'k is {k}' }])
})
