// Tensors in another order, or written out to their broadcast shape: each with the places of the
// original that its elements come from, so that gradients can be brought back.

import type { Drawn } from './loss-requests.ts'
import type { RequestTensor } from './machine.ts'

export interface Rearranged extends RequestTensor {
  /** For each element the place of the original that it comes from. */
  readonly origin: readonly number[]
}

/** The tensors of a request, read along an axis in another order; a length of 1 broadcasts. */
export function permuted (
  { tensors, dimensions }: Drawn, axis: string, order: readonly number[]
): Record<string, Rearranged> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => {
    const along = dimensions[name]?.indexOf(axis) ?? -1
    const turns = tensor.shape[along] === order.length
    return [name, picked(tensor, tensor.shape, place => place.map((index, dimension) =>
      turns && dimension === along ? order[index] ?? 0 : index))]
  }))
}

/** The tensors of a request, each group with all its places at their full lengths. */
export function writtenOut (
  { tensors, dimensions, axes }: Drawn
): Record<string, Rearranged> {
  const group = groupOf({ tensors, dimensions })
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => {
    const own = dimensions[name] ?? []
    const whole = (axes[name] ?? []).flatMap((axis): [string, number][] => axis.group
      ? [...group]
      : own.includes(axis.name) ? [[axis.name, tensor.shape[own.indexOf(axis.name)] ?? 1]] : [])
    const places = own.map(dimension => whole.findIndex(([name]) => name === dimension))
    return [name, picked(tensor, whole.map(([, length]) => length), place =>
      places.map((at, dimension) => (tensor.shape[dimension] === 1 ? 0 : place[at] ?? 0)))]
  }))
}

/** The elements of a rearranged tensor added up where they come from. */
export function broughtBack (
  data: ArrayLike<number>, { origin }: Rearranged, count: number
): Float64Array {
  const sums = new Float64Array(count)
  for (const [place, from] of origin.entries()) sums[from] = (sums[from] ?? 0) + (data[place] ?? 0)
  return sums
}

/** Places of the group, the leftmost first, with the lengths they broadcast to. */
function groupOf ({ tensors, dimensions }: Pick<Drawn, 'tensors' | 'dimensions'>): [
  string, number
][] {
  const lengths = new Map<string, number>()
  for (const [name, { shape }] of Object.entries(tensors)) {
    for (const [at, dimension] of (dimensions[name] ?? []).entries()) {
      if (!dimension.startsWith('...')) continue
      const length = lengths.get(dimension) ?? 1
      lengths.set(dimension, length === 1 ? shape[at] ?? 1 : length)
    }
  }
  return [...lengths].sort(([a], [b]) => Number(b.slice(3)) - Number(a.slice(3)))
}

/** A tensor of another shape; `from` says where in the original each place comes from. */
function picked (
  tensor: RequestTensor, shape: readonly number[], from: (place: number[]) => number[]
): Rearranged {
  const origin = placesOf(shape).map(place =>
    from(place).reduce((at, index, dimension) => at * (tensor.shape[dimension] ?? 1) + index, 0))
  const data = Float64Array.from(origin, at => tensor.data[at] ?? Number.NaN)
  return { kind: tensor.kind, shape, data, origin }
}

function placesOf (shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((places, length) => places.flatMap(place =>
    Array.from({ length }, (_, index) => [...place, index])), [[]])
}
