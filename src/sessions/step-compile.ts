// Compiling a step, whole: from a recipe bound to shapes to code and what its results mean. Data on
// both sides, so that another thread can do it.

import type { Advice, Refusal } from '../formulas/checks.ts'
import type { Work } from '../kernels/apart.ts'
import { compileCode, withinLimits } from '../kernels/compile.ts'
import type { Code } from '../kernels/program.ts'
import type { BoundObjective } from './objective.ts'
import { type Recipe, traceStep, type Wanted } from './step-graph.ts'

export interface StepRecipe {
  readonly recipe: Recipe
  /** Dimensions of the input. */
  readonly rank: number
  readonly bound: BoundObjective
  readonly wanted: ReadonlySet<Wanted>
  readonly precision: 'f32' | 'f64'
  /** True if multiplications and additions may be fused. */
  readonly relaxed: boolean
}

/** What the results of a step's program mean. */
export interface StepMeaning {
  /** Names of the results, as the graph gives them. */
  readonly outputs: readonly string[]
  /** The output `check n` is 1 if the nth check fails anywhere. */
  readonly checks: readonly Refusal[]
  /** `warning n` likewise, unless it holds always. */
  readonly warnings: readonly (Advice & { readonly always: boolean })[]
}

export interface CompiledStep extends StepMeaning {
  readonly code: Code
}

/** Throws VALUE_REFUSED, OPTION_INVALID, FORMULA_TOO_LARGE. */
export const stepWork: Work<StepRecipe, CompiledStep> = {
  module: import.meta.url,
  name: 'stepWork',
  weigh: ({ recipe: { objective } }) => objective.definition.text.length,
  run: ({ recipe, rank, bound, wanted, precision, relaxed }) => withinLimits(() => {
    const { graph, outputs, checks, warnings } = traceStep(recipe, rank, bound, wanted)
    return {
      code: compileCode({ graph, outputs, precision, relaxed }).code,
      outputs: outputs.map(({ name }) => name),
      checks: checks.map(({ node: _, ...check }) => check),
      warnings: warnings.map(({ node, ...warning }) => ({ ...warning, always: node === null }))
    }
  })
}

/** A recipe without the numbers of its loss's tensors: code does not depend on them. */
export function withoutNumbers ({ objective, ...recipe }: Recipe): Recipe {
  return { ...recipe, objective: { ...objective, constants: new Map() } }
}
