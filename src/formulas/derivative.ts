// The derivative of a formula as a formula, with declarations, so that it can be read beside the
// loss and posted as a loss of its own: d Σ value / d argument, per element of the argument.

import { bind, type Binding, type TensorShape } from './bind.ts'
import { outside } from './checks.ts'
import { AxisNames } from './axis-names.ts'
import type { Argument, Definition, OptionArgument, TensorArgument } from './definition.ts'
import { gradient } from './gradient.ts'
import { type Axis, Graph, type Node } from './graph.ts'
import { charactersMax } from './lex.ts'
import { print, shortest } from './print.ts'
import { trace, type Traced } from './trace.ts'
import { reach } from './walk.ts'

/**
 * The text; null if there is no derivative by this argument, if an op in it is not a word, or if
 * it is longer than a text may be.
 * It holds for tensors of the first type that is declared, of all declared axes, not broadcast; for
 * static options at their defaults and any value of the others.
 */
export function derivative (definition: Definition, argument: string): string | null {
  const graph = new Graph([])
  const binding = sample(definition)
  const traced = trace(definition, binding, graph)
  const by = traced.inputs.get(argument)
  if (by === undefined || by.datatype !== 'real' || traced.frozen.has(argument)) return null
  const [result = by] = gradient(graph, traced.value, graph.constant(1), [by])
  const used = new Set(reach([result]).map(node => node.name))
  const statements = statementsOf(traced)
  const taken = new Set([
    ...definition.arguments.map(({ name }) => name), ...definition.axes,
    ...binding.derived.keys(), ...statements.values()
  ])
  const axes = new AxisNames(definition, binding.derived, taken)
  const body = print(graph, result, {
    statements, classes: classesOf(definition, traced), axis: axis => axes.write(axis), taken
  })
  if (body === null) return null
  addAxisBearers(definition, used, axes, new Set(binding.derived.keys()))
  const declarations = definition.arguments
    .filter(({ name }) => used.has(name))
    .map(each => axes.declare(declarationOf(each)))
  const text = [...declarations, ...axes.statements, body].join('\n')
  return text.length > charactersMax ? null : text
}

// Adds arguments until each axis that the text names, or that classes lie along, belongs to one
// that is declared; an axis that the author made gets its statement.
function addAxisBearers (
  { tensors }: Definition, used: Set<string>, names: AxisNames, made: ReadonlySet<Axis>
): void {
  const along = ({ kinds: [first] }: TensorArgument): Axis[] => {
    if (first?.kind !== 'class') return []
    if (made.has(first.along)) names.write(first.along)
    return [first.along, ...names.named]
  }
  const axes = [...names.named, ...tensors.filter(({ name }) => used.has(name)).flatMap(along)]
  for (const axis of axes) {
    const bearers = tensors.filter(({ kinds: [type] }) =>
      type?.axes.some(({ name }) => name === axis || name === groupOf(axis)))
    const [first] = bearers
    if (first === undefined || bearers.some(({ name }) => used.has(name))) continue
    used.add(first.name)
    axes.push(...along(first))
  }
}

// The group that an axis of the graph belongs to, ...S0 to S; of no other axis there is one.
const groupOf = (axis: Axis): string | undefined => {
  const name = /^\.\.\.(.*?)\d+$/.exec(axis)?.[1]
  return name === '' ? '...' : name
}

// Axes of different lengths, the first the longest; options off their defaults, so that none folds.
function sample (definition: Definition): Binding {
  const lengths = new Map(definition.axes.map((axis, index) => [axis, 100 - index]))
  const tensors: Record<string, TensorShape> = {}
  for (const { name, kinds: [first] } of definition.tensors) {
    if (first === undefined) continue
    const shape = first.axes.map(axis => axis.length ?? lengths.get(axis.name) ?? 1)
    const { kind } = first
    // The datatype tells the printer that a name is a yes/no value.
    tensors[name] = kind === 'boolean' ? { shape, kind, datatype: 'BOOL' } : { shape, kind }
  }
  const options: Record<string, number> = {}
  for (const option of definition.options) {
    const value = offDefault(option)
    if (value !== null) options[option.name] = value
  }
  return bind(definition, tensors, options)
}

function offDefault (option: OptionArgument): number | null {
  const { type, bounds, default: fallback } = option
  if (option.static || (type !== 'number' && type !== 'integer')) return null
  const start = typeof fallback === 'number' ? fallback : 0
  const steps = type === 'integer' ? [1, -1] : [0.25, -0.25, 1.5, -1.5]
  return steps.map(step => start + step).find(value => !outside(value, bounds)) ?? null
}

function statementsOf ({ statements, inputs }: Traced): ReadonlyMap<Node, string> {
  const leaves = new Set(inputs.values())
  const names = new Map<Node, string>()
  for (const [name, node] of statements) {
    if (!leaves.has(node) && node.args.length > 0 && !names.has(node)) names.set(node, name)
  }
  return names
}

function classesOf (definition: Definition, { inputs }: Traced): ReadonlyMap<Node, Axis> {
  const classes = new Map<Node, Axis>()
  for (const { name, kinds: [first] } of definition.tensors) {
    const node = inputs.get(name)
    if (node !== undefined && first?.kind === 'class') classes.set(node, first.along)
  }
  return classes
}

// In the first type that is declared, without relations to arguments that may be missing here.
function declarationOf (argument: Argument): string {
  const { name, bounds, default: fallback } = argument
  const type = argument.role === 'tensor' ? argument.kinds[0]?.text : argument.text
  return `${name}: ${[type, ...boundsOf(bounds)].join(' ')}${defaultOf(fallback)}`
}

const boundsOf = (bounds: OptionArgument['bounds']): string[] =>
  bounds.map(({ operator, value }) => `${operator} ${numberText(value)}`)

// Only numbers: texts and yes/no options are known, so that no derivative uses them.
const defaultOf = (value: Argument['default']): string =>
  typeof value === 'number' ? ` = ${numberText(value)}` : ''

const numberText = (value: number): string =>
  Number.isFinite(value) ? shortest(value) : value < 0 ? '-inf' : 'inf'
