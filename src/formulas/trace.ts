// From a bound definition, or a text of the op table, to nodes of a graph.

import type { Binding, BoundTensor } from './bind.ts'
import { checksOf, type Check, type Warning, warningsOf, frozenOf } from './checks.ts'
import type { Definition } from './definition.ts'
import type { Axis, Graph, Node } from './graph.ts'
import { parse } from './parse.ts'
import type { Statement } from './syntax.ts'
import { Tracer } from './tracer.ts'
import { type AxisValue, type Environment, isNode, type Value } from './values.ts'

export interface Traced {
  readonly value: Node
  /** What a mean divides by, per element; null means 1. */
  readonly denominator: Node | null
  readonly inputs: ReadonlyMap<string, Node>
  /** New values of `state` arguments. */
  readonly states: ReadonlyMap<string, Node>
  /** Values by the names of their statements, as the derivative's text gives them back. */
  readonly statements: ReadonlyMap<string, Node>
  /** The axes of the value in the order of its shape. */
  readonly valueAxes: readonly Axis[]
  readonly checks: readonly Check[]
  readonly warnings: readonly Warning[]
  /** Why an argument has no gradient here, by its name. */
  readonly frozen: ReadonlyMap<string, string>
}

/** What arguments are in a graph that holds several formulas; in one of its own their names. */
export interface TracePlaces {
  readonly input: (name: string, tensor: BoundTensor) => Node
  readonly parameter: (name: string) => Node
}

/** The graph of a definition for one binding; the graph's axes are made here. */
export function trace (
  definition: Definition, binding: Binding, graph: Graph, places: TracePlaces = {
    input: (name, { layout, datatype }) => graph.input(name, layout, datatype),
    parameter: name => graph.parameter(name)
  }
): Traced {
  for (const [axis, length] of binding.axes) {
    graph.addAxis(axis)
    if (length === 0) graph.empty.add(axis)
  }
  const tracer = new Tracer(graph, {
    missing: binding.missing,
    ...(definition.positional ? { positions: binding.groups.get('...') ?? [] } : {}),
    state: stateOf(definition),
    derived: binding.derived
  })
  const names = new Map<string, Value>()
  for (const name of definition.axes) names.set(name, axisOf(binding, name))
  const inputs = new Map<string, Node>()
  for (const { name, default: fallback, bounds } of definition.tensors) {
    const given = binding.tensors.get(name)
    if (given === undefined) {
      names.set(name, graph.constant(fallback ?? 0))
      continue
    }
    const node = places.input(name, given)
    inputs.set(name, node)
    // A yes/no tensor lies in memory as numbers.
    const { kind, along } = given.kind
    names.set(name, kind === 'boolean' ? graph.apply('ne', node, graph.constant(0)) : node)
    if (kind === 'class' && along !== '') tracer.classAxes.set(node, axisOf(binding, along))
    if (kind === 'integer' || bounds.length > 0) tracer.unchecked.add(node)
    for (const { name: axis, length } of given.kind.axes) {
      if (length !== null) tracer.fixed.set(axis, length)
    }
  }
  for (const [name, value] of binding.known) names.set(name, known(graph, value))
  for (const name of binding.numbers.keys()) names.set(name, places.parameter(name))

  const outer = { names, outer: null }
  const { value, environment, states } = tracer.statements(definition.statements, outer)
  const { position } = definition.statements.at(-1) ?? { position: 0 }
  const result = tracer.number(value, position)
  const denominator = environment.names.get('denominator')
  const context = { definition, binding, tracer, environment, inputs }
  return {
    value: result,
    denominator: denominator === undefined ? null : tracer.number(denominator, position),
    inputs,
    states,
    statements: nodesOf(environment),
    valueAxes: result.axes,
    checks: checksOf(context),
    warnings: warningsOf(context),
    frozen: frozenOf(context)
  }
}

function nodesOf ({ names }: Environment): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>()
  for (const [name, value] of names) {
    if (isNode(value)) nodes.set(name, value)
  }
  return nodes
}

function axisOf ({ axes, derived, groups }: Binding, name: Axis): AxisValue {
  const axis = derived.get(name) ?? name
  return { kind: 'axis', axes: groups.get(name) ?? (axes.has(axis) ? [axis] : []) }
}

function known (graph: Graph, value: number | boolean | string): Value {
  return typeof value === 'string' ? { kind: 'text', text: value } : graph.constant(value)
}

/**
 * The loss and what its mean was divided by, reduced as PyTorch does: none, mean, sum. A mean is
 * the sum divided by the sum of denominators (their count where there are none), each over all that
 * it has, so the mean of nothing is NaN. A scalar without a denominator stays as it is.
 */
export function reduced (
  graph: Graph, traced: Pick<Traced, 'value' | 'denominator' | 'valueAxes'>, reduction: string
): { loss: Node, denominator: Node | null } {
  const { value, denominator, valueAxes } = traced
  const total = reduction === 'none' ? value : graph.reduce('sum', value, valueAxes)
  if (reduction !== 'mean' || (valueAxes.length === 0 && denominator === null)) {
    return { loss: total, denominator: null }
  }
  const own = denominator?.axes.filter(axis => !valueAxes.includes(axis)) ?? []
  const divisor =
    graph.reduce('sum', denominator ?? graph.constant(1), [...valueAxes, ...own])
  return { loss: graph.apply('div', total, divisor), denominator: divisor }
}

/** What the names of a text stand for: values, and axes by name; `over` is an axis of its own. */
export interface TraceScope {
  readonly names: ReadonlyMap<string, Value | number | boolean | string>
  readonly over?: readonly Axis[]
}

const parsed = new Map<string, readonly Statement[]>()

/** The value of a text of the op table in a scope of nodes. Such texts are few and kept parsed. */
export function traceScope (text: string, scope: TraceScope, graph: Graph): Node {
  let statements = parsed.get(text)
  if (statements === undefined) {
    statements = parse(text).statements
    parsed.set(text, statements)
  }
  const tracer = new Tracer(graph, { inner: true })
  const { value } = tracer.statements(statements, environmentOf(graph, scope))
  return isNode(value) ? value : tracer.number(value, 0)
}

/**
 * The statements of a definition in a scope of one's own, as layers and optimizers need it: names
 * of arguments are values, names of axes are axes of the graph.
 */
export function traceStatements (
  definition: Definition, scope: TraceScope, graph: Graph, missing: ReadonlySet<string> = new Set()
): { value: Node, states: ReadonlyMap<string, Node> } {
  const tracer = new Tracer(graph, { state: stateOf(definition), missing })
  const environment = environmentOf(graph, scope)
  for (const { name, default: fallback } of definition.arguments) {
    if (environment.names.has(name) || fallback === null) continue
    environment.names.set(name, known(graph, fallback))
  }
  const { value, states } = tracer.statements(definition.statements, environment)
  return { value: tracer.number(value, 0), states }
}

function stateOf ({ tensors }: Definition): ReadonlySet<string> {
  return new Set(tensors.filter(tensor => tensor.state).map(tensor => tensor.name))
}

function environmentOf (graph: Graph, { names, over }: TraceScope): Environment {
  const values = new Map<string, Value>()
  for (const [name, value] of names) {
    values.set(name, typeof value === 'object' ? value : known(graph, value))
  }
  if (over !== undefined) values.set('over', { kind: 'axis', axes: over })
  return { names: values, outer: null }
}
