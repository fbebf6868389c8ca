// The derivative of a formula as a formula, with declarations, so that it can be read beside the
// loss and posted as a loss of its own: d Σ value / d argument, per element of the argument.

import { bind, type Binding, type TensorShape } from './bind.ts'
import { outside } from './checks.ts'
import type { Definition, OptionArgument, TensorArgument } from './definition.ts'
import { gradient } from './gradient.ts'
import { type Axis, Graph, type Node, originalAxis } from './graph.ts'
import { print, shortest } from './print.ts'
import { trace, type Traced } from './trace.ts'
import { reach } from './walk.ts'

/**
 * The text; null if there is no derivative by this argument, or an op in it is not a word.
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
  const axes = new AxisNames(definition, binding.derived)
  const body = print(graph, result, {
    statements: statementsOf(traced),
    classes: classesOf(definition, traced),
    axis: axis => axes.write(axis),
    taken: [...definition.arguments.map(({ name }) => name), ...definition.axes]
  })
  if (body === null) return null
  addAxisBearers(definition, used, axes)
  const declarations = definition.arguments
    .filter(({ name }) => used.has(name))
    .map(declared => axes.declare(declared.role === 'tensor' ? declareTensor(declared) : declareOption(declared)))
  return [...declarations, ...axes.statements, body].join('\n')
}

// Adds arguments until each axis that the text names belongs to one that is declared.
function addAxisBearers ({ tensors }: Definition, used: Set<string>, { named }: AxisNames): void {
  const axesOf = ({ kinds: [first] }: TensorArgument): Axis[] => first?.axes.map(({ name }) => name) ?? []
  const along = tensors.filter(({ name }) => used.has(name)).map(({ kinds: [first] }) => first?.along ?? '')
  for (const axis of [...named, ...along]) {
    const bearers = tensors.filter(tensor => axesOf(tensor).includes(axis))
    const [first] = bearers
    if (first !== undefined && !bearers.some(({ name }) => used.has(name))) used.add(first.name)
  }
}

// Axes of different lengths, the first the longest; every option off its default, so that none folds.
function sample (definition: Definition): Binding {
  const lengths = new Map(definition.axes.map((axis, index) => [axis, 100 - index]))
  const tensors: Record<string, TensorShape> = {}
  for (const { name, kinds: [first] } of definition.tensors) {
    if (first === undefined) continue
    const shape = first.axes.map(axis => axis.length ?? lengths.get(axis.name) ?? 1)
    tensors[name] = { shape, kind: first.kind }
  }
  const options: Record<string, number> = {}
  for (const option of definition.options) {
    const value = offDefault(option)
    if (value !== null) options[option.name] = value
  }
  return bind(definition, tensors, options)
}

function offDefault ({ type, bounds, default: fallback, ...option }: OptionArgument): number | null {
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

function declareTensor ({ name, kinds: [first], bounds, default: fallback }: TensorArgument): string {
  return `${name}: ${[first?.text, ...boundsOf(bounds)].join(' ')}${defaultOf(fallback)}`
}

function declareOption ({ name, text, bounds, default: fallback }: OptionArgument): string {
  return `${name}: ${[text, ...boundsOf(bounds)].join(' ')}${defaultOf(fallback)}`
}

const boundsOf = (bounds: OptionArgument['bounds']): string[] =>
  bounds.map(({ operator, value }) => `${operator} ${numberText(value)}`)

const defaultOf = (value: number | boolean | string | null): string => {
  if (value === null) return ''
  return ` = ${typeof value === 'number' ? numberText(value) : value}`
}

const numberText = (value: number): string =>
  Number.isFinite(value) ? shortest(value) : value < 0 ? '-inf' : 'inf'

/** How the text writes the graph's axes. A group without a name is given one if it is used. */
class AxisNames {
  /** `M = axis(N)`, for axes that the text makes. */
  readonly statements: string[] = []
  /** Axes of the graph's own names that the text uses. */
  readonly named = new Set<Axis>()
  readonly #definition: Definition
  readonly #derived: ReadonlyMap<Axis, string>
  readonly #taken: Set<string>
  readonly #written = new Map<Axis, string>()
  #group = '...'

  constructor (definition: Definition, derived: ReadonlyMap<string, Axis>) {
    this.#definition = definition
    this.#derived = new Map([...derived].map(([name, axis]) => [axis, name]))
    const names = definition.arguments.map(({ name }) => name)
    this.#taken = new Set([...definition.axes, ...derived.keys(), ...names])
  }

  write (axis: Axis): string {
    const known = this.#written.get(axis)
    if (known !== undefined) return known
    this.named.add(axis)
    const written = this.#group === '...' && /^\.\.\.\d+$/.test(axis)
      ? this.#nameGroup()
      : /^\.\.\.(.+?)\d+$/.exec(axis)?.[1] ?? this.#derive(axis) ?? this.#copy(axis)
    this.#written.set(axis, written)
    return written
  }

  #nameGroup (): string {
    const name = this.#fresh('S')
    this.#group = `...${name}`
    return name
  }

  // An axis that the author made, after those that its length is made of.
  #derive (axis: Axis): string | null {
    const name = this.#derived.get(axis)
    const source = name === undefined ? null : statementOf(this.#definition.text, name)
    if (name === undefined || source === null) return null
    for (const [other, otherName] of this.#derived) {
      if (otherName !== name && new RegExp(`(?<![\\w.])${otherName}(?![\\w.])`).test(source)) this.write(other)
    }
    this.statements.push(source)
    return name
  }

  // A twin made by differentiation.
  #copy (axis: Axis): string {
    if (!axis.endsWith("'")) return axis
    const original = this.write(originalAxis(axis))
    const name = this.#fresh(original)
    this.statements.push(`${name} = axis(${original})`)
    return name
  }

  /** A declaration, its group named where the text names it. */
  declare (declaration: string): string {
    return declaration.replace(/\.\.\.(?![A-Za-z_])/, this.#group)
  }

  #fresh (name: string): string {
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name}${count}`
      if (this.#taken.has(candidate)) continue
      this.#taken.add(candidate)
      return candidate
    }
  }
}

// `M = axis(…)` as its author wrote it.
function statementOf (text: string, name: string): string | null {
  const start = new RegExp(`(?<![\\w.])${name}\\s*=\\s*axis\\(`).exec(text)
  if (start === null) return null
  let end = start.index + start[0].length
  for (let open = 1; open > 0 && end < text.length; end++) {
    if (text[end] === '(') open++
    if (text[end] === ')') open--
  }
  return text.slice(start.index, end)
}
