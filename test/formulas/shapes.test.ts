// Shapes and options at the edges: what is related to which tensor, what broadcasts from the right,
// axes that a text makes, and the sentences that only odd requests see.

import t from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { resolveKinds } from '../../src/formulas/kinds.ts'

type Shapes = Readonly<Record<string, readonly number[]>>

function bindText (text: string, shapes: Shapes, options: Record<string, unknown> = {}) {
  const definition = define(text)
  const kinds = resolveKinds(definition, Object.fromEntries(Object.entries(shapes)
    .map(([name, shape]) => [name, { shape, datatype: null }])))
  return bind(definition, Object.fromEntries(Object.entries(shapes)
    .map(([name, shape]) => [name, { shape, kind: kinds[name] ?? 'real' }])), options)
}

const accepted: readonly (readonly [text: string, shapes: Shapes])[] = [
  ['a: real[...]; w: real[...] to a\na * w', { a: [2, 3, 4], w: [3, 4] }],
  ['a: real[...]; w: real[...] to a\na * w', { a: [2, 3, 4], w: [3, 1] }],
  ['a: real[N]; b: real[M]; c: real[M] like b\na * c', { a: [2], b: [3], c: [3] }],
  ['a: real[...]; b: real[...]\na * b', { a: [2, 1, 4], b: [3, 1] }],
  ['a: real[N?, C?, D]\na', { a: [5] }],
  ['a: real[N?, C?, D]\na', { a: [2, 5] }],
  ['a: real[...S, C?]; b: real[...S]\na * b', { a: [5, 2], b: [5] }],
  ['a: real[T, N?]; b: integer[N?]\na * b', { a: [5], b: [1] }],
  ['a: real[T, N?]; b: integer[N?, L]\na * b[L = 0]', { a: [5], b: [1, 3] }],
  ['a: real[T, N?]; b: integer[N?]\na * b', { a: [5, 1], b: [1] }]
]

t.test('what fits is bound', async t => {
  for (const [text, shapes] of accepted) t.ok(bindText(text, shapes).key, JSON.stringify(shapes))
  const { axes } = bindText('a: real[...S]; b: real[...R]\nsum(a, S) * sum(b, R)',
    { a: [2, 3], b: [3] })
  t.same([...axes], [['...S0', 6], ['...R0', 3]], 'groups are cut by their own tensors only')
  t.throws(() => bind(define('x: real[N]\nx'), { x: { shape: [2], kind: 'class' } }, {}),
    { code: 'DATATYPE_MISMATCH', message: 'x cannot be class; it is real[N]' })
  t.same(bindText('a: real[N?, C?, D]\na', { a: [2, 5] }).layouts.get('a'), ['C', 'D'])
})

const refused: readonly (readonly [text: string, shapes: Shapes, sentence: string])[] = [
  ['a: real[...]; w: real[...] to a\na * w', { a: [2, 3, 4], w: [4, 3] },
    'w has shape [4,3]; a [2,3,4] needs [2,3,4], or what broadcasts to it'],
  ['a: real[...]; w: real[...] to a\na * w', { a: [3, 4], w: [1, 3, 4] },
    'w has shape [1,3,4]; a [3,4] needs [3,4], or what broadcasts to it'],
  ['a: real[N]; b: real[M]; c: real[M] like b\na * c', { a: [2], b: [3], c: [3, 1] },
    'c has shape [3,1]; b [3] needs [3]'],
  ['x: real[...]\nx', { x: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
    'x has shape [1,1,1,1,1,1,1,1,1]; it needs at most 8 dimensions'],
  ['x: real[N]\nx', { x: [2, 3] }, 'x has shape [2,3]; it needs real[N]'],
  ['a: real[T, N?]; b: integer[N?]\na * b', { a: [5], b: [2] }, 'b has shape [2]; a [5] needs []'],
  ['a: real[T, N?]; b: integer[N?]\na * b', { a: [5, 2], b: [1] },
    'b has shape [1]; a [5,2] needs [2]']
]

t.test('what does not fit is refused with the shapes that count', async t => {
  for (const [text, shapes, sentence] of refused) {
    t.throws(() => bindText(text, shapes), { code: 'SHAPE_MISMATCH', message: sentence }, sentence)
  }
})

t.test('eight dimensions are taken', async t => {
  const shape = [2, 1, 2, 1, 2, 1, 2, 1]
  t.equal(bindText('x: real[...]; y: real[...]\nx * y', { x: shape, y: [] }).axes.get('...0'), 16)
})

const lengths: readonly (readonly [length: string, number])[] = [
  ['floor(N / 2)', 3], ['N % 4', 3], ['-(1 - N)', 6], ['N - -1', 8], ['C * N - 20', 1], ['p', 5],
  ['k', 2], ['maximum(N, 9)', 9], ['minimum(N, C)', 3], ['S', 8], ['O + 1', 2], ['2 * M', 14]
]

t.test('the length of an axis is arithmetic', async t => {
  for (const [length, value] of lengths) {
    const text = `x: real[N, C]; y: real[...S]; z: real[O?]; p: static number = 5; k: integer = 2
      M = axis(N); L = axis(${length})\nx + y * z`
    const { axes, derived } = bindText(text, { x: [7, 3], y: [4, 2], z: [] })
    t.equal(axes.get(derived.get('L') ?? ''), value, length)
  }
  const refusals = [
    ['k / 4', 'The length of L must be a whole number from 0 to 16777216; it is 0.5.'],
    ['-k', 'The length of L must be a whole number from 0 to 16777216; it is -2.'],
    ['16777217', 'The length of L must be a whole number from 0 to 16777216; it is 16777217.'],
    ['kind', 'kind is not known before the formula runs; the length of an axis must be.'],
    ['x', 'x is not known before the formula runs; the length of an axis must be.']
  ] as const
  for (const [length, message] of refusals) {
    const text = `x: real[N]; k: integer = 2; kind: text = 'a'\nL = axis(${length})\nx`
    t.throws(() => bindText(text, { x: [7] }),
      { code: 'FORMULA_INVALID', message }, length)
  }
  const { axes, derived } = bindText('x: real[N]\nM = axis(N); L = axis(M); K = axis(N + 0)\nx',
    { x: [7] })
  t.same([...derived], [['M', "N'"], ['L', "N''"], ['K', 'K']], 'a length that is a name is a twin')
  t.same([...axes.values()], [7, 7, 7, 7])
})

t.test('options at their bounds, and the pointer of a strange name', async t => {
  const text = 'x: real[N]; p: number > 0 <= 1 = 1; k: integer >= 0 < 3 = 0\nx * p * k'
  const run = (options: Record<string, unknown>) => bindText(text, { x: [2] }, options)
  for (const options of [{ p: 1 }, { p: 1e-9 }, { k: 0 }, { k: 2 }]) t.ok(run(options).key)
  for (const options of [
    { p: 0 }, { p: 1.01 }, { k: -1 }, { k: 3 }, { k: 0.5 }, { p: 'NaN' }, { k: 'Infinity' }
  ]) {
    t.throws(() => run(options), { code: 'OPTION_INVALID' }, JSON.stringify(options))
  }
  t.throws(() => run({ 'a/b~c': 1 }),
    { code: 'OPTION_UNKNOWN', errors: [{ pointer: '/options/a~1b~0c' }] })
  t.throws(() => bindText("x: real[N]; k: 'a' | 'b'; on: boolean; s: text\nx", { x: [2] }),
    { code: 'ARGUMENT_MISSING', message: "The option k is missing; it must be 'a' or 'b'" })
  t.throws(() => bindText('x: real[N]; on: boolean\nx', { x: [2] }, { on: 1 }),
    { message: 'The option on must be true or false; got 1' })
  t.throws(() => bindText('x: real[N]; s: text\nx', { x: [2] }, { s: 1 }),
    { message: 'The option s must be a text; got 1' })
})

t.test('a yes/no tensor takes whole numbers, but no fractions', async t => {
  const definition = define('k: boolean[N]; i: integer[N]\nk ? i : 0')
  const kinds = (k: string, i: string) => resolveKinds(definition,
    { k: { shape: [2], datatype: k }, i: { shape: [2], datatype: i } })
  t.same(kinds('BOOL', 'INT64'), { k: 'boolean', i: 'integer' })
  t.same(kinds('UINT8', 'INT32'), { k: 'boolean', i: 'integer' })
  t.throws(() => kinds('FP32', 'INT64'),
    { code: 'DATATYPE_MISMATCH', message: 'k is FP32: expected BOOL', errors: [{ pointer: '/k' }] })
  t.throws(() => kinds('BOOL', 'BOOL'), { message: 'i is BOOL: expected INT64, INT32 or UINT8' })
})
