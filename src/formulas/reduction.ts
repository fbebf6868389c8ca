// A text may give `reduction` another value by its options: reduction = whole ? 'none' : reduction.
// It decides the shape of the loss, so it is settled when a request is bound.

import type { Definition } from './definition.ts'
import { fail } from './fault.ts'
import { Graph } from './graph.ts'
import type { OptionValue } from './options.ts'
import { Tracer } from './tracer.ts'
import type { Value } from './values.ts'

/** Sets `reduction` among the known options to what the text makes of it. */
export function settleReduction (definition: Definition, known: Map<string, OptionValue>): void {
  const statement = definition.statements.find(({ name }) => name === 'reduction')
  if (statement === undefined) return
  const { expression } = statement
  const graph = new Graph([])
  const names = new Map<string, Value>()
  for (const [name, value] of known) {
    names.set(name, typeof value === 'string'
      ? { kind: 'text', text: value }
      : graph.constant(value))
  }
  const value = new Tracer(graph).evaluate(expression, { names, outer: null })
  if (!('kind' in value) || value.kind !== 'text' || !reductions.includes(value.text)) {
    fail(expression.position, `reduction must be ${reductions.join(', ')}.`)
  }
  known.set('reduction', value.text)
}

const reductions: readonly string[] = ['none', 'mean', 'sum']
