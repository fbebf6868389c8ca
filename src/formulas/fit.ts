// Shapes to axes: which dimension of each tensor is which axis, how long each axis is, what
// broadcasts. Two tensors that do not fit are refused with a sentence that names both shapes.

import { LossdError } from '../errors.ts'
import type { Kind, Spread, TensorArgument } from './definition.ts'
import type { Axis } from './graph.ts'
import type { AxisSyntax } from './syntax.ts'

/** A tensor of the request with the alternative of its type that it is read as. */
export interface Given {
  readonly argument: TensorArgument
  readonly kind: Kind
  readonly shape: readonly number[]
  readonly spread: Spread
}

export interface Fit {
  /** Lengths of named axes; an axis that is missing everywhere is absent. */
  readonly lengths: ReadonlyMap<Axis, number>
  /** Broadcast lengths of each group, from the right. */
  readonly groups: ReadonlyMap<Axis, readonly number[]>
}

const missing = -1

/** Fits tensors together, in the order of their declarations. Throws SHAPE_MISMATCH. */
export function fit (givens: readonly Given[]): Fit {
  const lengths = new Map<Axis, number>()
  const owners = new Map<Axis, Given>()
  const groups = new Map<Axis, number[]>()
  for (const given of givens) {
    const { argument, kind, shape, spread } = given
    if (argument.like !== '' || argument.to !== '') relate(given, givens)
    for (const axis of spread.absent) note(axis, missing, given)
    spread.dimensions.forEach((axis, place) => {
      if (axis !== null) note(axis, shape[place] ?? 1, given)
    })
    if (kind.group !== '') broadcast(given, givens, groups)
  }
  for (const [axis, length] of lengths) {
    if (length === missing) lengths.delete(axis)
  }
  return { lengths, groups }

  function note (axis: AxisSyntax, length: number, given: Given): void {
    const { name, broadcasts } = axis
    const known = lengths.get(name)
    const owner = owners.get(name)
    if (axis.length !== null && length !== axis.length && !(broadcasts && length === 1)) {
      refuse(given, `${name} has the length ${axis.length}`)
    }
    if (known === length) return
    const weak = (other: number, by: Given | undefined): boolean =>
      other === 1 && by?.kind.axes.some(entry => entry.name === name && entry.broadcasts) === true
    if (known === undefined || owner === undefined || weak(known, owner)) {
      lengths.set(name, length)
      owners.set(name, given)
    } else if (!(broadcasts && length === 1)) {
      mismatch(given, owner, expected(given, owner, lengths))
    }
  }
}

/** A tensor read as one kind. Throws SHAPE_MISMATCH for a rank that does not fit. */
export function giveAs (
  argument: TensorArgument,
  kind: Kind,
  shape: readonly number[],
  others: readonly Given[]
): Given {
  const spread = kind.spreads[shape.length]
  if (spread === undefined) return refuseRank(argument, kind, shape, others)
  const given = { argument, kind, shape, spread }
  // As in PyTorch, whole numbers of an example without a batch may stand in brackets.
  const less = shape[0] === 1 ? kind.spreads[shape.length - 1] : undefined
  if (less === undefined || (kind.kind !== 'class' && kind.kind !== 'integer')) return given
  const bare = { argument, kind, shape: shape.slice(1), spread: less }
  const partner = others.find(other => other.argument.name === argument.like)
  const isBare = kind.kind === 'class'
    ? shape.length === 1 && partner !== undefined && isRelated(bare, partner)
    : others.some(other => haveSame(less.absent, other.spread.absent))
  return isBare ? bare : given
}

function haveSame (some: readonly AxisSyntax[], others: readonly AxisSyntax[]): boolean {
  return some.some(({ name }) => others.some(other => other.name === name))
}

// No reading of its type has this rank.
function refuseRank (
  argument: TensorArgument,
  kind: Kind,
  shape: readonly number[],
  others: readonly Given[]
): never {
  const spread = { dimensions: [], start: 0, count: 0, absent: [] }
  const given = { argument, kind, shape, spread }
  const partner =
    others.find(other => other.argument.name === argument.like) ??
    others.find(other =>
      kind.axes.some(axis => other.kind.axes.some(entry => entry.name === axis.name))
    )
  if (partner === undefined) {
    const word = shape.length > 8 ? 'at most 8 dimensions' : kind.text
    throw new LossdError(
      'SHAPE_MISMATCH',
      `${argument.name} has shape ${shapeText(shape)}; it needs ${word}`,
      { pointer: `/${argument.name}` }
    )
  }
  return mismatch(given, partner, expected(given, partner, new Map()))
}

/** Whether `like` and `to` hold, without throwing: resolveKinds tries alternatives with it. */
export function isRelated (given: Given, other: Given): boolean {
  const needed = expected(given, other, new Map())
  const { shape } = given
  if (given.argument.like !== '') return same(shape, needed)
  const offset = needed.length - shape.length
  return (
    offset >= 0 && shape.every((length, place) => length === 1 || length === needed[offset + place])
  )
}

function relate (given: Given, givens: readonly Given[]): void {
  const { like, to } = given.argument
  const other = givens.find(({ argument }) => argument.name === like || argument.name === to)
  if (other === undefined) return
  // The common case: the same type and the same shape.
  if (given.kind.text === other.kind.text && same(given.shape, other.shape)) return
  if (isRelated(given, other)) return
  const rest = like === '' ? `, or what broadcasts to it${perChannel(given, other)}` : ''
  mismatch(given, other, expected(given, other, new Map()), rest)
}

// A number per channel of images [N, C, H, W] is often given as [C], which would meet W.
function perChannel (given: Given, other: Given): string {
  const [length, second] = given.shape
  if (length === undefined || second !== undefined || length !== other.shape[1]) return ''
  if (other.shape.length < 3) return ''
  const ones = other.shape.slice(2).map(() => 1)
  const shape = shapeText([length, ...ones])
  return `; one number for each of ${length} in dimension 1 has shape ${shape}`
}

// A group without a name broadcasts as NumPy does; one with a name is as long everywhere. With ~ it
// has as many dimensions everywhere, each of which may be 1.
function broadcast (given: Given, givens: readonly Given[], groups: Map<Axis, number[]>): void {
  const { kind, shape, spread } = given
  const first = givens.find(other => other.kind.group === kind.group) ?? given
  const sameRank = kind.axes.some(axis => axis.group && axis.broadcasts)
  const fits = sameRank
    ? spread.count === first.spread.count
    : kind.group === '...' || same(groupOf(given), groupOf(first))
  if (!fits) {
    mismatch(given, first, expected(given, first, new Map()))
  }
  let known = groups.get(kind.group)
  if (known === undefined) {
    known = []
    groups.set(kind.group, known)
  }
  for (let place = 0; place < spread.count; place++) {
    const length = shape[spread.start + spread.count - 1 - place] ?? 1
    const before = known[place]
    if (before === undefined || before === 1) known[place] = length
    else if (length !== 1 && length !== before) {
      const owner = givens.find(other => other !== given && other.kind.group === kind.group &&
        groupOf(other).at(-1 - place) === before)
      if (owner === undefined) return
      refuse(given, `it does not broadcast with ${owner.argument.name} ` +
        `${shapeText(owner.shape)}: ${length} against ${before} in dimension ` +
        `${spread.start + spread.count - 1 - place}`)
    }
  }
}

function groupOf ({ shape, spread }: Given): readonly number[] {
  return shape.slice(spread.start, spread.start + spread.count)
}

// The shape that `given` would have to have beside `other`; names where nothing tells the length.
function expected (
  given: Given,
  other: Given,
  lengths: ReadonlyMap<Axis, number>
): (number | string)[] {
  const lengthIn = ({ spread, shape }: Given, name: Axis): number | undefined =>
    shape[spread.dimensions.findIndex(axis => axis?.name === name)]
  return given.kind.axes.flatMap((axis): (number | string)[] => {
    if (axis.group) {
      return [...groupOf(other.kind.group === axis.name ? other : given)]
    }
    const length = lengthIn(other, axis.name)
    if (length !== undefined) return [length]
    if (other.kind.axes.some(entry => entry.name === axis.name)) return []
    const known = lengths.get(axis.name) ?? lengthIn(given, axis.name)
    return known === missing ? [] : [known ?? axis.length ?? axis.name]
  })
}

function mismatch (
  { argument, shape }: Given,
  other: Given,
  needed: readonly (number | string)[],
  rest = ''
): never {
  throw new LossdError(
    'SHAPE_MISMATCH',
    `${argument.name} has shape ${shapeText(shape)}; ` +
      `${other.argument.name} ${shapeText(other.shape)} needs ${shapeText(needed)}${rest}`,
    { pointer: `/${argument.name}` }
  )
}

function refuse ({ argument, shape }: Given, reason: string): never {
  throw new LossdError(
    'SHAPE_MISMATCH',
    `${argument.name} has shape ${shapeText(shape)}; ${reason}`,
    { pointer: `/${argument.name}` }
  )
}

/** A shape as sentences write it: [64,784]. */
export function shapeText (shape: readonly (number | string)[]): string {
  return `[${shape.join()}]`
}

function same (a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return a.length === b.length && a.every((length, place) => length === b[place])
}
