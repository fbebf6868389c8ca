// What a request for a sum of losses comes to: the lengths and numbers that its program needs, the
// shapes of what it gives, and for each term what the results mean.

import type { Binding } from '../formulas/bind.ts'
import type { Definition } from '../formulas/definition.ts'
import type { Axis } from '../formulas/graph.ts'
import { lengthsOf, type SharedAxis } from '../formulas/join.ts'
import { LossdError } from '../errors.ts'
import type { ConditionTexts } from './loss-compile.ts'
import type { LossCall } from './loss-program.ts'
import type { Compiled } from './program.ts'
import type { CompiledSum } from './sum-compile.ts'
import { numberName, type SumTerm } from './sum-term.ts'

/** A term as if it were asked for alone. */
export interface TermCall extends LossCall {
  /** Whose tensor an argument is: what has the same id is the same in all terms. */
  readonly ids: ReadonlyMap<string, string>
}

export interface SumPlan {
  readonly program: Compiled
  readonly lengths: ReadonlyMap<Axis, number>
  /** All but the scales of the terms. */
  readonly numbers: ReadonlyMap<string, number>
  /** The shape of the sum and of each term. */
  readonly shape: readonly number[]
  readonly terms: readonly PlannedTerm[]
  /** True if no term has values: slopes are 0. */
  readonly isEmpty: boolean
}

export interface PlannedTerm extends ConditionTexts {
  readonly definition: Definition
  readonly binding: Binding
  readonly ids: ReadonlyMap<string, string>
}

/** @throws SHAPE_MISMATCH of terms, grad_output and vectors. */
export function sumPlan (
  terms: readonly SumTerm[], axes: readonly SharedAxis[], meanings: CompiledSum['terms'],
  calls: readonly LossCall[]
): Omit<SumPlan, 'program'> {
  const shapes = terms.map(({ binding }, index) =>
    (meanings[index]?.lossAxes ?? []).flatMap(axis => lengthsOf(binding, axis)))
  const [shape = []] = shapes
  for (const [index, { binding }] of terms.entries()) {
    refuseOther(shapes[index] ?? [], shape, index)
    const call = calls[index]
    if (call !== undefined) refuseShapes(call, binding, shape)
  }
  const lengths = new Map(axes.map(({ axis, term, of, start, count }) => {
    const { binding } = terms[term] as SumTerm
    const own = lengthsOf(binding, of).slice(start, start + count)
    return [axis, own.reduce((a, b) => a * b, 1)]
  }))
  const numbers = new Map(terms.flatMap(({ binding }, index) =>
    [...binding.numbers].map(([name, value]) => [numberName(index, name), value] as const)))
  const planned = terms.map(({ definition, binding, ids }, index): PlannedTerm => {
    const { checks, warnings, known } = meanings[index] as CompiledSum['terms'][number]
    return { definition, binding, ids, checks, warnings, known }
  })
  const isEmpty = terms.every(({ binding }, index) =>
    meanings[index]?.valueAxes.some(axis => binding.axes.get(axis) === 0) === true)
  return { lengths, numbers, shape, terms: planned, isEmpty }
}

/** Which lengths are 1: where tensors broadcast depends on them. */
export function onesOf ({ tensors, shapes }: Binding): string {
  const ones = (lengths: readonly number[]): string =>
    lengths.map(length => length === 1 ? '1' : 'n').join('')
  return [...tensors.values()].map(({ shape }) => ones(shape))
    .concat([...shapes.values()].map(ones)).join()
}

/** Throws SHAPE_MISMATCH if grad_output or a vector has not the shape it needs. */
export function refuseShapes (
  { gradOutput, vectors = {} }: LossCall, { tensors }: Binding, shape: readonly number[]
): void {
  for (const [name, { shape }] of Object.entries(vectors)) {
    const own = tensors.get(name)?.shape ?? []
    if (shape.join() === own.join()) continue
    throw new LossdError('SHAPE_MISMATCH', `The vector for ${name} has shape [${shape.join()}]; `
      + `it needs the shape of ${name}, [${own.join()}]`, { pointer: `/hessian_vector/${name}` })
  }
  if (gradOutput === undefined || gradOutput.shape.join() === shape.join()) return
  throw new LossdError('SHAPE_MISMATCH', `grad_output has shape [${gradOutput.shape.join()}]; `
    + `it needs the shape of the loss, [${shape.join()}]`, { pointer: '/grad_output' })
}

function refuseOther (shape: readonly number[], first: readonly number[], index: number): void {
  if (shape.join() === first.join()) return
  throw new LossdError('SHAPE_MISMATCH', `The loss of term ${index} has shape [${shape.join()}], ` +
    `that of term 0 [${first.join()}]; terms are added, so they need one shape`,
    { pointer: `/terms/${index}` })
}
