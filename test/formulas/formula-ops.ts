// Random steps by the ops of the table and the words of the language. A new row of the table takes
// part without a line here, unless it has no value for some numbers: then `domains` says for which.

import { words } from '../../src/formulas/words.ts'
import { type Op, ops } from '../../src/ops/index.ts'
import { type Builder, type Choices, type Step, union } from './formula-step.ts'

export type Make = (builder: Builder, choices: Choices) => Step

/** Numbers above 0, away from 0, of moderate size. */
type Domain = 'positive' | 'apart' | 'moderate'

const domains: Readonly<Record<string, Readonly<Record<string, Domain>>>> = {
  log: { a: 'positive' },
  log1p: { a: 'positive' },
  sqrt: { a: 'positive' },
  xlogy: { b: 'positive' },
  div: { b: 'apart' },
  mod: { b: 'positive' },
  pow: { a: 'positive', b: 'moderate' },
  exp: { a: 'moderate' },
  expm1: { a: 'moderate' }
}

/** Arguments that are yes or no. */
const conditions: Readonly<Record<string, readonly string[]>> = {
  and: ['a', 'b'], or: ['a', 'b'], not: ['a'], where: ['c']
}

/** Ops that are written with signs: a + b, -a, c ? a : b. */
export const signs: ReadonlyMap<string, string> = new Map([
  ['add', '+'], ['sub', '-'], ['mul', '*'], ['div', '/'], ['mod', '%'], ['pow', '**'],
  ['lt', '<'], ['le', '<='], ['gt', '>'], ['ge', '>='], ['eq', '=='], ['ne', '!='],
  ['and', '&&'], ['or', '||'], ['not', '!'], ['neg', '-'], ['where', '?']
])

/** What is written in the language: with a sign, or as a word that is not made of others. */
export const written: readonly Op[] = ops.filter(row => row.name !== 'stop_gradient' &&
  (signs.has(row.name) || (row.word && words.get(row.name)?.missing === '')))

/** A step of each row. */
export const makes: readonly (readonly [name: string, make: Make])[] =
  written.map(row => [row.name, row.over === true
    ? (builder, choices) => along(builder, choices, row)
    : (builder, choices) => elementwise(builder, choices, row)])

function elementwise (builder: Builder, choices: Choices, row: Op): Step {
  const args = row.arguments.map((name, index) => argument(builder, choices, row, name, index))
  return builder.add(row.name, args, { sort: row.mask === true ? 'condition' : 'real' })
}

function argument (
  builder: Builder, choices: Choices, row: Op, name: string, index: number
): Step {
  if (conditions[row.name]?.includes(name) === true) return condition(builder, choices)
  // An argument without a derivative beside others that have one.
  const isFlat = row.derivative[index] === null && row.derivative.some(text => text !== null)
  if (isFlat) return constant(builder, choices)
  const x = number(builder, choices)
  const domain = domains[row.name]?.[name]
  return domain === undefined ? x : within(builder, choices, x, domain)
}

/** A real number, seldom a whole one, a literal, or a length. */
export function number (builder: Builder, choices: Choices): Step {
  const kind = choices.below(10)
  if (kind === 8) return constant(builder, choices)
  return builder.pick(kind === 9 ? 'whole' : 'real', choices.below(1000))
}

const literals = ['0.5', '2', '-1.5', '1', '3', '0', '-1', 'pi', '1e-1', 'e', '.25', '4e0']

/** A number on which no gradient depends. */
export function constant (builder: Builder, choices: Choices): Step {
  if (choices.below(4) === 3) {
    const { options } = builder.surroundings
    if (options.length > 0) return builder.option(choices.one(options))
  }
  return builder.number(choices.one(literals))
}

/** A yes/no value: one that is there, or a comparison. */
export function condition (builder: Builder, choices: Choices): Step {
  if (builder.has('condition') && choices.below(3) > 0) {
    return builder.pick('condition', choices.below(1000))
  }
  const op = choices.one(['gt', 'lt', 'ge', 'le', 'ne', 'eq'])
  const isWhole = op === 'eq' || op === 'ne' || choices.below(3) === 0
  const [a, b] = isWhole
    ? [whole(builder, choices), whole(builder, choices)]
    : [number(builder, choices), number(builder, choices)]
  return builder.add(op, [a, b], { sort: 'condition' })
}

/** A whole number: a class, a place, a length, or one beside it. */
export function whole (builder: Builder, choices: Choices): Step {
  const x = builder.pick('whole', choices.below(1000))
  switch (choices.below(8)) {
    case 5: return builder.length(choices.one(builder.letters))
    case 6: return beside(builder, x, choices.one(['add', 'sub']))
    case 7: return beside(builder, builder.pick('whole', choices.below(1000)), 'sub', x)
    default: return x
  }
}

function beside (builder: Builder, x: Step, op: string, y?: Step): Step {
  return builder.add(op, [x, y ?? builder.number('1', 'whole')], { sort: 'whole' })
}

/** x, made so that it lies in the domain. */
export function within (builder: Builder, choices: Choices, x: Step, domain: Domain): Step {
  const add = (op: string, ...args: Step[]): Step => builder.add(op, args)
  const literal = (value: string): Step => builder.number(value)
  const { leaves } = builder.surroundings
  const isPositive = leaves.some(({ name, positive }) => positive && name === x.value)
  if (isPositive && domain !== 'moderate') return x
  if (domain === 'moderate') {
    if (x.op === 'argument') return x
    return [
      () => add('tanh', x),
      () => add('clamp', x, literal('-2'), literal('2')),
      () => add('neg', add('softplus', x)),
      () => add('minimum', x, literal('1'))
    ][choices.below(4)]?.() ?? x
  }
  if (domain === 'apart' && choices.below(4) === 0) {
    const side = builder.add('gt', [x, literal('0')], { sort: 'condition' })
    return add('where', side, add('add', x, literal('0.5')), add('sub', x, literal('0.5')))
  }
  return [
    () => add('add', add('softplus', x), literal('0.1')),
    () => add('add', add('pow', x, literal('2')), literal('0.25')),
    () => add('exp', add('tanh', x)),
    () => add('add', add('abs', x), literal('0.5')),
    () => add('sub', literal('1.25'), add('sigmoid', x)),
    () => builder.number(choices.one(['2', '0.5', 'pi']))
  ][choices.below(6)]?.() ?? x
}

/** Along one axis of x, or two; what has none is taken as it is. */
function along (builder: Builder, choices: Choices, row: Op): Step {
  const { name, reduces } = row
  const inputs = row.arguments.map(() => builder.pick('real', choices.below(9)))
  const [x = builder.number('1')] = inputs
  const over = someAxes(choices, named(x.axes))
  if (over.length === 0) return builder.add('sigmoid', [x])
  const args = inputs.map(input => masked(builder, choices, input, over))
  const axes = reduces === true ? x.axes.filter(axis => !over.includes(axis)) : union(args)
  return builder.add(name, args, { over, axes })
}

/** Seldom without one of its places, as attention and contrastive losses do it. */
function masked (builder: Builder, choices: Choices, x: Step, over: readonly string[]): Step {
  const axis = over.find(each => builder.letters.includes(each) && x.axes.includes(each))
  const length = builder.surroundings.lengths.get(axis ?? '') ?? 0
  if (axis === undefined || length < 2 || choices.below(6) > 0) return x
  const place = [builder.index(axis), builder.number('1', 'whole')]
  const here = builder.add('eq', place, { sort: 'condition' })
  return builder.add('where', [here, builder.number('-inf'), x])
}

/** Axes that have a name. */
export const named = (axes: readonly string[]): string[] => axes.filter(axis => axis !== '...')

/** One of the axes, or two, or none if there are none. */
export function someAxes (choices: Choices, axes: readonly string[]): string[] {
  if (axes.length === 0) return []
  const first = choices.one(axes)
  const second = choices.one(axes)
  return second !== first && choices.below(3) === 0 ? [first, second] : [first]
}
