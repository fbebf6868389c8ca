// A request for a loss, evaluated without a kernel: bound, traced, differentiated, and interpreted
// in float64. Tests of the language and of the table of losses hold it against PyTorch's numbers.

import { LossdError } from '../../src/errors.ts'
import { bind } from '../../src/formulas/bind.ts'
import { explain } from '../../src/formulas/checks.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph, type Node } from '../../src/formulas/graph.ts'
import { resolveKinds } from '../../src/formulas/kinds.ts'
import { reduced, trace } from '../../src/formulas/trace.ts'
import { evaluate } from '../evaluator.ts'

export interface Argument {
  readonly shape: readonly number[]
  /** null for plain numbers. */
  readonly datatype: string | null
  readonly data: readonly number[]
}

export interface Evaluation {
  readonly loss: readonly number[]
  readonly shape: readonly number[]
  readonly denominator: number | null
  /** By every real argument that has a gradient. */
  readonly gradients: ReadonlyMap<string, readonly number[]>
  /** Sentences of the gradients that are not given. */
  readonly frozen: ReadonlyMap<string, string>
  readonly warnings: readonly { readonly code: string, readonly message: string }[]
}

/** Throws what a request throws: errors of shapes and options, checks that fail. */
export function evaluateLoss (
  definition: Definition, tensors: Readonly<Record<string, Argument>>,
  options: Readonly<Record<string, unknown>>, floating = false
): Evaluation {
  const kinds = resolveKinds(definition, tensors, floating)
  const shapes = Object.fromEntries(Object.entries(tensors)
    .map(([name, { shape }]) => [name, { shape, kind: kinds[name] ?? 'real' }]))
  const binding = bind(definition, shapes, options)
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const data = {
    lengths: binding.axes,
    inputs: new Map(Object.entries(tensors).map(([name, tensor]) => [name, tensor.data])),
    numbers: binding.numbers
  }
  const run = (node: Node, axes = node.axes): number[] =>
    [...evaluate([{ node, axes }], data)[0] ?? []]
  const holds = (node: Node): boolean => run(node).includes(1)

  for (const check of traced.checks) {
    if (!holds(check.node)) continue
    const values = tensors[check.argument]?.data
    throw new LossdError(check.code, explain(definition, binding, check, values))
  }
  const reduction = String(binding.known.get('reduction'))
  const { loss, denominator } = reduced(graph, traced, reduction)
  const wanted = [...traced.inputs]
    .filter(([name]) => kinds[name] === 'real' && !traced.frozen.has(name))
  const slopes = gradient(graph, loss, graph.constant(1), wanted.map(([, node]) => node))
  const axes = reduction === 'none' ? traced.valueAxes : []
  // The slopes of a loss without values are 0, not 0 / 0.
  const isNothing = traced.valueAxes.some(axis => binding.axes.get(axis) === 0)
  const slopeOf = (name: string, index: number): number[] => {
    const values = run(slopes[index] ?? loss, binding.layouts.get(name))
    return isNothing ? values.map(() => 0) : values
  }
  return {
    loss: run(loss, axes),
    shape: axes.flatMap(axis => binding.shapes.get(axis) ?? []),
    denominator: denominator === null ? null : run(denominator)[0] ?? Number.NaN,
    gradients: new Map(wanted.map(([name], index) => [name, slopeOf(name, index)])),
    frozen: traced.frozen,
    warnings: traced.warnings
      .filter(({ node }) => node === null || holds(node))
      .map(warning => ({ code: warning.code, message: explain(definition, binding, warning) }))
  }
}
