// Random requests for any loss, made of its own declarations: types, axes, bounds, options with
// their choices. A new loss is tested without a line of its own.

import fc from 'fast-check'
import { LossdError } from '../src/errors.ts'
import { bind, type TensorShape } from '../src/formulas/bind.ts'
import type {
  Definition, Kind, OptionArgument, TensorArgument
} from '../src/formulas/definition.ts'
import { resolveKinds } from '../src/formulas/kinds.ts'
import type { AxisSyntax, Bound } from '../src/formulas/syntax.ts'
import type { LossMachine, Precision, Request, RequestTensor } from './machine.ts'
import { Random } from './random.ts'

/** A request with the names of its dimensions: an axis, or a place of a group from the right. */
export interface Drawn extends Request {
  readonly dimensions: Readonly<Record<string, readonly string[]>>
  /** The axes of the type that was drawn for each tensor. */
  readonly axes: Readonly<Record<string, readonly AxisSyntax[]>>
  /** The lengths that dimensions have where they do not broadcast. */
  readonly lengths: ReadonlyMap<string, number>
  /** For what a law draws by itself. */
  readonly seed: number
  /** How fast-check shows it. */
  readonly [fc.toStringMethod]: () => string
}

type OptionValue = number | boolean | string

/** What decides a request. */
export interface Choices {
  readonly alternative: number
  readonly hasOptional: boolean
  readonly axes: readonly number[]
  readonly group: readonly number[]
  /** For each tensor: is it given, how many places of the group does it lack, which are 1? */
  readonly given: readonly boolean[]
  readonly dropped: readonly number[]
  readonly single: readonly (readonly boolean[])[]
  readonly options: Readonly<Record<string, OptionValue>>
  readonly seed: number
}

export interface Limits {
  readonly lengthMin?: number
  readonly lengthMax?: number
  readonly reductions?: readonly string[]
  readonly datatype?: Precision
}

/** Requests for a loss. The gradients asked for are those of all real tensors that have one. */
export function requests (definition: Definition, limits: Limits = {}): fc.Arbitrary<Drawn> {
  const { lengthMin = 1, lengthMax = 5, reductions = definition.reduction.choices } = limits
  const count = definition.tensors.length
  const length = fc.integer({ min: lengthMin, max: lengthMax })
  const group = fc.array(length, { maxLength: 3 })
  const list = <T>(each: fc.Arbitrary<T>, size: number) =>
    fc.array(each, { minLength: size, maxLength: size })
  return fc.record({
    alternative: fc.nat(Math.max(...definition.tensors.map(({ kinds }) => kinds.length)) - 1),
    hasOptional: fc.boolean(),
    axes: list(length, definition.axes.length),
    group,
    // Any of those that may be left out, or the first few.
    given: fc.oneof(list(fc.boolean(), count),
      fc.nat(count).map(first => Array.from({ length: count }, (_, index) => index < first))),
    dropped: list(fc.oneof(fc.constant(0), fc.nat(3)), count),
    single: list(list(fc.oneof(fc.constant(false), fc.boolean()), 3), count),
    options: optionsOf(definition, reductions),
    seed: fc.nat(0xffffff)
  }).map(choices => drawn(definition, choices, limits.datatype ?? 'FP64'))
}

/** The request with positive numbers: for what refuses others, or has no value there. */
export function positive (request: Drawn): Drawn {
  const tensors = Object.entries(request.tensors).map(([name, tensor]) =>
    [name, { ...tensor, data: new Float64Array(tensor.data).map(Math.abs) }])
  return { ...request, tensors: Object.fromEntries(tensors) }
}

/**
 * Positive numbers where the loss refuses others, or has no value for them; null where it refuses
 * the options.
 */
export async function accepted (
  machine: Pick<LossMachine, 'ask'>, request: Drawn
): Promise<Drawn | null> {
  for (const each of [request, positive(request)]) {
    const reply = await machine.ask(each).catch((fault: unknown) => {
      if (isRefusal(fault)) return null
      throw fault
    })
    if (reply === null) continue
    const results = [reply.loss, ...Object.values(reply.gradients)]
    if (!results.some(({ data }) => data.some(Number.isNaN))) return each
  }
  return null
}

/** True of what a loss may refuse though its declarations allow it. */
export function isRefusal (fault: unknown): boolean {
  return fault instanceof LossdError && (fault.code === 'VALUE_REFUSED' ||
    (fault.code === 'SHAPE_MISMATCH' && fault.message.startsWith('Nothing can be taken')))
}

/** True if the shapes alone say which alternatives were drawn. */
export function isPlain ({ definition, tensors }: Drawn): boolean {
  const shapes = Object.entries(tensors).map(([name, { shape }]) =>
    [name, { shape, datatype: null }])
  const kinds = resolveKinds(definition, Object.fromEntries(shapes))
  return Object.entries(tensors).every(([name, { kind }]) => kinds[name] === kind)
}

/** Options left out, at their default, or anywhere within their bounds. */
function optionsOf (
  definition: Definition, reductions: readonly string[]
): fc.Arbitrary<Record<string, OptionValue>> {
  const rows = definition.options.filter(({ name }) => name !== 'reduction')
    .map(option => [option.name, valuesOf(option)] as const)
  const required = definition.options.filter(option => option.default === null)
  const others = fc.record<Record<string, OptionValue>>(Object.fromEntries(rows),
    { requiredKeys: required.map(({ name }) => name) })
  return fc.record({ others, reduction: fc.constantFrom(...reductions) })
    .map(({ others, reduction }) => ({ ...others, reduction }))
}

function valuesOf (
  { type, choices, bounds, default: fallback }: OptionArgument
): fc.Arbitrary<OptionValue> {
  if (type === 'boolean') return fc.boolean()
  if (choices.length > 0) return fc.constantFrom(...choices)
  if (type === 'integer') return fc.constantFrom(Number(fallback ?? 1), 0, 1)
  const [low, high] = inside(bounds, [-1, 3])
  const anywhere = fc.integer({ min: 0, max: 16 }).map(step => low + (high - low) * step / 16)
  return typeof fallback === 'number' ? fc.oneof(fc.constant(fallback), anywhere) : anywhere
}

/** An interval within bounds, an open or missing end replaced. */
export function inside (bounds: readonly Bound[], [low, high]: [number, number]): [number, number] {
  const least = bounds.find(({ operator }) => operator.startsWith('>'))?.value
  const most = bounds.find(({ operator }) => operator.startsWith('<'))?.value
  if (least !== undefined && most !== undefined) {
    const margin = (most - least) / 20
    return [least + margin, most - margin]
  }
  if (least !== undefined) return [least + 0.1, Math.max(high, least + 2)]
  return [most === undefined ? low : Math.min(low, most - 1), most ?? high]
}

/** The request that these choices make. */
export function drawn (
  definition: Definition, choices: Choices, datatype: Precision
): Drawn {
  const random = new Random(choices.seed)
  const tensors: Record<string, RequestTensor> = {}
  const shapes: Record<string, TensorShape> = {}
  const kinds = new Map<TensorArgument, Kind>()
  const dimensions: Record<string, readonly string[]> = {}
  const axesOf: Record<string, readonly AxisSyntax[]> = {}
  const groups = new Map<string, ReadonlyMap<string, number>>()
  const along = new Set(definition.tensors.flatMap(({ kinds }) => kinds.map(kind => kind.along)))
  const isBare = !choices.hasOptional &&
    definition.tensors.some(({ kinds }) => kinds.some(kind => kind.axes.some(isOptional)))
  const isGone = (name: string): boolean => isBare && definition.tensors.every(({ kinds }) =>
    kinds.every(({ axes }) => axes.every(axis => axis.name !== name || axis.optional)))
  const axes = new Map(definition.axes.map((axis, index) =>
    // An index needs something to point at; without its axis there is one class.
    [axis, isGone(axis) ? 1 : Math.max(choices.axes[index] ?? 1, along.has(axis) ? 1 : 0)]))
  const whole = new Map(isBare ? [] : [...choices.group.entries()].reverse()
    .map(([place, length]): [string, number] => [`...${place}`, length]))
  for (const [index, argument] of definition.tensors.entries()) {
    if (argument.default !== null && choices.given[index] !== true) continue
    const kind = argument.kinds[choices.alternative] ?? argument.kinds[0]
    if (kind === undefined) continue
    const partner = groups.get(argument.like + argument.to)
    const broadcasts = kind.group === '...' || argument.to !== '' || hasRank(kind)
    const full = partner ?? whole
    const group = argument.like === '' && broadcasts
      ? shrunk(full, choices, index, hasRank(kind))
      : full
    groups.set(argument.name, group)
    axesOf[argument.name] = kind.axes
    const shape = kind.axes.flatMap((axis): [string, number][] => {
      if (axis.optional && isBare) return []
      return axis.group ? [...group] : [[axis.name, axis.length ?? axes.get(axis.name) ?? 1]]
    })
    dimensions[argument.name] = shape.map(([name]) => name)
    shapes[argument.name] = { shape: shape.map(([, length]) => length), kind: kind.kind }
    kinds.set(argument, kind)
  }
  // Classes may lie along an axis that the text makes.
  const { axes: known } = bind(definition, shapes, choices.options)
  for (const [argument, kind] of kinds) {
    const { shape } = shapes[argument.name] as TensorShape
    const classes = along.size === 0 ? 1 : known.get(kind.along) ?? axes.get(kind.along) ?? 1
    tensors[argument.name] = tensorOf(argument, kind, shape, classes, random)
  }
  const lengths = new Map([...axes, ...whole])
  const frozen = new Set(definition.frozen.map(({ argument }) => argument))
  const gradients = Object.keys(tensors)
    .filter(name => tensors[name]?.kind === 'real' && !frozen.has(name))
  const { options, seed } = choices
  const show = () => JSON.stringify({ datatype, options, gradients, tensors }, numbers)
  const request = { definition, tensors, options, gradients, datatype }
  return { ...request, dimensions, axes: axesOf, lengths, seed, [fc.toStringMethod]: show }
}

const isOptional = ({ optional }: AxisSyntax): boolean => optional
/** True for `...~`: as many dimensions everywhere. */
const hasRank = ({ axes }: Kind): boolean => axes.some(axis => axis.group && axis.broadcasts)
const numbers = (_: string, value: unknown): unknown =>
  value instanceof Float64Array ? [...value] : value

/** A group that broadcasts to another: unless whole, places dropped from the left; lengths 1. */
function shrunk (
  group: ReadonlyMap<string, number>, { dropped, single }: Choices, index: number, whole: boolean
): ReadonlyMap<string, number> {
  const places = [...group].slice(whole ? 0 : dropped[index] ?? 0)
  return new Map(places.map(([name, length], place) =>
    [name, single[index]?.[place] === true ? 1 : length]))
}

function tensorOf (
  { bounds, default: fallback }: TensorArgument, { kind }: Kind, shape: readonly number[],
  classes: number, random: Random
): RequestTensor {
  // A tensor that may be left out is a weight: sums of weights shall stay away from 0.
  const [low, high] = inside(bounds, fallback === null ? [-2, 2] : [0.25, 2])
  const bound = kind === 'class' ? classes : 2
  // Numbers that float32 holds, so that both precisions compute the same.
  const value = kind === 'real'
    ? () => Math.fround(low + (high - low) * random.next())
    : () => random.below(bound)
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1)).map(value)
  return { kind, shape, data }
}
