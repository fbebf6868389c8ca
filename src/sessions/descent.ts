// A session's optimizer: a row of the table with its options, and its formula as a part of a graph.

import type { Json, JsonObject } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError, nearest } from '../errors.ts'
import { define } from '../formulas/define.ts'
import type { Definition } from '../formulas/definition.ts'
import { type Axis, Graph, type Node } from '../formulas/graph.ts'
import { bindOptions, type OptionValue } from '../formulas/options.ts'
import { traceStatements } from '../formulas/trace.ts'
import { Tracer } from '../formulas/tracer.ts'
import type { Value } from '../formulas/values.ts'
import { type Optimizer, optimizers } from '../optimizers/index.ts'
import { objectOf, type Plain } from './fields.ts'
import { moved } from './moved.ts'

export type Options = Readonly<Record<string, OptionValue>>

export interface Descent {
  readonly optimizer: Optimizer
  readonly definition: Definition
  readonly options: Options
  /** The states that its formula keeps for each parameter under these options. */
  readonly states: readonly string[]
  /** What the code of its program depends on. */
  readonly structure: string
}

/** What a step makes of one parameter. */
export interface Descended {
  readonly parameter: Node
  readonly states: ReadonlyMap<string, Node>
}

/** An optimizer from its JSON: `{type, lr, …}`. Throws FIELD_INVALID and rows of options. */
export function readDescent (value: Json | undefined, pointer: string): Descent {
  const object = objectOf(value, pointer)
  const optimizer = optimizers.find(({ type }) => type === object.type)
  if (optimizer === undefined) {
    const types = optimizers.map(({ type }) => type)
    const near = typeof object.type === 'string' ? nearest(object.type, types) : []
    const expected = (near.length > 0 ? near : types).join(', ')
    throw new LossdError('FIELD_INVALID',
      `optimizer.type must be one of ${expected}; got ${kindOf(object.type)}`,
      { pointer: `${pointer}/type` })
  }
  const definition = definitionOf(optimizer)
  const options = readOptions(optimizer, definition, object, pointer)
  refuse(definition, options, pointer)
  const numbers = numberNames(definition, options)
  const flags = definition.options.flatMap(
    ({ name, type }) => (type === 'boolean' ? [`${name}=${options[name]}`] : [])
  )
  const states = statesOf(definition, options)
  return {
    optimizer, definition, options, states,
    structure: [optimizer.type, ...numbers, ...flags].join()
  }
}

export function describeDescent ({ optimizer, options }: Descent): Plain {
  return { type: optimizer.type, ...options }
}

/** The numbers of the optimizer that are arguments of a kernel, without `step`. */
export function descentNumbers ({ definition, options }: Descent): readonly string[] {
  return numberNames(definition, options)
}

/**
 * Traces one update. `state` gives the node of a state tensor; parameters of the graph are named
 * `optimizer.lr`, `optimizer.step` and so on.
 */
export function traceDescent (
  { definition, options }: Pick<Descent, 'definition' | 'options'>, graph: Graph,
  parameter: Node, gradient: Node, state: (name: string) => Node
): Descended {
  const names = new Map<string, Value | number | boolean | string>(Object.entries(options))
  for (const name of ['step', ...numberNames(definition, options)]) {
    names.set(name, graph.parameter(`optimizer.${name}`))
  }
  names.set('parameter', parameter).set('gradient', gradient)
  const olds = new Map<string, Node>()
  for (const { name, state: kept } of definition.tensors) {
    if (kept && name !== 'parameter') olds.set(name, state(name))
  }
  for (const [name, node] of olds) names.set(name, node)
  const { states } = traceStatements(definition, { names }, graph)
  const kept = [...states].filter(([name, node]) => name !== 'parameter' && node !== olds.get(name))
  return { parameter: states.get('parameter') ?? parameter, states: new Map(kept) }
}

// All options in the order of the declarations, `step` left out: it is the session's own.
function readOptions (
  { type }: Optimizer, definition: Definition, object: JsonObject, pointer: string
): Options {
  for (const name of ['step', 'reduction']) {
    if (!(name in object)) continue
    throw new LossdError('OPTION_UNKNOWN', `${type} has no option ${name}`,
      { pointer: `${pointer}/${name}` })
  }
  const { type: _, ...given } = object
  const { known, numbers } = moved(pointer, [],
    () => bindOptions(definition, { ...given, step: 1 }))
  const options: Record<string, OptionValue> = {}
  for (const { name } of definition.options) {
    const value = known.get(name) ?? numbers.get(name)
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new LossdError('OPTION_INVALID',
        `The option ${name} must be a finite number; got ${value}`,
        { pointer: `${pointer}/${name}` })
    }
    if (name !== 'step' && value !== undefined) options[name] = value
  }
  return options
}

// lr changes from step to step and is always an argument; other numbers fold at their defaults.
function numberNames (definition: Definition, options: Options): string[] {
  return definition.options
    .filter(({ name, type }) => (type === 'number' || type === 'integer') && name !== 'step')
    .filter(({ name, default: fallback }) => name === 'lr' || options[name] !== fallback)
    .map(({ name }) => name)
}

function statesOf (definition: Definition, options: Options): string[] {
  const axis: Axis = 'P'
  const graph = new Graph([axis])
  const input = (name: string): Node => graph.input(name, [axis], 'real')
  const traced = traceDescent(
    { definition, options }, graph, input('parameter'), input('gradient'), input
  )
  return [...traced.states.keys()]
}

function refuse (definition: Definition, options: Options, pointer: string): void {
  const graph = new Graph([])
  const names = new Map<string, Value>()
  for (const [name, value] of Object.entries(options)) {
    names.set(
      name, typeof value === 'string' ? { kind: 'text', text: value } : graph.constant(value)
    )
  }
  const tracer = new Tracer(graph)
  for (const { condition, argument, sentence } of definition.refuse) {
    const node = tracer.yesNo(
      tracer.evaluate(condition, { names, outer: null }), condition.position
    )
    if (node.op === 'constant' && node.value === 1) {
      throw new LossdError('OPTION_INVALID', sentence, { pointer: `${pointer}/${argument}` })
    }
  }
}

const definitions = new Map<Optimizer, Definition>()

function definitionOf (optimizer: Optimizer): Definition {
  const known = definitions.get(optimizer)
  if (known !== undefined) return known
  const definition = define(optimizer.formula, { rules: { refuse: optimizer.refuse } })
  definitions.set(optimizer, definition)
  return definition
}
