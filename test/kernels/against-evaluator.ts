// A compiled program against the plain evaluator: random inputs, results within a tolerance, and
// the same bits when the chunks run in another order.

import { originalAxis } from '../../src/formulas/graph.ts'
import { reach } from '../../src/formulas/walk.ts'
import type { Output } from '../../src/kernels/compile.ts'
import type { Compiled } from '../../src/kernels/program.ts'
import { evaluate } from '../evaluator.ts'
import type { Random } from '../random.ts'
import { runProgram } from './runner.ts'

/** What a program is run on: inputs by name, in the order of their layouts. */
export interface Operands {
  readonly lengths: ReadonlyMap<string, number>
  readonly inputs: ReadonlyMap<string, Float64Array>
  readonly numbers: ReadonlyMap<string, number>
  readonly datatypes: ReadonlyMap<string, string>
}

/** Random values for all inputs below the outputs: normal ones, flags, classes below C. */
export function randomOperands (
  outputs: readonly Output[], lengths: ReadonlyMap<string, number>,
  numbers: ReadonlyMap<string, number>, random: Random
): Operands {
  const inputs = new Map<string, Float64Array>()
  const datatypes = new Map<string, string>()
  const bound = Math.min(lengths.get('C') ?? 3, 100)
  for (const node of reach(outputs.map(output => output.node))) {
    if (node.op !== 'input') continue
    datatypes.set(node.name, node.datatype)
    inputs.set(node.name, Float64Array.from({ length: count(node.layout, lengths) }, () => {
      if (node.datatype === 'real') return Math.fround(random.normal())
      return random.below(node.datatype === 'BOOL' ? 2 : bound)
    }))
  }
  return { lengths, inputs, numbers, datatypes }
}

/** What differs, one sentence each, the first element of each output only. */
export function differences (
  program: Compiled, outputs: readonly Output[], operands: Operands,
  rules: { readonly relative: number, readonly absolute: number, readonly random: Random }
): string[] {
  const { lengths, random } = { ...operands, ...rules }
  const expected = evaluate(outputs.map(({ node, layout }) => ({ node, axes: layout })), operands)
  const sizes = outputs.map(({ name, layout }) => [name, count(layout, lengths)] as const)
  const run = { ...operands, outputs: new Map(sizes) }
  const actual = runProgram(program, run)
  const shuffled = runProgram(program, { ...run, order: chunks => random.shuffle(chunks) })
  return outputs.flatMap(({ name }, index) => {
    const [values, others] = [actual.get(name) ?? [], shuffled.get(name) ?? []]
    const place = values.findIndex((value, at) => !Object.is(value, others[at]))
    const wrong = farOff(values, expected[index] ?? new Float64Array(), rules)
    return [
      ...(wrong === null ? [] : [`${name} ${wrong}`]),
      ...(place < 0 ? [] : [`${name} has other bits at ${place} in another order of chunks`])
    ]
  })
}

function farOff (
  actual: readonly number[], expected: Float64Array,
  { relative, absolute }: { readonly relative: number, readonly absolute: number }
): string | null {
  if (actual.length !== expected.length) {
    return `has ${actual.length} values instead of ${expected.length}`
  }
  const place = actual.findIndex((value, at) => {
    const wanted = expected[at] ?? Number.NaN
    if (value === wanted || (Number.isNaN(value) && Number.isNaN(wanted))) return false
    return !(Math.abs(value - wanted) <= absolute + relative * Math.abs(wanted))
  })
  return place < 0 ? null : `at ${place} is ${actual[place]} instead of ${expected[place]}`
}

/** Elements of a value with these axes. */
export function count (layout: readonly string[], lengths: ReadonlyMap<string, number>): number {
  return layout.reduce((product, axis) => product * (lengths.get(originalAxis(axis)) ?? NaN), 1)
}
