// A bound loss as a graph: value, reduction, gradients, and beside them the conditions that refuse
// a request or warn. It goes through the compiler whole, so that all of them share the same loops.

import type { Binding } from '../formulas/bind.ts'
import { anywhere, type Check, type Warning } from '../formulas/checks.ts'
import type { Definition } from '../formulas/definition.ts'
import { gradient } from '../formulas/gradient.ts'
import { type Axis, Graph, type Node } from '../formulas/graph.ts'
import { hessianDiagonal, hessianVectors } from '../formulas/second-order.ts'
import { reduced, trace, type Traced } from '../formulas/trace.ts'
import { LossdError } from '../errors.ts'
import type { Output } from './schedule.ts'

/** What the values of a request must satisfy, and what is said of them. */
export interface Conditions {
  /** Conditions by the name of the output that is not 0 where they hold. */
  readonly checks: ReadonlyMap<string, Check>
  readonly warnings: ReadonlyMap<string, Warning>
  /** Warnings that hold whatever the values are. */
  readonly known: readonly Warning[]
}

export interface LossGraph extends Conditions {
  readonly graph: Graph
  /** `loss`, `gradient x`, `hessian x`, `hessian_vector x` …, `denominator`, each condition. */
  readonly outputs: readonly Output[]
  /** The axes of the loss: none when it is reduced. */
  readonly lossAxes: readonly Axis[]
  /** The axes of its values before they are reduced. */
  readonly valueAxes: readonly Axis[]
  readonly hasDenominator: boolean
}

/** What is wanted of a loss beside its value. */
export interface LossWishes {
  readonly gradients: readonly string[]
  /** True if the upstream gradient is given: an input `grad_output` of the loss's shape. */
  readonly hasGradOutput: boolean
  /** Arguments by which the diagonal of the Hessian is wanted. */
  readonly hessians: readonly string[]
  /** Arguments for which a vector is given, an input `vector x`, to multiply the Hessian by. */
  readonly vectors: readonly string[]
}

/** @throws GRADIENT_UNKNOWN, SECOND_ORDER_UNKNOWN, and what trace throws. */
export function lossGraph (
  definition: Definition, binding: Binding, wishes: LossWishes
): LossGraph {
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const reduction = String(binding.known.get('reduction'))
  const { loss, denominator } = reduced(graph, traced, reduction)
  const lossAxes = reduction === 'none' ? traced.valueAxes : []
  const outputs: Output[] = [{ name: 'loss', node: loss, layout: lossAxes }]
  const seed = wishes.hasGradOutput
    ? graph.input('grad_output', lossAxes, 'real')
    : graph.constant(1)
  const by = wishes.gradients.map((name, index) => inputOf(traced, name, `/gradients/${index}`))
  for (const [index, node] of gradient(graph, loss, seed, by).entries()) {
    const { name, layout } = by[index] as Node
    outputs.push({ name: `gradient ${name}`, node, layout })
  }
  outputs.push(...secondOrder(graph, loss, seed, {
    hessians: wishes.hessians.map(name => inputOf(traced, name, '/second_order')),
    vectors: wishes.vectors.map(name => inputOf(traced, name, `/hessian_vector/${name}`))
  }))
  const hasDenominator = denominator !== null
  if (hasDenominator) outputs.push({ name: 'denominator', node: denominator, layout: [] })
  const conditions = conditionsOf(graph, outputs, traced)
  const { valueAxes } = traced
  return { graph, outputs, lossAxes, valueAxes, hasDenominator, ...conditions }
}

/** The conditions of a loss, whose outputs are added. */
export function conditionsOf (
  graph: Graph, outputs: Output[], traced: Pick<Traced, 'checks' | 'warnings'>
): Conditions {
  const checks = new Map<string, Check>()
  const warnings = new Map<string, Warning>()
  const known: Warning[] = []
  for (const check of traced.checks) checks.set(addCondition(graph, outputs, check.node), check)
  for (const warning of traced.warnings) {
    if (warning.node === null) known.push(warning)
    else warnings.set(addCondition(graph, outputs, warning.node), warning)
  }
  return { checks, warnings, known }
}

/** Throws SECOND_ORDER_UNKNOWN. */
export function secondOrder (graph: Graph, loss: Node, seed: Node, { hessians, vectors }: {
  readonly hessians: readonly Node[]
  readonly vectors: readonly Node[]
}): Output[] {
  const outputs = hessians.map(x => {
    const node = hessianDiagonal(graph, loss, seed, x)
    if (node === null) {
      throw new LossdError('SECOND_ORDER_UNKNOWN', `The elements of ${x.name} are tied together `
        + 'along more than one axis: the diagonal of the Hessian is known where they are tied '
        + 'along one, or not at all. Ask for hessian_vector instead', { pointer: '/second_order' })
    }
    return { name: `hessian ${x.name}`, node, layout: x.layout }
  })
  const given = vectors.map(({ name, layout }) => graph.input(`vector ${name}`, layout, 'real'))
  for (const [index, node] of hessianVectors(graph, loss, seed, vectors, given).entries()) {
    const { name, layout } = vectors[index] as Node
    outputs.push({ name: `hessian_vector ${name}`, node, layout })
  }
  return outputs
}

function addCondition (graph: Graph, outputs: Output[], node: Node): string {
  const name = `condition ${outputs.length}`
  outputs.push({ name, node: anywhere(graph, node), layout: [] })
  return name
}

/** An argument that has a gradient. Throws GRADIENT_UNKNOWN. */
export function inputOf (traced: Traced, name: string, pointer: string): Node {
  const sentence = traced.frozen.get(name)
  const node = traced.inputs.get(name)
  if (node !== undefined && sentence === undefined) return node
  throw new LossdError('GRADIENT_UNKNOWN', sentence ?? `${name} has no gradient: it is not given`,
    { pointer })
}
