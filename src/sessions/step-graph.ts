// One training step as one graph: the model, the loss of what it gives, the gradient by its
// parameters, and the optimizer's update of each. What depends on lengths or numbers stays outside,
// so that a plan's key names a program that serves all batch sizes and all sessions alike.

import type { TensorShape } from '../formulas/bind.ts'
import { gradient } from '../formulas/gradient.ts'
import { type Axis, Graph, type Node } from '../formulas/graph.ts'
import { anywhere, type Check, type Warning } from '../formulas/checks.ts'
import { type Descent, descentNumbers, traceDescent } from './descent.ts'
import type { Model } from './model.ts'
import { inputAxes, modelLengths, outputAxes, traceModel } from './model-graph.ts'
import { bindObjective, type BoundObjective, type Objective, traceObjective } from './objective.ts'

/** What a client may have beside the numbers. */
export type Wanted = 'outputs' | 'gradients' | 'grad_input'

export interface Recipe {
  readonly model: Model
  readonly objective: Objective
  readonly descent: Descent
}

/** A step for tensors of certain shapes. */
export interface StepPlan {
  /** What the program depends on; two plans of one key share it. */
  readonly key: string
  readonly bound: BoundObjective
  readonly lengths: ReadonlyMap<Axis, number>
  readonly outputShape: readonly number[]
  /** The numbers of the loss, as the graph names them. */
  readonly numbers: ReadonlyMap<string, number>
}

/** A named result of the graph: its node, and its axes in memory order. */
export interface StepOutput {
  readonly name: string
  readonly node: Node
  readonly layout: readonly Axis[]
}

export interface StepGraph {
  readonly graph: Graph
  /**
   * `loss`, `norm` (the sum of squared gradients), `next 0.weight`, `next velocity 0.weight`, …;
   * `lost` counts the numbers among the next ones that are not finite.
   */
  readonly outputs: readonly StepOutput[]
  /** The output `check n` is 1 if the nth check fails anywhere. */
  readonly checks: readonly Check[]
  /** `warning n` likewise; there is none where the nth warning has no node: it always holds. */
  readonly warnings: readonly Warning[]
}

/** Binds a recipe to shapes; `tensors` are the loss's but the first. Throws rows of 422. */
export function planStep (
  { model, objective, descent }: Recipe, shape: readonly number[],
  tensors: Readonly<Record<string, TensorShape>>, wanted: ReadonlySet<Wanted>
): StepPlan {
  const lengths = modelLengths(model, shape)
  const outputs = outputAxes(model, inputAxes(shape.length))
    .map(axis => [axis, lengths.get(axis) ?? 0] as const)
  const bound = bindObjective(objective, outputs, tensors)
  for (const [axis, length] of bound.lengths) lengths.set(axis, length)
  const numbers = new Map<string, number>()
  for (const [name, value] of bound.binding.numbers) numbers.set(`loss.${name}`, value)
  const results = [...wanted].sort().join()
  return {
    key: [model.structure, shape.length, bound.key, descent.structure, results].join(' | '),
    bound, lengths, outputShape: outputs.map(([, length]) => length), numbers
  }
}

/** The graph of a step for inputs of a rank. */
export function traceStep (
  recipe: Recipe, rank: number, bound: BoundObjective, wanted: ReadonlySet<Wanted>
): StepGraph {
  const { model, objective, descent } = recipe
  const axes = inputAxes(rank)
  const graph = new Graph(axes)
  const input = graph.input('input', axes, 'real')
  const { outputs, parameters } = traceModel(model, graph, { node: input, axes })
  const { loss, checks, warnings } = traceObjective(objective, bound, graph, outputs)
  const by = [...parameters.values(), ...(wanted.has('grad_input') ? [input] : [])]
  const gradients = gradient(graph, loss, graph.constant(1), by)
  const results: StepOutput[] = [{ name: 'loss', node: loss, layout: [] }]
  const add = (name: string, node: Node, layout: readonly Axis[]): void => {
    results.push({ name, node, layout })
  }
  const [one, zero] = [graph.constant(1), graph.constant(0)]
  const infinity = graph.constant(Infinity)
  let norm = zero
  let lost = zero
  const addNext = (name: string, node: Node, layout: readonly Axis[]): void => {
    add(`next ${name}`, node, layout)
    const isSound = graph.apply('lt', graph.apply('abs', node), infinity)
    const count = graph.reduce('sum', graph.apply('where', isSound, zero, one), layout)
    lost = graph.apply('add', lost, count)
  }
  for (const [index, { name, layout }] of by.entries()) {
    const slope = gradients[index] ?? graph.constant(0)
    if (name === 'input') {
      add('grad_input', slope, layout)
      continue
    }
    norm = graph.apply('add', norm, graph.reduce('sum', graph.apply('mul', slope, slope), layout))
    if (wanted.has('gradients')) add(`gradient ${name}`, slope, layout)
    const parameter = by[index] ?? slope
    const next = traceDescent(descent, graph, parameter, slope,
      state => graph.input(stateName(state, name), layout, 'real'))
    addNext(name, next.parameter, layout)
    for (const [state, node] of next.states) addNext(stateName(state, name), node, layout)
  }
  add('norm', norm, [])
  add('lost', lost, [])
  if (wanted.has('outputs')) add('outputs', outputs.node, outputs.axes)
  for (const [index, { node }] of checks.entries()) add(`check ${index}`, anywhere(graph, node), [])
  for (const [index, { node }] of warnings.entries()) {
    if (node !== null) add(`warning ${index}`, anywhere(graph, node), [])
  }
  return { graph, outputs: results, checks, warnings }
}

/** The graph's name of an optimizer's state for a parameter. */
export function stateName (state: string, parameter: string): string {
  return `${state} ${parameter}`
}

/** The optimizer's numbers of one step, as the graph names them. */
export function stepNumbers (descent: Descent, step: number, lr: number): Map<string, number> {
  const numbers = new Map<string, number>([['optimizer.step', step]])
  for (const name of descentNumbers(descent)) {
    numbers.set(`optimizer.${name}`, name === 'lr' ? lr : Number(descent.options[name]))
  }
  return numbers
}
