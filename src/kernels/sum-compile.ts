// Compiling a sum of losses, whole: data on both sides, as for one loss.

import type { Work } from './apart.ts'
import { compileCode, withinLimits } from './compile.ts'
import { type ConditionTexts, textsOf } from './loss-compile.ts'
import type { Code } from './program.ts'
import { type SumGraph, sumGraph, type TermMeaning } from './sum-graph.ts'
import type { SumTerm } from './sum-term.ts'
import type { Precision } from './text.ts'

export interface SumRecipe {
  readonly terms: readonly SumTerm[]
  readonly precision: Precision
  /** True if multiplications and additions may be fused; float32 only. */
  readonly relaxed: boolean
}

export interface CompiledSum extends Pick<SumGraph, 'axes'> {
  readonly code: Code
  readonly terms: readonly (Pick<TermMeaning, 'lossAxes' | 'valueAxes'> & ConditionTexts)[]
}

/** @throws GRADIENT_UNKNOWN, SECOND_ORDER_UNKNOWN, VALUE_REFUSED, FORMULA_TOO_LARGE. */
export const sumWork: Work<SumRecipe, CompiledSum> = {
  module: import.meta.url,
  name: 'sumWork',
  weigh: ({ terms }) => terms.reduce((sum, { definition }) => sum + definition.text.length, 0),
  run: ({ terms, precision, relaxed }) => withinLimits(() => {
    const { graph, outputs, axes, terms: meanings } = sumGraph(terms)
    return {
      code: compileCode({ graph, outputs, precision, relaxed }).code,
      axes,
      terms: meanings.map(({ lossAxes, valueAxes, ...conditions }) =>
        ({ lossAxes, valueAxes, ...textsOf(conditions) }))
    }
  })
}
