// What the values of a request must satisfy: bounds of tensors, indices within their classes, the
// conditions beside the formula. Each is a yes/no node; true anywhere means refused, or a warning.

import { LossdError } from '../errors.ts'
import type { Binding } from './bind.ts'
import type { Definition, Rule, TensorArgument } from './definition.ts'
import type { Graph, Node } from './graph.ts'
import type { Bound } from './syntax.ts'
import type { Tracer } from './tracer.ts'
import type { Environment } from './values.ts'

/** What a refusal says. */
export interface Refusal {
  readonly code: 'TARGET_RANGE' | 'VALUE_RANGE' | 'VALUE_REFUSED'
  readonly argument: string
  /** The sentence, in which explain() fills in what is in braces. */
  readonly detail: string
}

/** What a warning says. */
export interface Advice {
  readonly argument: string
  readonly code: string
  readonly message: string
}

export interface Check extends Refusal {
  /** A yes/no value: true anywhere means the request is refused. */
  readonly node: Node
}

export interface Warning extends Advice {
  /** A yes/no value; null if the warning holds whatever the values are. */
  readonly node: Node | null
}

export interface CheckContext {
  readonly definition: Definition
  readonly binding: Binding
  readonly tracer: Tracer
  readonly environment: Environment
  readonly inputs: ReadonlyMap<string, Node>
}

/** All checks of a formula. A refusal that is known before anything runs is thrown at once. */
export function checksOf (context: CheckContext): Check[] {
  const checks: Check[] = []
  for (const tensor of context.definition.tensors) {
    const node = context.inputs.get(tensor.name)
    const kind = context.binding.tensors.get(tensor.name)?.kind
    if (node === undefined || kind === undefined) continue
    if (kind.kind === 'class' && kind.along !== '') {
      checks.push(ofClasses(context, tensor, node, kind.along))
    }
    else if (tensor.bounds.length > 0) checks.push(ofBounds(context, tensor, node))
  }
  for (const rule of context.definition.refuse) {
    const node = conditionOf(context, rule)
    if (node.op !== 'constant') {
      checks.push({ node, code: 'VALUE_REFUSED', argument: rule.argument, detail: rule.sentence })
    } else if (node.value === 1) {
      const detail = fill(rule.sentence, context)
      throw new LossdError('VALUE_REFUSED', detail, {
        pointer: pointerOf(context.definition, rule.argument)
      })
    }
  }
  return checks
}

export function warningsOf (context: CheckContext): Warning[] {
  const warnings: Warning[] = []
  for (const rule of context.definition.warn) {
    const { argument, code, sentence: message } = rule
    const node = conditionOf(context, rule)
    if (node.op !== 'constant') warnings.push({ node, argument, code, message })
    else if (node.value === 1) warnings.push({ node: null, argument, code, message })
  }
  return warnings
}

/** The sentences of the gradients that are not given, by argument. */
export function frozenOf (context: CheckContext): Map<string, string> {
  const holds = (rule: Rule): boolean => conditionOf(context, rule).value === 1
  return new Map(
    context.definition.frozen.filter(holds).map(rule => [rule.argument, rule.sentence])
  )
}

// Conditions may be of any shape: anywhere is enough.
function conditionOf ({ tracer, environment }: CheckContext, { condition }: Rule): Node {
  return tracer.yesNo(tracer.evaluate(condition, environment), condition.position)
}

// Within 0 … length - 1 unless the text bounds it otherwise. What is ignored may be anything.
function ofClasses (
  context: CheckContext,
  tensor: TensorArgument,
  node: Node,
  along: string
): Check {
  const {
    tracer: { graph },
    environment,
    definition
  } = context
  const { name, bounds } = tensor
  const above = bounds.some(({ operator }) => operator.startsWith('<'))
  const below = bounds.some(({ operator }) => operator.startsWith('>'))
  let within = bounds
    .map(bound => compare(context, node, bound))
    .reduce((a, b) => graph.apply('and', a, b), graph.constant(true))
  if (!below) within = graph.apply('and', within, graph.apply('ge', node, graph.constant(0)))
  // Without its axis there is one class.
  const axis = axisOf(context.binding, along)
  const classes = context.binding.axes.has(axis) ? graph.size(axis) : graph.constant(1)
  if (!above) within = graph.apply('and', within, graph.apply('lt', node, classes))
  let outside = graph.apply('not', within)
  if (definition.options.some(option => option.name === 'ignore_index')) {
    const ignored = environment.outer?.names.get('ignore_index')
    if (ignored !== undefined && !('kind' in ignored)) {
      outside = graph.apply('and', graph.apply('ne', node, ignored), outside)
    }
  }
  const last = `{${along} - 1}`
  const range = above
    ? `${name} must be ${boundsText(bounds)}`
    : `classes are ${below ? `${boundsText(bounds)}, up to ${last}` : `0 to ${last}`}`
  return {
    node: outside,
    code: 'TARGET_RANGE',
    argument: name,
    detail: `${name} holds {value}; ${range}`
  }
}

// not (within), so that NaN fails.
function ofBounds (context: CheckContext, { name, bounds }: TensorArgument, node: Node): Check {
  const { graph } = context.tracer
  const within = bounds
    .map(bound => compare(context, node, bound))
    .reduce((a, b) => graph.apply('and', a, b))
  const detail = `all elements of ${name} must be ${boundsText(bounds)}; it holds {value}`
  return { node: graph.apply('not', within), code: 'VALUE_RANGE', argument: name, detail }
}

const ops = { '>': 'gt', '>=': 'ge', '<': 'lt', '<=': 'le' } as const

function compare (
  { tracer: { graph } }: CheckContext,
  node: Node,
  { operator, value }: Bound
): Node {
  return graph.apply(ops[operator], node, graph.constant(value))
}

/** Bounds as a sentence says them: `>= 0 and <= 1`. */
export function boundsText (bounds: readonly Bound[]): string {
  return bounds.map(({ operator, value }) => `${operator} ${value}`).join(' and ')
}

/** True if a number is outside the bounds; NaN is. */
export function outside (value: number, bounds: readonly Bound[]): boolean {
  return !bounds.every(({ operator, value: bound }) =>
    operator === '>' ? value > bound
      : operator === '>=' ? value >= bound
        : operator === '<' ? value < bound
          : value <= bound)
}

/** `/target`, or `/options/delta` for an option. */
export function pointerOf (definition: Definition, argument: string): string {
  return `${definition.options.some(({ name }) => name === argument) ? '/options' : ''}/${argument}`
}

/** 1 if the yes/no value is yes at any place, else 0. */
export function anywhere (graph: Graph, node: Node): Node {
  const holds = graph.apply('where', node, graph.constant(1), graph.constant(0))
  return graph.reduce('max', holds, node.axes)
}

/**
 * The sentence of a check or a warning for one request: {input} becomes a shape, {C} and {C - 1} a
 * length, {delta} a number, {...} the shape of the broadcast, {value} the first element that is out
 * of bounds, with its place, {largest} and {sum} those of the elements.
 */
export function explain (
  definition: Definition,
  binding: Binding,
  { argument, ...check }: Refusal | Advice,
  values: ArrayLike<number | bigint> = []
): string {
  const sentence = 'detail' in check ? check.detail : check.message
  const told = sentence.replace(/\{(value|largest|sum)\}/g, (_, word: string) => {
    if (word === 'value') return firstOutside(definition, binding, argument, values)
    const numbers = Array.from(values, Number)
    return String(word === 'sum'
      ? numbers.reduce((a, b) => a + b, 0)
      : numbers.reduce((a, b) => Math.max(a, b), -Infinity))
  })
  return fill(told, { definition, binding })
}

// The graph's axis of a name.
function axisOf ({ derived }: Binding, name: string): string { return derived.get(name) ?? name }

function firstOutside (
  definition: Definition,
  binding: Binding,
  argument: string,
  values: ArrayLike<number | bigint>
): string {
  const tensor = definition.tensors.find(({ name }) => name === argument)
  const bound = binding.tensors.get(argument)
  if (tensor === undefined || bound === undefined) return 'others'
  const { kind, along } = bound.kind
  const ends: Bound[] = [...tensor.bounds]
  if (kind === 'class' && !ends.some(({ operator }) => operator.startsWith('>'))) {
    ends.push({ operator: '>=', value: 0 })
  }
  if (kind === 'class' && !ends.some(({ operator }) => operator.startsWith('<'))) {
    ends.push({ operator: '<', value: binding.axes.get(axisOf(binding, along)) ?? 1 })
  }
  const ignored = binding.numbers.get('ignore_index') ?? binding.known.get('ignore_index')
  for (let place = 0; place < values.length; place++) {
    const value = Number(values[place])
    if (outside(value, ends) && !(kind === 'class' && value === ignored)) {
      return bound.shape.length === 0
        ? String(value)
        : `${value} at [${placeText(place, bound.shape)}]`
    }
  }
  return 'others'
}

function placeText (place: number, shape: readonly number[]): string {
  const indices: number[] = []
  let rest = place
  for (const length of shape.toReversed()) {
    indices.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return indices.join()
}

function fill (
  sentence: string, { definition, binding }: Pick<CheckContext, 'definition' | 'binding'>
): string {
  const broadcast = (binding.groups.get('...') ?? []).flatMap(
    axis => binding.shapes.get(axis) ?? []
  )
  return sentence
    .replace('{...}', `[${broadcast.join()}]`)
    .replace(/\{([A-Za-z_.0-9]+)( - 1)?\}/g, (whole, name: string, less: string | undefined) => {
      const shape = binding.tensors.get(name)?.shape
      if (shape !== undefined) return `[${shape.join()}]`
      // An optional axis that no tensor has is as one place long.
      const length = binding.axes.get(axisOf(binding, name))
      const value = length ?? binding.numbers.get(name) ?? binding.known.get(name)
        ?? (definition.axes.includes(name) ? 1 : undefined)
      if (value === undefined) return whole
      return String(less === undefined ? value : Number(value) - 1)
    })
}
