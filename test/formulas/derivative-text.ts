// The derivative of a formula as its own text, read back: the same numbers as the gradient.

import { LossdError } from '../../src/errors.ts'
import { bind, type TensorShape } from '../../src/formulas/bind.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { define } from '../../src/formulas/define.ts'
import { derivative } from '../../src/formulas/derivative.ts'
import { type Axis, Graph } from '../../src/formulas/graph.ts'
import { trace } from '../../src/formulas/trace.ts'
import { evaluate } from '../evaluator.ts'
import type { RequestTensor } from '../machine.ts'
import { Random } from '../random.ts'
import { Oracle } from './formula-oracle.ts'

type Tensors = Readonly<Record<string, RequestTensor>>
type Options = Readonly<Record<string, number | boolean | string>>

export interface ReadBack {
  readonly text: string
  readonly found: readonly number[]
  readonly wanted: readonly number[]
  /** The largest number on the way. */
  readonly magnitude: () => number
}

/** What a text holds for: all tensors, of all their axes; options at their defaults. */
export interface WholeRequest {
  readonly definition: Definition
  readonly tensors: Tensors
  readonly options: Options
}

/** Tensors of full lengths in place of those that are missing or broadcast. */
export function whole (
  definition: Definition, given: Tensors, lengths: ReadonlyMap<string, number>,
  options: Options
): WholeRequest {
  const random = new Random(3)
  const group = [...lengths].filter(([axis]) => axis.startsWith('G')).map(([, length]) => length)
  const tensors: Record<string, RequestTensor> = {}
  for (const { name, kinds: [kind], bounds } of definition.tensors) {
    if (kind === undefined) continue
    const shape = kind.axes.flatMap(axis => axis.group ? group : [lengths.get(axis.name) ?? 1])
    const old = given[name]
    const count = shape.reduce((a, b) => a * b, 1)
    const classes = lengths.get(kind.along) ?? 1
    const value = (): number => {
      if (kind.kind === 'class') return random.below(classes)
      if (kind.kind !== 'real') return random.below(2)
      return bounds.length > 0 ? 0.3 + 2 * random.next() : 4 * random.next() - 2
    }
    tensors[name] = old?.data.length === count && old.shape.join() === shape.join()
      ? old
      : { kind: kind.kind, shape, data: Float64Array.from({ length: count }, value) }
  }
  const numbers = definition.options
    .filter(option => option.type === 'number' && !option.static && option.name in options)
    .map(({ name }) => [name, options[name] ?? 0])
  return { definition, tensors, options: Object.fromEntries(numbers) }
}

/** By each real argument whose derivative can be printed; none if the request is refused. */
export function readBack ({ definition, tensors, options }: WholeRequest): Map<string, ReadBack> {
  const by = definition.tensors.map(({ name }) => name)
    .filter(name => tensors[name]?.kind === 'real')
  const found = new Map<string, ReadBack>()
  const oracle = oracleOf({ definition, tensors, options: { ...options, reduction: 'sum' } }, by)
  if (oracle === null) return found
  const { gradients } = oracle.answer(tensors)
  for (const name of by) {
    const text = derivative(definition, name)
    if (text === null) continue
    found.set(name, {
      text,
      found: textValue(text, oracle, tensors, options, name),
      wanted: gradients[name] ?? [],
      magnitude: () => oracle.magnitude(tensors)
    })
  }
  return found
}

/** null for a request that the language refuses. */
export function oracleOf (question: WholeRequest, by: readonly string[]): Oracle | null {
  try {
    return new Oracle(question, by)
  } catch (fault) {
    if (fault instanceof LossdError) return null
    throw fault
  }
}

// The text as a formula of its own, its value along the axes of the argument.
function textValue (
  text: string, { binding }: Oracle, tensors: Tensors, options: Options, name: string
): number[] {
  const definition = define(text)
  const shapes: Record<string, TensorShape> = {}
  for (const tensor of definition.tensors) {
    const given = tensors[tensor.name]
    if (given !== undefined) shapes[tensor.name] = { shape: given.shape, kind: given.kind }
  }
  const own = Object.fromEntries(definition.options
    .map(option => [option.name, options[option.name] ?? option.default])
    .filter(([, value]) => value !== null))
  const bound = bind(definition, shapes, own)
  const graph = new Graph([])
  const { value } = trace(definition, bound, graph)
  const known = [...bound.axes.keys()]
  const axes = (binding.layouts.get(name) ?? [])
    .map(axis => known.find(other => isSame(axis, other)) ?? axis)
  const inputs = new Map(Object.entries(tensors).map(([each, { data }]) => [each, data]))
  const lengths = new Map([...binding.axes, ...bound.axes])
  const [numbers = []] = evaluate([{ node: value, axes }],
    { lengths, inputs, numbers: bound.numbers })
  return [...numbers]
}

// A group that the text names is `...S0` where it was `...0`.
const isSame = (axis: Axis, other: Axis): boolean =>
  axis === other || (axis.startsWith('...') && other === axis.replace('...', '...S'))
