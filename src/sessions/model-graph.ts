// A model as a part of a graph: layers traced one after the other, where the output axis of one is
// the input axis of the next.

import { define } from '../formulas/define.ts'
import type { Definition } from '../formulas/definition.ts'
import type { Axis, Graph, Node } from '../formulas/graph.ts'
import { traceStatements } from '../formulas/trace.ts'
import type { Value } from '../formulas/values.ts'
import type { Layer } from '../layers/index.ts'
import { type Block, type Model, parametersOf, tensorName } from './model.ts'

/** A value and its axes in memory order. */
export interface Ordered {
  readonly node: Node
  readonly axes: readonly Axis[]
}

/** The axes of an input of some rank: the last is the one that layers change. */
export function inputAxes (rank: number): readonly Axis[] {
  const name = (index: number): Axis => (index === rank - 1 ? 'features' : `batch${index}`)
  return Array.from({ length: rank }, (_, index) => name(index))
}

/** The axes of the model's output for the axes of its input, and their lengths' options. */
export function outputAxes (model: Model, axes: readonly Axis[]): readonly Axis[] {
  return model.blocks.reduce((current, block) => axesAfter(block, current), axes)
}

/** The lengths of all axes of a model for an input of this shape. */
export function modelLengths (model: Model, shape: readonly number[]): Map<Axis, number> {
  const lengths = new Map(inputAxes(shape.length).map((axis, index) => [axis, shape[index] ?? 0]))
  for (const { index, layer, options } of model.blocks) {
    if (layer.features === undefined) continue
    lengths.set(featuresOf(index), Number(options[layer.lengths[layer.features.output] ?? '']))
  }
  return lengths
}

export interface TracedModel {
  readonly outputs: Ordered
  /** The inputs of the graph that are the model's tensors, by their state_dict names. */
  readonly parameters: ReadonlyMap<string, Node>
}

/** Traces all layers. */
export function traceModel (model: Model, graph: Graph, input: Ordered): TracedModel {
  const parameters = new Map<string, Node>()
  const outputs = model.blocks.reduce(
    (current, block) => traceBlock(block, graph, current, parameters), input
  )
  return { outputs, parameters }
}

function traceBlock (
  block: Block, graph: Graph, { node, axes }: Ordered, parameters: Map<string, Node>
): Ordered {
  const { layer, options } = block
  const after = axesAfter(block, axes)
  const letters = new Map<string, Axis>()
  if (layer.features !== undefined) {
    letters.set(layer.features.input, axes.at(-1) ?? '')
    letters.set(layer.features.output, after.at(-1) ?? '')
  }
  const names = new Map<string, Value | number | boolean>(Object.entries(options))
  for (const [letter, axis] of letters) {
    graph.addAxis(axis)
    names.set(letter, { kind: 'axis', axes: [axis] })
  }
  for (const { name } of layer.parameters) names.delete(name)
  names.set('input', node)
  for (const { name, axes } of parametersOf(block)) {
    const layout = axes.map(letter => letters.get(letter) ?? letter)
    const parameter = graph.input(tensorName(block, name), layout, 'real')
    names.set(name, parameter)
    parameters.set(parameter.name, parameter)
  }
  return { node: traceStatements(definitionOf(layer), { names }, graph).value, axes: after }
}

function axesAfter ({ index, layer }: Block, axes: readonly Axis[]): readonly Axis[] {
  return layer.features === undefined ? axes : [...axes.slice(0, -1), featuresOf(index)]
}

function featuresOf (index: number): Axis { return `features${index}` }

const definitions = new Map<Layer, Definition>()

function definitionOf (layer: Layer): Definition {
  const known = definitions.get(layer)
  if (known !== undefined) return known
  const definition = define(layer.formula)
  definitions.set(layer, definition)
  return definition
}
