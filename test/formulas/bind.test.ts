// Shapes and options against declarations: what fits, how it lies in the graph, and what is refused
// with which sentence.

import t from 'tap'
import { bind, type TensorShape } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import type { TensorKind } from '../../src/formulas/definition.ts'
import { resolveKinds } from '../../src/formulas/kinds.ts'
import { findLoss, losses } from '../../src/losses/index.ts'

type Shapes = Readonly<Record<string, readonly number[]>>

const definitions = new Map(losses.map(loss => [loss.name, define(loss.formula, { rules: loss })]))
const definitionOf = (loss: string) => definitions.get(loss) ?? define(loss)

// Reads the tensors as their shapes say, then binds them.
function bindShapes (loss: string, shapes: Shapes, options: Record<string, unknown> = {}) {
  const definition = definitionOf(loss)
  const plain = Object.entries(shapes).map(([name, shape]) => [name, { shape, datatype: null }])
  const kinds = resolveKinds(definition, Object.fromEntries(plain))
  return bind(definition, withKinds(shapes, kinds), options)
}

type Kinds = Readonly<Record<string, TensorKind>>

function withKinds (shapes: Shapes, kinds: Kinds): Record<string, TensorShape> {
  return Object.fromEntries(Object.entries(shapes)
    .map(([name, shape]) => [name, { shape, kind: kinds[name] ?? 'real' }]))
}

t.test('neighbours that all tensors treat alike are one axis', async t => {
  const rows: readonly (readonly [Shapes, Record<string, string[]>, Record<string, number>])[] = [
    [{ input: [4, 5], target: [4, 5] }, { input: ['...0'], target: ['...0'] }, { '...0': 20 }],
    [{ input: [], target: [] }, { input: [], target: [] }, {}],
    [{ input: [1, 1], target: [1, 1] }, { input: ['...0'], target: ['...0'] }, { '...0': 1 }],
    [{ input: [3, 1], target: [3] }, { input: ['...0'], target: ['...1'] },
      { '...0': 3, '...1': 3 }],
    [{ input: [3, 4], target: [] }, { input: ['...0'], target: [] }, { '...0': 12 }],
    [{ input: [2, 3, 4], target: [4] }, { input: ['...0', '...1'], target: ['...1'] },
      { '...0': 6, '...1': 4 }],
    [{ input: [2, 3, 4, 5], target: [2, 1, 1, 5] },
      { input: ['...0', '...1', '...2'], target: ['...0', '...2'] },
      { '...0': 2, '...1': 12, '...2': 5 }],
    [{ input: [0, 3], target: [1, 3] }, { input: ['...0', '...1'], target: ['...1'] },
      { '...0': 0, '...1': 3 }]
  ]
  for (const [shapes, layouts, axes] of rows) {
    const binding = bindShapes('mse', shapes)
    t.same(Object.fromEntries(binding.layouts), layouts, JSON.stringify(shapes))
    t.same(Object.fromEntries(binding.axes), axes)
  }
  const { shapes } = bindShapes('mse', { input: [2, 3, 4], target: [4] })
  t.same([...shapes], [['...0', [2, 3]], ['...1', [4]]])
})

t.test('named axes keep their names; missing ones are missing', async t => {
  const rows: readonly (readonly [Shapes, string[], string[], TensorKind])[] = [
    [{ input: [5], target: [] }, ['C'], [], 'class'],
    [{ input: [5], target: [1] }, ['C'], [], 'class'],
    [{ input: [5], target: [5] }, ['C'], ['C'], 'real'],
    [{ input: [3, 5], target: [3] }, ['N', 'C'], ['N'], 'class'],
    [{ input: [3, 5], target: [3, 5] }, ['N', 'C'], ['N', 'C'], 'real'],
    [{ input: [3, 5, 7], target: [3, 7] }, ['N', 'C', '...0'], ['N', '...0'], 'class'],
    [{ input: [3, 5, 2, 7], target: [3, 2, 7] }, ['N', 'C', '...0'], ['N', '...0'], 'class'],
    [{ input: [3, 5, 2, 7], target: [3, 5, 2, 7] }, ['N', 'C', '...0'], ['N', 'C', '...0'], 'real'],
    [{ input: [1, 1], target: [1] }, ['N', 'C'], ['N'], 'class']
  ]
  for (const [shapes, input, target, kind] of rows) {
    const { layouts, tensors } = bindShapes('cross-entropy', shapes)
    t.same(layouts.get('input'), input, JSON.stringify(shapes))
    t.same(layouts.get('target'), target)
    t.equal(tensors.get('target')?.kind.kind, kind)
  }
})

t.test('the key holds layouts and known options, no lengths and no numbers', async t => {
  const key = (shapes: Shapes, options = {}): string => bindShapes('huber', shapes, options).key
  const flat = key({ input: [4, 5], target: [4, 5] })
  t.equal(key({ input: [7], target: [7] }), flat)
  t.not(key({ input: [7], target: [] }), flat)
  t.not(key({ input: [7], target: [7] }, { delta: 4 }), flat)
  const delta = (value: number): string => key({ input: [7], target: [7] }, { delta: value })
  t.equal(delta(2), delta(3))
  t.equal(delta(1), flat, 'a default given is a default')
  t.not(key({ input: [7], target: [7] }, { reduction: 'sum' }), flat)
  const beta = (value: number): string =>
    bindShapes('smooth-l1', { input: [7], target: [7] }, { beta: value }).key
  t.not(beta(2), beta(3), 'beta is static')
  const mode = (target: number[]): string =>
    bindShapes('cross-entropy', { input: [3, 5], target }).key
  t.not(mode([3]), mode([3, 5]))
  const definition = definitionOf('nll')
  const byDatatype = (datatype: 'INT64' | 'UINT8'): string => bind(definition, {
    input: { shape: [2, 3], kind: 'real' }, target: { shape: [2], kind: 'class', datatype }
  }, {}).key
  t.not(byDatatype('INT64'), byDatatype('UINT8'))
})

const shapesRefused: readonly (readonly [loss: string, shapes: Shapes, sentence: string])[] = [
  ['mse', { input: [3, 4], target: [3] },
    'target has shape [3]; it does not broadcast with input [3,4]: 3 against 4 in dimension 0'],
  ['cross-entropy', { input: [64, 784], target: [63] },
    'target has shape [63]; input [64,784] needs [64] (class) or [64,784] (real)'],
  ['cross-entropy', { input: [2, 3], target: [2, 1] },
    'target has shape [2,1]; input [2,3] needs [2] (class) or [2,3] (real)'],
  ['cross-entropy', { input: [2, 3, 4], target: [2, 5] },
    'target has shape [2,5]; input [2,3,4] needs [2,4] (class) or [2,3,4] (real)'],
  ['cross-entropy', { input: [2, 3, 4], target: [2, 1] },
    'target has shape [2,1]; input [2,3,4] needs [2,4] (class) or [2,3,4] (real)'],
  ['cross-entropy', { input: [5], target: [2] },
    'target has shape [2]; input [5] needs [] (class) or [5] (real)'],
  ['cross-entropy', { input: [2, 3], target: [2], weight: [4] },
    'weight has shape [4]; input [2,3] needs [3]'],
  ['cross-entropy', { input: [2, 3], target: [2], weight: [2, 3] },
    'weight has shape [2,3]; input [2,3] needs [3]'],
  ['cross-entropy', { input: [], target: [] }, 'input has shape []; it needs real[N?, C, ...]'],
  ['nll', { input: [2, 3], target: [1] }, 'target has shape [1]; input [2,3] needs [2]'],
  ['nll', { input: [2, 3], target: [2, 1] }, 'target has shape [2,1]; input [2,3] needs [2]'],
  ['nll', { input: [1, 2, 2, 2], target: [1, 2, 3] },
    'target has shape [1,2,3]; input [1,2,2,2] needs [1,2,2]'],
  ['bce', { input: [3, 1], target: [3] }, 'target has shape [3]; input [3,1] needs [3,1]'],
  ['bce', { input: [3, 2], target: [3, 2], weight: [3] },
    'weight has shape [3]; input [3,2] needs [3,2], or what broadcasts to it'],
  ['bce-with-logits', { input: [2], target: [2], weight: [3, 2] },
    'weight has shape [3,2]; input [2] needs [2], or what broadcasts to it'],
  ['bce-with-logits', { input: [2, 3, 4, 4], target: [2, 3, 4, 4], pos_weight: [3] },
    'pos_weight has shape [3]; input [2,3,4,4] needs [2,3,4,4], or what broadcasts to it; one ' +
    'number for each of 3 in dimension 1 has shape [3,1,1]']
]

t.test('shapes that do not fit are refused with both shapes', async t => {
  for (const [loss, shapes, sentence] of shapesRefused) {
    t.throws(() => bindShapes(loss, shapes), {
      code: 'SHAPE_MISMATCH',
      message: sentence,
      errors: [{ pointer: `/${sentence.split(' ')[0]}`, detail: sentence }]
    }, sentence)
  }
})

t.test('every loss takes what it should', async t => {
  const taken: readonly (readonly [loss: string, shapes: Shapes])[] = [
    ['bce', { input: [3, 2], target: [3, 2], weight: [2] }],
    ['bce', { input: [3, 2], target: [3, 2], weight: [3, 1] }],
    ['bce', { input: [], target: [], weight: [] }],
    ['bce-with-logits', { input: [2, 3, 4], target: [2, 3, 4], pos_weight: [3, 1] }],
    ['bce-with-logits', { input: [0, 3], target: [0, 3], weight: [3] }],
    ['nll', { input: [2, 3], target: [2], weight: [3] }],
    ['nll', { input: [3], target: [1] }],
    ['cross-entropy', { input: [0, 3], target: [0] }],
    ['cross-entropy', { input: [2, 3, 0], target: [2, 0] }]
  ]
  for (const [loss, shapes] of taken) t.ok(bindShapes(loss, shapes).key, JSON.stringify(shapes))
})

t.test('the language of shapes: ~, like, to, lengths, groups', async t => {
  const rows: readonly (readonly [text: string, shapes: Shapes, sentence: string])[] = [
    ['a: real[N~?, D]; b: real[N~?, D]\na * b', { a: [1, 3], b: [5, 3] }, ''],
    ['a: real[N~?, D]; b: real[N~?, D]\na * b', { a: [4, 3], b: [5, 3] },
      'b has shape [5,3]; a [4,3] needs [4,3]'],
    ['a: real[N?, D]; t: real[N?]\na * t', { a: [3], t: [3] }, 't has shape [3]; a [3] needs []'],
    ['a: real[N?, D]; t: real[N?]\na * t', { a: [2, 3], t: [] },
      't has shape []; a [2,3] needs [2]'],
    ['a: real[N, K = 4]\na', { a: [7, 4] }, ''],
    ['a: real[N, K = 4]\na', { a: [7, 3] }, 'a has shape [7,3]; K has the length 4'],
    ['a: real[N, C, ...S]; b: real[N, C, ...S]\nsum(a * b, S)', { a: [2, 3, 4], b: [2, 3, 4] }, ''],
    ['a: real[N, C, ...S]; b: real[N, ...S]\nb * sum(a, C)', { a: [2, 3, 4], b: [2, 1] },
      'b has shape [2,1]; a [2,3,4] needs [2,4]'],
    ['a: real[N, N2]; b: real[N2]\na * b', { a: [2, 3], b: [2] },
      'b has shape [2]; a [2,3] needs [3]'],
    ['a: real[N]; b: real[M, N]\na * b', { a: [2], b: [2] }, 'b has shape [2]; a [2] needs [M,2]']
  ]
  for (const [text, shapes, sentence] of rows) {
    if (sentence === '') t.ok(bindShapes(text, shapes).key, text)
    else t.throws(() => bindShapes(text, shapes), { message: sentence }, text)
  }
  const { layouts, groups } = bindShapes('a: real[N, ...S]; b: real[N]\na * b',
    { a: [2, 3, 4], b: [2] })
  t.same(layouts.get('a'), ['N', '...S0'])
  t.same(groups.get('S'), ['...S0'])
  const derived = bindShapes(
    'a: real[N, C]\nM = axis(N); L = axis(2 * C + 1)\nsum(a * index(L), L)', { a: [4, 3] })
  t.same(Object.fromEntries(derived.axes), { N: 4, C: 3, "N'": 4, L: 7 })
  const { axes: bounded } =
    bindShapes('a: real[N]\nM = axis(maximum(N, 5)); L = axis(minimum(N, 2))\na', { a: [4] })
  t.same([bounded.get('M'), bounded.get('L')], [5, 2])
  t.throws(() => bindShapes('a: real[N]\nM = axis(N / 2)\nsum(a * index(M), M)', { a: [3] }),
    { message: /whole number/ })
})

type Refused = readonly [loss: string, options: unknown, code: string, sentence: string]

const options: readonly Refused[] = [
  ['huber', { detla: 1 }, 'OPTION_UNKNOWN', 'There is no option detla; did you mean delta?'],
  ['mse', { weight_decay: 1 }, 'OPTION_UNKNOWN', 'There is no option weight_decay; the options ' +
    'are reduction'],
  ['mse', { size_average: true }, 'OPTION_UNKNOWN', "size_average is no longer supported; use " +
    "reduction: 'none', 'mean' or 'sum'"],
  ['mse', { reduce: false }, 'OPTION_UNKNOWN', "reduce is no longer supported; use reduction: " +
    "'none', 'mean' or 'sum'"],
  ['mse', { reduction: 'batchmean' }, 'OPTION_INVALID', "The option reduction must be 'none' or " +
    "'mean' or 'sum'; got 'batchmean'"],
  ['mse', { reduction: null }, 'OPTION_INVALID', "The option reduction must be 'none' or 'mean' " +
    "or 'sum'; got null"],
  ['huber', { delta: '1' }, 'OPTION_INVALID', "The option delta must be a number > 0; got '1'"],
  ['huber', { delta: [1] }, 'OPTION_INVALID', 'The option delta must be a number > 0; got an ' +
    'object or array'],
  ['huber', { delta: 'NaN' }, 'OPTION_INVALID', "The option delta must be a number > 0; got 'NaN'"],
  ['smooth-l1', { beta: -1 }, 'OPTION_INVALID', 'The option beta must be a number >= 0; got -1'],
  ['nll', { ignore_index: 1.5 }, 'OPTION_INVALID', 'The option ignore_index must be a whole ' +
    'number; got 1.5'],
  ['cross-entropy', { label_smoothing: 1.5 }, 'OPTION_INVALID', 'The option label_smoothing must ' +
    'be a number <= 1; got 1.5'],
  ['mse', JSON.parse('{"__proto__": 1}'), 'OPTION_UNKNOWN', 'There is no option __proto__; the ' +
    'options are reduction']
]

t.test('options that do not fit are refused', async t => {
  for (const [loss, given, code, sentence] of options) {
    const shapes = { input: [2, 3], target: findLoss(loss)?.name === 'nll' ? [2] : [2, 3] }
    t.throws(() => bindShapes(loss, shapes, given as Record<string, unknown>),
      { code, message: sentence }, sentence)
  }
  const infinite = bindShapes('huber', { input: [1], target: [1] }, { delta: 'Infinity' })
  t.equal(infinite.numbers.get('delta'), Infinity)
})

t.test('a text may say how it is reduced, by its options', async t => {
  const text = `x: real[N]; whole: boolean = false; reduction: 'none' | 'mean' | 'sum' = 'mean'
    reduction = whole ? 'none' : reduction
    x`
  const settled = (options: Record<string, unknown>): unknown =>
    bindShapes(text, { x: [3] }, options).known.get('reduction')
  t.equal(settled({}), 'mean')
  t.equal(settled({ reduction: 'sum' }), 'sum')
  t.equal(settled({ reduction: 'sum', whole: true }), 'none')
  for (const odd of ["'all'", '1']) {
    const wrong = `x: real[N]; reduction: 'mean' | 'sum' = 'sum'\nreduction = ${odd}; x`
    t.throws(() => bindShapes(wrong, { x: [3] }),
      { code: 'FORMULA_INVALID', message: 'reduction must be none, mean, sum.' })
  }
})

t.test('missing arguments are named, defaults stand in', async t => {
  t.throws(() => bindShapes('mse', { input: [1] }),
    { code: 'ARGUMENT_MISSING', message: 'target is missing; it is real[...]' })
  t.same([...bindShapes('nll', { input: [2, 3], target: [2] }).missing], ['weight'])
  t.throws(() => bindShapes('x: real[N]; p: number\nx ** p', { x: [1] }),
    { code: 'ARGUMENT_MISSING', message: 'The option p is missing; it must be a number' })
})

t.test('a datatype that the shape forbids is refused', async t => {
  const kinds = (loss: string, datatype: string, shape: number[]): TensorKind | undefined =>
    resolveKinds(definitionOf(loss), {
      input: { shape: [2, 3], datatype: 'FP32' }, target: { shape, datatype }
    }, findLoss(loss)?.floating).target
  t.equal(kinds('cross-entropy', 'INT64', [2]), 'class')
  t.equal(kinds('cross-entropy', 'UINT8', [2]), 'class')
  t.equal(kinds('cross-entropy', 'FP64', [2, 3]), 'real')
  t.equal(kinds('mse', 'INT64', [2, 3]), 'real')
  t.equal(kinds('mse', 'BOOL', [2, 3]), 'real')
  const refused: readonly (readonly [string, string, number[], string])[] = [
    ['cross-entropy', 'FP32', [2], 'target is FP32; of this shape it is class[N?, ...]: expected ' +
      'INT64, INT32 or UINT8'],
    ['cross-entropy', 'INT64', [2, 3], 'target is INT64; of this shape it is real[N?, C, ...]: ' +
      'expected FP32 or FP64'],
    ['cross-entropy', 'BOOL', [2], 'target is BOOL; of this shape it is class[N?, ...]: expected ' +
      'INT64, INT32 or UINT8'],
    ['nll', 'FP32', [2], 'target is FP32: expected INT64, INT32 or UINT8'],
    ['bce', 'INT64', [2, 3], 'target is INT64: expected FP32 or FP64'],
    ['bce-with-logits', 'BOOL', [2, 3], 'target is BOOL: expected FP32 or FP64']
  ]
  for (const [loss, datatype, shape, sentence] of refused) {
    t.throws(() => kinds(loss, datatype, shape), { code: 'DATATYPE_MISMATCH', message: sentence })
  }
})

t.test('plain numbers of the very shape of input are read like input', async t => {
  const kind = (input: number[], target: number[]): TensorKind | undefined =>
    resolveKinds(definitionOf('cross-entropy'), {
      input: { shape: input, datatype: null }, target: { shape: target, datatype: null }
    }).target
  t.equal(kind([1], [1]), 'real', 'one class: a probability, as PyTorch reads it')
  t.equal(kind([3], [1]), 'class', 'an index in brackets')
  t.equal(kind([1, 1], [1]), 'class')
  t.equal(kind([1, 1], [1, 1]), 'real')
})
