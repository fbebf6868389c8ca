// How one loop walks its space: which axis the lanes run along, in how many stages each row is
// walked, and what each stage does.
//
//     lanes along the row   (its axis is contiguous)     row { stage { inner … lanes } }
//     lanes beside the row  (an outer axis is)           row { lanes { stage { inner … } } }
//
// A row reduction ends a stage: softmax walks its row for the maximum, for the sum, for the result.

import type { Axis, Node } from '../formulas/graph.ts'
import { conditionsOf, type Guard, guardOf } from './guards.ts'
import { type Kept, keptValues } from './kept-plan.ts'
import { allTakenBy, type LoopTask, needed, type Scatters, type Stage, takenBy }
  from './loop-tasks.ts'
import { type Scatter, scatterOf } from './scatter.ts'
import type { Loop } from './schedule.ts'
import { isReduction, sameSet } from './space.ts'
import { noAxis, walkLane } from './walk-plan.ts'

export interface LoopPlan {
  readonly loop: Loop
  /** The axis the lanes run along. */
  readonly lane: Axis
  /** True when that is an outer axis: the lanes run beside the rows. */
  readonly beside: boolean
  /** Outer axes that are not the lanes', outermost first. */
  readonly rowAxes: readonly Axis[]
  /** Inner axes that are not the lanes', outermost first. */
  readonly innerAxes: readonly Axis[]
  readonly stages: readonly Stage[]
  /** For each stage what must hold before it is walked. */
  readonly guards: readonly Guard[]
  /** Tasks whose value has no inner axis: done when all stages are. */
  readonly rowTasks: readonly LoopTask[]
  /** Values computed in one stage and read back in later ones. */
  readonly kept: readonly Kept[]
  readonly scatters: Scatters
  /** True for a row reduction of this loop. */
  readonly isRow: (node: Node) => boolean
}

export function planLoop (loop: Loop): LoopPlan {
  const { outer, inner } = loop.space
  const isRow = (node: Node): boolean => isReduction(node) && !loop.reads.has(node)
    && inner.length > 0 && sameSet(node.over, inner) && sameSet(node.axes, outer)
  const isInner = (node: Node): boolean => node.axes.some(axis => inner.includes(axis))
  const { walk } = loop.space
  const { stages, rowTasks } = staging(loop, isRow)
  const lane = walk === undefined ? laneAxis(loop, stages) : walkLane(loop.space, walk.to)
  const beside = lane === noAxis || outer.includes(lane)
  const scatters = new Map<LoopTask, Scatter>()
  for (const task of loop.tasks) {
    const scatter = walk !== undefined || beside || inner.length > 1
      ? null
       : scatterOf(task, lane, isInner)
    if (scatter !== null) scatters.set(task, scatter)
  }
  const innerAxes = inner.filter(axis => axis !== lane)
  return {
    loop,
    lane,
    beside,
    rowAxes: outer.filter(axis => axis !== lane),
    innerAxes,
    stages,
    guards: walk === undefined ? stages.map(stage => guardOf(stage, lane, innerAxes)) : [],
    rowTasks,
    kept: keptValues({ loop, lane, stages, scatters, isRow, isInner }),
    scatters,
    isRow
  }
}

// All that a loop computes.
function nodesOf (loop: Loop): Node[] {
  return needed(loop.tasks.flatMap(allTakenBy), node =>
    loop.reads.has(node) || node.axes.length === 0)
}

// The axis along which most memory is read and written in order; if possible one along which a
// condition does not vary that can then be asked before the walk.
function laneAxis (loop: Loop, stages: readonly Stage[]): Axis {
  const { outer, inner } = loop.space
  const [stage, ...others] = stages
  const conditions = stage === undefined || others.length > 0 ? [] : conditionsOf(stage)
  const votes = new Map<Axis, number>()
  const vote = (layout: readonly Axis[], weight: number): void => {
    const last = layout.at(-1)
    if (last === undefined || !(outer.includes(last) || inner.includes(last))) return
    votes.set(last, (votes.get(last) ?? 0) + weight * 4 ** layout.length)
  }
  for (const task of loop.tasks) if (task.kind === 'store') vote(task.to.layout, 1.5)
  for (const node of nodesOf(loop)) vote(loop.reads.get(node)?.layout ?? node.layout, 1)
  const free = [...votes].filter(([axis]) => conditions.some(({ axes }) => !axes.includes(axis)))
  let best = free[0]?.[0] ?? inner.at(-1) ?? outer.at(-1) as Axis
  for (const [axis, count] of free.length > 0 ? free : votes) {
    if (count > (votes.get(best) ?? 0)) best = axis
  }
  return best
}

// A value belongs to the first walk along the row in which it can be computed.
function staging (
  loop: Loop, isRow: (node: Node) => boolean
): Pick<LoopPlan, 'stages' | 'rowTasks'> {
  const { inner } = loop.space
  const stages: { reductions: Node[], tasks: LoopTask[] }[] = []
  const stage = (index: number): { reductions: Node[], tasks: LoopTask[] } => {
    while (stages.length <= index) stages.push({ reductions: [], tasks: [] })
    return stages[index] as { reductions: Node[], tasks: LoopTask[] }
  }
  const firsts = new Map<Node, number>()
  const firstOf = (node: Node): number => firsts.get(node) ?? 0
  for (const node of nodesOf(loop)) {
    if (loop.reads.has(node)) continue
    const first = Math.max(0, ...node.args.map(firstOf))
    firsts.set(node, isRow(node) ? first + 1 : first)
    if (isRow(node)) stage(first).reductions.push(node)
  }
  const rowTasks: LoopTask[] = []
  for (const task of loop.tasks) {
    const value = takenBy(task)
    const axes = task.kind === 'store' ? task.to.layout : value.axes
    const isAlong = inner.length === 0 || task.kind === 'collect'
      || axes.some(axis => inner.includes(axis))
    const first = Math.max(...allTakenBy(task).map(firstOf))
    if (isAlong) stage(first).tasks.push(task)
    else rowTasks.push(task)
  }
  return { stages, rowTasks }
}
