// Where the dimensions of a tensor lie in the graph. Positions of a group that all tensors treat
// alike are merged into one axis, so that most losses are one flat loop.

import type { Fit, Given } from './fit.ts'
import type { Axis } from './graph.ts'

/** Neighbouring positions of a group that the same tensors have: one axis. */
export interface Run {
  readonly axis: Axis
  readonly lengths: number[]
  /** A bit for each tensor, in the order given: there may be many. */
  readonly present: bigint
}

/** The axes that a group becomes, from left to right; `separate` keeps each position for itself. */
export function runsOf (
  name: Axis,
  group: readonly number[],
  givens: readonly Given[],
  separate: boolean
): Run[] {
  const runs: Run[] = []
  for (let place = group.length - 1; place >= 0; place--) {
    const length = group[place] ?? 1
    let present = 0n
    givens.forEach(({ kind, shape, spread }, index) => {
      if (kind.group !== name || place >= spread.count) return
      const own = shape[spread.start + spread.count - 1 - place]
      if (own === length) present |= 1n << BigInt(index)
    })
    const last = runs.at(-1)
    if (last !== undefined && last.present === present && !separate) last.lengths.push(length)
    else
      runs.push({
        axis: `${name === '...' ? '' : '...'}${name}${runs.length}`,
        lengths: [length],
        present
      })
  }
  return runs
}

/** The axes of a tensor in memory order; `index` is its place among those given. */
export function layoutOf (
  { kind, shape, spread }: Given,
  { lengths }: Fit,
  runs: ReadonlyMap<Axis, readonly Run[]>,
  index: number
): Axis[] {
  const layout: Axis[] = []
  spread.dimensions.forEach((axis, place) => {
    if (place === spread.start) addGroup()
    if (axis !== null && shape[place] === lengths.get(axis.name)) layout.push(axis.name)
  })
  if (spread.start === spread.dimensions.length) addGroup()
  return layout

  function addGroup (): void {
    for (const { axis, present } of runs.get(kind.group) ?? []) {
      if ((present >> BigInt(index)) % 2n === 1n) layout.push(axis)
    }
  }
}
