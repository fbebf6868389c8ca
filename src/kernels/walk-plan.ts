// Recurrences as loops. y[t] = body(y[t - 1], …) is a loop with rows whose first inner axis is
// walked in order, and which reads its own result one step before:
//
//     outer   what the rows are independent of each other along: the units of work
//     inner   the axis of the recurrence, then the axes along which the body reads neighbours
//
// Lanes run along the last of the neighbours' axes, or beside the rows where there is none.

import type { Axis, Node } from '../formulas/graph.ts'
import { findOp } from '../ops/index.ts'
import { insideOf, reach } from '../formulas/walk.ts'
import type { Stored } from './schedule.ts'
import type { Space } from './space.ts'

/** What a loop must know to be a recurrence. */
export interface Walk {
  readonly axis: Axis
  /** 1, or -1 from the end. */
  readonly step: number
  /** Where the result lies, and so what it was one step before. */
  readonly to: Stored
}

/** The axis of a loop whose values have no axis that lanes could run along; its length is 1. */
export const noAxis: Axis = ''

/** The value that a chain of shifts moves, along each axis once. */
export function unshifted (node: Node): Node {
  const moved = new Set<Axis>()
  let inner = node
  while (inner.op === 'shift' && !moved.has(inner.over[0] ?? '')) {
    moved.add(inner.over[0] ?? '')
    inner = inner.args[0] ?? inner
  }
  return inner
}

/** How the axes of a recurrence are used: those of its rows, and those of the state in a row. */
export function axesOf (recur: Node): { axis: Axis, batch: Axis[], state: Axis[] } {
  const [axis = ''] = recur.over
  const moved = new Set(insideOf(recur.args).flatMap(node => node.op === 'shift' ? node.over : []))
  const others = recur.axes.filter(other => other !== axis)
  return {
    axis,
    batch: others.filter(other => !moved.has(other)),
    state: others.filter(other => moved.has(other))
  }
}

/** The order of axes in which a walk finds the row before at once. */
export function layoutOf (recur: Node): Axis[] {
  const { axis, batch, state } = axesOf(recur)
  return state.length > 0 ? [...batch, axis, ...state] : [axis, ...batch]
}

export function walkSpace (recur: Node, to: Stored): Space {
  const { axis, batch, state } = axesOf(recur)
  return { outer: batch, inner: [axis, ...state], walk: { axis, step: recur.step, to } }
}

/** The axis lanes run along: in memory the innermost one that may be taken in any order. */
export function walkLane ({ outer, inner: [, ...state] }: Space, { layout }: Stored): Axis {
  const free = state.length > 0 ? state : outer
  return layout.findLast(axis => free.includes(axis)) ?? noAxis
}

// A row's own value may be computed again at each step if it takes no more than this, and one that
// differs from step to step with the others of its step if it takes no more than that.
const costMax = 6
const stepCostMax = 20

/** True for what need not wait for the step before, varies along the row, and is better stored. */
export function isWorthStoring (node: Node, { inner: [axis = '', ...state] }: Space): boolean {
  if (node.inside || node.mask || node.args.length === 0) return false
  if (!node.axes.some(other => state.includes(other))) return false
  const isStep = node.axes.includes(axis)
  // What is shifted lies in memory.
  const below = reach([node], (arg, { op }) =>
    !isStep || (op !== 'shift' && arg.axes.includes(axis)))
  const cost = below.reduce((sum, { op }) => sum + (findOp(op)?.cost ?? 0), 0)
  return isStep ? cost > stepCostMax : cost > costMax || below.some(({ op }) => op === 'take')
}
