// Texts that mean harm, and texts broken at random: each is a formula or an error of the table with
// a place, soon, and never an exhausted stack.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { bind, type TensorShape } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { reduced, trace } from '../../src/formulas/trace.ts'
import { losses } from '../../src/losses/index.ts'
import { Random } from '../random.ts'

// Far above what any text needs, since the machine may be busy.
const millisecondsMax = 1_500

const lines = (count: number, line: (number: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')

const attacks: readonly (readonly [name: string, text: string])[] = [
  ['a prototype', '__proto__'],
  ['a part of a prototype', 'x.__proto__ + x.constructor'],
  ['inherited names', 'toString + hasOwnProperty + valueOf'],
  ['an inherited function', 'constructor(x)'],
  ['a million characters', 'x'.repeat(1e6)],
  ['open brackets', '('.repeat(4_000)],
  ['nested brackets', `${'('.repeat(1_900)}x${')'.repeat(1_900)}`],
  ['signs', `${'-'.repeat(4_000)}x`],
  ['negations', `${'!'.repeat(4_000)}x`],
  ['powers', `${'x**'.repeat(2_000)}x`],
  ['choices', `${'x > 0 ? x : '.repeat(500)}x`],
  ['half a choice', `${'x?'.repeat(1_300)}x`],
  ['functions of functions', `f = ${'x=>'.repeat(1_300)}x\nf(1)`],
  ['a long sum', `${'x+'.repeat(2_000)}x`],
  ['a long product', `${'x*'.repeat(2_000)}x`],
  ['a long difference of functions', `${'exp(x)-'.repeat(800)}x`],
  ['nested functions', `${'exp('.repeat(63)}x${')'.repeat(63)}`],
  ['functions that double', `f0 = x => x + 1
    ${lines(60, i => `f${i} = x => f${i - 1}(f${i - 1}(x))`)}\nf60(y)`],
  ['functions that square', `f0 = x => exp(x)
    ${lines(60, i => `f${i} = x => f${i - 1}(x) * f${i - 1}(x + 1)`)}\nf60(y)`],
  ['a chain of functions', `f0 = x => x\n${lines(400, i => `f${i}=x=>f${i - 1}(x)`)}\nf400(y)`],
  ['values that square', `a0 = y\n${lines(600, i => `a${i} = a${i - 1} * a${i - 1}`)}\na600`],
  ['brackets in a row', `x: real[N]\nx${'[N=0]'.repeat(800)}`],
  ['an axis without end', 'x: real[N]\nM = axis(1e9)\nsum(x * index(M), M)'],
  ['the length of an axis', `x: real[N]\nM = axis(${'1+'.repeat(2_000)}1)\nsum(x * index(M), M)`],
  ['a tensor of many axes', `x: real[${lines(1_000, i => `N${i},`)}]\nx`],
  ['numbers without end', `1e999999 * x + ${'9'.repeat(16_000)}`],
  ['a list without end', `sum(x${', x'.repeat(2_000)})`],
  ['parameters', `(${'a,'.repeat(2_000)}a) => 1`],
  ['half parameters', '(a,a,a,'.repeat(580)],
  ['many arguments', `log_add_exp(x${', x'.repeat(1_900)})`],
  ['comments', '//'.repeat(8_000)],
  ['semicolons', `${';'.repeat(4_000)}x`],
  ['control characters', 'x\0\u202e + \ud800']
]

// What becomes of a text: everything up to the derivative.
function attempt (text: string): string {
  try {
    const definition = define(text)
    const graph = new Graph([])
    const binding = bind(definition, shapesOf(definition), optionsOf(definition))
    const traced = trace(definition, binding, graph)
    const { loss } = reduced(graph, traced, 'mean')
    gradient(graph, loss, graph.constant(1), [...traced.inputs.values()])
    return 'ok'
  } catch (error) {
    if (!(error instanceof LossdError)) throw error
    return error.code
  }
}

function shapesOf ({ tensors }: Definition): Record<string, TensorShape> {
  const lengths = new Map<string, number>()
  const lengthOf = (name: string): number => {
    lengths.set(name, lengths.get(name) ?? lengths.size + 2)
    return lengths.get(name) ?? 1
  }
  const shapes: Record<string, TensorShape> = {}
  for (const { name, kinds: [kind] } of tensors) {
    const shape = kind?.axes.map(axis => axis.length ?? lengthOf(axis.name)) ?? []
    shapes[name] = { shape, kind: kind?.kind ?? 'real' }
  }
  return shapes
}

function optionsOf ({ options }: Definition): Record<string, unknown> {
  const values = { number: 1, integer: 1, boolean: true, text: 'a' }
  return Object.fromEntries(options.filter(option => option.default === null)
    .map(({ name, type, choices }) => [name, choices[0] ?? values[type]]))
}

const known = new Set(['ok', 'FORMULA_INVALID', 'FORMULA_TOO_LARGE', 'SHAPE_MISMATCH',
  'OPTION_INVALID', 'VALUE_REFUSED'])

t.test('attacks stop soon, with an error of the table or without', async t => {
  for (const [name, text] of attacks) {
    const start = performance.now()
    const result = attempt(text)
    const milliseconds = performance.now() - start
    t.ok(known.has(result), `${name}: ${result}`)
    t.ok(milliseconds < millisecondsMax, `${name}: ${milliseconds.toFixed()} ms`)
  }
})

t.test('texts broken at random raise nothing but errors of the table', async t => {
  const pieces = ['(', ')', '[', ']', ',', '?', ':', '=', '==', '&&', '**', '-', '!', '...', '~',
    '|', ';', '\n', 'N', 'C', 'input', 'target', 'sum(', '1e308', 'inf', 'real', 'class', "'x'",
    '=>', 'static', 'state', 'like', 'to', 'axis(', 'index(', '-1', '{', '__proto__', 'constructor']
  const numbers = new Random(20_251)
  const random = (below: number): number => numbers.below(below)
  const mutate = (text: string): string => {
    const place = random(text.length + 1)
    const [before, after] = [text.slice(0, place), text.slice(place)]
    switch (random(4)) {
      case 0: return before + after.slice(random(6))
      case 1: return `${before}${pieces[random(pieces.length)] ?? ''}${after}`
      case 2: return before + text.slice(random(text.length), random(text.length)) + after
      default: return `${before}${String.fromCharCode(random(128))}${after.slice(1)}`
    }
  }
  const start = performance.now()
  let count = 0
  for (; count < 3_000 && performance.now() - start < 8_000; count++) {
    let text = losses[random(losses.length)]?.formula ?? ''
    for (let times = random(4) + 1; times > 0; times--) text = mutate(text)
    const result = attempt(text)
    if (!known.has(result)) t.fail(`${result}: ${JSON.stringify(text)}`)
  }
  t.ok(count > 300, `${count} texts`)
})
