// A session's loss: a row of the table with its options, and its formula as the continuation of
// what the model gives. The model's output is the loss's first tensor; the others come with each
// step, and those that are arguments of PyTorch's constructor (class weights) stand beside the
// loss's type.

import type { Json } from '../codec/json-reader.ts'
import { type JsonTensor, readTensor } from '../codec/json-tensor.ts'
import { kindOf } from '../codec/kind-of.ts'
import { StagedTensor } from '../codec/staged.ts'
import { LossdError, nearest } from '../errors.ts'
import { type Binding, bind, type TensorShape } from '../formulas/bind.ts'
import type { Check, Warning } from '../formulas/checks.ts'
import { define } from '../formulas/define.ts'
import type { Definition, TensorArgument } from '../formulas/definition.ts'
import { type Axis, Graph, type Node } from '../formulas/graph.ts'
import { withMembers } from '../formulas/members.ts'
import { bindOptions, type OptionValue } from '../formulas/options.ts'
import { reduced, trace } from '../formulas/trace.ts'
import { findLoss, type Loss, lossNames } from '../losses/index.ts'
import { objectOf, type Plain } from './fields.ts'
import type { Ordered } from './model-graph.ts'
import { moved } from './moved.ts'
import { transplant } from './transplant.ts'

export interface Objective {
  readonly loss: Loss
  readonly definition: Definition
  /** All options, defaults filled in, reduction among them. */
  readonly options: ReadonlyMap<string, OptionValue>
  /** The argument that the model's output is. */
  readonly output: string
  /** The arguments that come with each step. */
  readonly given: readonly TensorArgument[]
  /** The tensors that stand beside the type, as the body gave them. */
  readonly constants: ReadonlyMap<string, JsonTensor>
}

/** A loss bound to the shapes of one step. */
export interface BoundObjective {
  readonly binding: Binding
  /** The model's axes for each of the binding's. */
  readonly axes: ReadonlyMap<Axis, readonly Axis[]>
  /** Axes of the model's output, of length 1, along which the loss broadcasts it. */
  readonly dropped: readonly Axis[]
  /** Lengths of the axes that only the loss has. */
  readonly lengths: ReadonlyMap<Axis, number>
  readonly key: string
}

export interface TracedObjective {
  readonly loss: Node
  readonly checks: readonly Check[]
  readonly warnings: readonly Warning[]
}

/** A loss by its name. */
export type FindLoss = (name: string) => Loss | undefined

/** A loss from its JSON, `{type, …options}`. Throws FIELD_INVALID, rows of options and tensors. */
export function readObjective (
  value: Json | undefined, pointer: string, findOther: FindLoss = () => undefined
): Objective {
  const object = objectOf(value, pointer)
  const { type } = object
  const loss = typeof type === 'string' ? findLoss(type) ?? findOther(type) : undefined
  if (loss === undefined) throw unknownLoss(type, `${pointer}/type`)
  const fixed = loss.tensorOptions ?? []
  const constants = new Map<string, JsonTensor>()
  const given: Record<string, Json> = {}
  for (const key in object) {
    const value = object[key] ?? null
    if (fixed.includes(key)) constants.set(key, readTensor(value, `${pointer}/${key}`))
    else if (key !== 'type') given[key] = value
  }
  const definition = definitionOf(loss, given)
  const { known, numbers } = moved(pointer, [], () => bindOptions(definition, given))
  const options = new Map([...known, ...numbers])
  if (options.get('reduction') === 'none') {
    throw new LossdError('OPTION_INVALID',
      'reduction must be mean or sum, since a step descends one number; got none',
      { pointer: `${pointer}/reduction` })
  }
  return { loss, definition, options, constants, ...tensorsOf(loss, definition) }
}

/** The objective of a step that gives tensors of these names: its families have as many members. */
export function objectiveFor (objective: Objective, names: Iterable<string>): Objective {
  const definition = withMembers(objective.definition, names)
  return definition === objective.definition
    ? objective
    : { ...objective, definition, ...tensorsOf(objective.loss, definition) }
}

function tensorsOf (
  { tensorOptions = [] }: Loss, { tensors: [output, ...others] }: Definition
): Pick<Objective, 'output' | 'given'> {
  const given = others.filter(({ name }) => !tensorOptions.includes(name))
  return { output: output?.name ?? '', given }
}

/** The loss as JSON, all options filled in. */
export function describeObjective ({ loss, options, constants }: Objective): Plain {
  const values = [...options].map(([name, value]) => [name, finite(value)])
  const tensors = [...constants].map(([name, tensor]) => [name, plainOf(tensor)])
  const type = loss.torch === '' ? loss.name : loss.torch
  return { type, ...Object.fromEntries(values), ...Object.fromEntries(tensors) }
}

/**
 * Binds the loss to the shapes of a step; `outputs` are the model's axes with their lengths.
 * Throws SHAPE_MISMATCH, ARGUMENT_MISSING, with pointers into the step or the session's loss.
 */
export function bindObjective (
  objective: Objective, outputs: readonly (readonly [Axis, number])[],
  tensors: Readonly<Record<string, TensorShape>>
): BoundObjective {
  const { definition, output, constants } = objective
  const shape = outputs.map(([, length]) => length)
  const shapes = { ...tensors, [output]: { shape, kind: 'real' } as const }
  const options = Object.fromEntries(objective.options)
  const binding = moved(
    '/loss', [...constants.keys()], () => bind(definition, shapes, options), output
  )
  const axes = new Map<Axis, Axis[]>()
  const dropped: Axis[] = []
  const waiting = [...outputs]
  for (const axis of binding.layouts.get(output) ?? []) {
    const own: Axis[] = []
    for (const length of binding.shapes.get(axis) ?? []) {
      let next = waiting.shift()
      // What is missing from the layout has length 1 and is broadcast.
      for (; next !== undefined && next[1] !== length; next = waiting.shift()) dropped.push(next[0])
      if (next !== undefined) own.push(next[0])
    }
    axes.set(axis, own)
  }
  dropped.push(...waiting.map(([axis]) => axis))
  const lengths = new Map<Axis, number>()
  for (const [axis, length] of binding.axes) {
    if (axes.has(axis)) continue
    axes.set(axis, [`loss ${axis}`])
    lengths.set(`loss ${axis}`, length)
  }
  const places = [...axes].map(([axis, own]) => `${axis}=${own.join('+')}`)
  return {
    binding, axes, dropped, lengths,
    // A kept formula's name may come to stand for another text.
    key: [
      objective.loss.name, definition.text, binding.key, places.join(), dropped.join()
    ].join(' | ')
  }
}

/**
 * Traces the reduced loss of an output. Its tensors become inputs of the graph, its numbers
 * parameters, named `loss.target` and so on. Throws VALUE_REFUSED, OPTION_INVALID.
 */
export function traceObjective (
  { definition, output, options }: Objective, { binding, axes, dropped }: BoundObjective,
  graph: Graph, outputs: Ordered
): TracedObjective {
  const own = new Graph([])
  const traced = moved('/loss', [], () => trace(definition, binding, own))
  const { loss } = reduced(own, traced, String(options.get('reduction')))
  const conditions = [...traced.checks, ...traced.warnings].map(({ node }) => node ?? loss)
  const [planted = loss, ...nodes] = transplant([loss, ...conditions], {
    graph,
    axes,
    input: ({ name, layout, datatype }) => {
      if (name === output) return graph.reduce('sum', outputs.node, dropped)
      const own = layout.flatMap(axis => axes.get(axis) ?? [])
      return graph.input(`loss.${name}`, own, datatype || 'real')
    },
    parameter: ({ name }) => graph.parameter(`loss.${name}`)
  })
  const planting = <T extends Check | Warning>(condition: T, index: number): T =>
    (condition.node === null ? condition : { ...condition, node: nodes[index] ?? condition.node })
  return {
    loss: planted,
    checks: traced.checks.map(planting),
    warnings: traced.warnings.map((warning, index) =>
      planting(warning, traced.checks.length + index))
  }
}

/** The pointer to an argument of a step, or of the session's loss. */
export function pointerTo ({ constants }: Objective, argument: string): string {
  return `${constants.has(argument) ? '/loss' : ''}/${argument}`
}

function unknownLoss (type: Json | undefined, pointer: string): LossdError {
  const near = typeof type === 'string' ? nearest(type, lossNames) : []
  const expected = near.length > 0 ? `a loss; nearest: ${near.join(', ')}` : 'the name of a loss'
  return new LossdError('FIELD_INVALID',
    `loss.type must be ${expected}; got ${kindOf(type)}`, { pointer })
}

function finite (value: OptionValue): OptionValue {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

// A tensor of the body as nested arrays.
function plainOf ({ source, shape }: JsonTensor): Plain {
  if (typeof source === 'number') return finite(source)
  if (source instanceof StagedTensor) throw new Error('a session is described in JSON')
  let list: Plain[] = Array.from(source.values, finite)
  for (const length of shape.slice(1).toReversed()) {
    const rows = list
    list = Array.from({ length: rows.length / length },
      (_, row) => rows.slice(row * length, (row + 1) * length))
  }
  return list
}

const definitions = new WeakMap<Loss, Definition>()

// In a kept text without declarations the options that are given decide which names are options.
function definitionOf (loss: Loss, options: Readonly<Record<string, Json>>): Definition {
  const known = definitions.get(loss)
  if (known !== undefined) return known
  const definition = define(loss.formula, { rules: loss, options })
  if (definition.declared) definitions.set(loss, definition)
  return definition
}
