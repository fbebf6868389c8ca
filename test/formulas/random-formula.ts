// Random formulas of the language with random requests for them. Every choice is a number, so that
// what fails shrinks to few arguments and few instructions.

import fc from 'fast-check'
import { type Arguments, argumentsOf } from './formula-arguments.ts'
import { makes, within } from './formula-ops.ts'
import { Builder, Choices, type Step } from './formula-step.ts'
import { statementsOf } from './formula-text.ts'
import { wordMakes } from './formula-words.ts'

export interface RandomFormula extends Arguments {
  readonly text: string
  readonly reduction: string
  readonly value: Step
  readonly denominator: Step | null
  /** False if a gradient is no derivative on purpose. */
  readonly exact: boolean
  toString (): string
}

const length = fc.constantFrom(3, 2, 4, 1, 5, 7, 9, 17, 3, 4, 2, 5, 3, 6, 0)
const numbers = (count: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(999), { minLength: count, maxLength: count })

/** Common steps stand several times. */
const common = ['add', 'sub', 'mul', 'div', 'where']
const words = Object.entries(wordMakes)
const reductions = words.filter(([name]) => ['sum', 'mean', 'take'].includes(name))
const all = [...makes, ...makes.filter(([name]) => common.includes(name)), ...words, ...reductions]
  .map(([, make]) => make)

export const randomFormulas: fc.Arbitrary<RandomFormula> = fc.record({
  lengths: fc.array(length, { minLength: 3, maxLength: 3 }),
  group: fc.array(fc.constantFrom(2, 3, 1, 4), { maxLength: 2 }),
  tensors: fc.array(numbers(14), { minLength: 1, maxLength: 5, size: 'max' }),
  others: numbers(20),
  instructions: fc.array(numbers(16), { minLength: 1, maxLength: 9, size: 'max' }),
  end: numbers(8),
  seed: fc.nat(99_999)
}).map(({ instructions, end, ...drawn }) => formulaOf(argumentsOf(drawn), instructions, end))

function formulaOf (
  given: Arguments, instructions: readonly (readonly number[])[], end: readonly number[]
): RandomFormula {
  const builder = new Builder(given)
  for (const [op = 0, style = 0, ...rest] of instructions) {
    builder.style = style
    const make = all[op % all.length]
    if (make !== undefined) builder.keep(make(builder, new Choices(rest)))
  }
  const choices = new Choices(end)
  builder.style = choices.below(1000)
  const last = builder.pick('real', 0)
  const value = choices.below(2) === 1
    ? builder.add('add', [last, builder.pick('real', 1)])
    : last
  const weight = builder.pick('real', choices.below(9))
  const fits = weight.axes.every(axis => value.axes.includes(axis))
  const denominator = choices.below(8) === 7 && fits
    ? within(builder, choices, weight, 'positive')
    : null
  const separator = choices.one(['\n', '\n', '; '])
  const reduction = choices.one(['none', 'mean', 'sum'])
  const statements = statementsOf(value, denominator)
  const text = [...given.lines, ...statements].join(separator)
  const { exact } = builder
  const print = (): string => printed(given, text, reduction)
  return { ...given, text, reduction, value, denominator, exact, toString: print }
}

function printed ({ tensors, values, places }: Arguments, text: string, reduction: string): string {
  const data = Object.entries(tensors)
    .map(([name, tensor]) => `${name} [${tensor.shape}]: ${tensor.data.length > 40
      ? `${tensor.data.length} numbers`
      : JSON.stringify([...Array.from(tensor.data)])}`)
  const lengths = [...places].map(([axis, length]) => `${axis} ${length}`).join(', ')
  return ['', text, `reduction ${reduction}, options ${JSON.stringify(values)}`, lengths, ...data]
    .join('\n')
}
