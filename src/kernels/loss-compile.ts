// Compiling a loss, whole: from a definition bound to shapes and options to code and its meaning.
// Data on both sides, so that another thread can do it: no node of the graph is in the result.

import type { Binding } from '../formulas/bind.ts'
import type { Advice, Refusal } from '../formulas/checks.ts'
import type { Definition } from '../formulas/definition.ts'
import type { Work } from './apart.ts'
import { textOf } from './assemble.ts'
import { compileCode, withinLimits } from './compile.ts'
import { type Conditions, type LossGraph, lossGraph, type LossWishes } from './loss-graph.ts'
import type { Code } from './program.ts'
import type { Precision } from './text.ts'

export interface LossRecipe {
  readonly definition: Definition
  readonly binding: Binding
  readonly wishes: LossWishes
  readonly precision: Precision
  /** True if multiplications and additions may be fused; float32 only. */
  readonly relaxed: boolean
}

/** What conditions say, by the name of the output that is not 0 where they hold. */
export interface ConditionTexts {
  readonly checks: ReadonlyMap<string, Refusal>
  readonly warnings: ReadonlyMap<string, Advice>
  /** Warnings that hold whatever the values are. */
  readonly known: readonly Advice[]
}

/** What the results of a program mean. */
export interface LossMeaning
  extends Pick<LossGraph, 'lossAxes' | 'valueAxes' | 'hasDenominator'>, ConditionTexts {}

export interface CompiledLoss extends LossMeaning {
  readonly code: Code
}

/** @throws GRADIENT_UNKNOWN, SECOND_ORDER_UNKNOWN, VALUE_REFUSED, FORMULA_TOO_LARGE. */
export const lossWork: Work<LossRecipe, CompiledLoss> = {
  module: import.meta.url,
  name: 'lossWork',
  weigh: ({ definition: { text } }) => text.length,
  run: recipe => withinLimits(() => {
    const { definition, binding, wishes, precision, relaxed } = recipe
    const { graph, outputs, ...meaning } = lossGraph(definition, binding, wishes)
    const { code } = compileCode({ graph, outputs, precision, relaxed })
    return {
      code,
      lossAxes: meaning.lossAxes,
      valueAxes: meaning.valueAxes,
      hasDenominator: meaning.hasDenominator,
      ...textsOf(meaning)
    }
  })
}

/** The module as a text, in WAT. */
export const lossTextWork: Work<LossRecipe, string> = {
  module: import.meta.url,
  name: 'lossTextWork',
  weigh: ({ definition: { text } }) => text.length,
  run: recipe => withinLimits(() => {
    const { definition, binding, wishes, precision, relaxed } = recipe
    const { graph, outputs } = lossGraph(definition, binding, wishes)
    return textOf(compileCode({ graph, outputs, precision, relaxed }).bytes)
  })
}

/** Conditions without their nodes: a node would keep its whole graph. */
export function textsOf ({ checks, warnings, known }: Conditions): ConditionTexts {
  return {
    checks: withoutNodes(checks),
    warnings: withoutNodes(warnings),
    known: known.map(withoutNode)
  }
}

function withoutNodes<Condition extends { readonly node: unknown }> (
  conditions: ReadonlyMap<string, Condition>
): ReadonlyMap<string, Omit<Condition, 'node'>> {
  return new Map([...conditions].map(([name, each]) => [name, withoutNode(each)]))
}

function withoutNode<Condition extends { readonly node: unknown }> (
  { node: _, ...condition }: Condition
): Omit<Condition, 'node'> {
  return condition
}
