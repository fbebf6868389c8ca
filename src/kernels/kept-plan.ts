// Which values a loop keeps from one stage to a later one instead of computing them again: costly
// ones (exp, log, division, root) with all the row's axes. They lie in the row of an output that is
// written later anyway, or else in the thread's own memory.

import type { Axis, Node } from '../formulas/graph.ts'
import { findOp } from '../ops/index.ts'
import type { LoopPlan } from './loop-plan.ts'
import { type LoopTask, needed, rootsOf } from './loop-tasks.ts'
import type { Loop, Stored } from './schedule.ts'

export interface Kept {
  readonly node: Node
  /** The stage that computes it. */
  readonly stage: number
  /** The output whose own row holds it until the final value is stored; null: the thread's own. */
  readonly row: Stored | null
}

/** A value that takes more instructions than this is kept rather than computed again. */
const costMax = 6

interface Plan extends Pick<LoopPlan, 'lane' | 'stages' | 'scatters' | 'isRow'> {
  readonly loop: Loop
  readonly isInner: (node: Node) => boolean
}

export function keptValues (plan: Plan): Kept[] {
  const { loop: { space, reads }, stages, scatters, isRow, isInner } = plan
  const isAtHand = (node: Node): boolean => reads.has(node) || isRow(node) || !isInner(node)
  const isCostly = (node: Node): boolean => (findOp(node.op)?.cost ?? 0) > costMax && !node.mask
    && space.inner.every(axis => node.axes.includes(axis))
  const first = new Map<Node, number>()
  const costly = new Map<Node, number>()
  for (const [index, stage] of stages.entries()) {
    for (const node of needed(rootsOf(stage, scatters), isAtHand)) {
      if (isAtHand(node)) continue
      if (!first.has(node)) first.set(node, index)
      else if (isCostly(node)) costly.set(node, first.get(node) ?? 0)
    }
  }
  // A value that only another kept value needs is not read again.
  const lastUse = new Map<Node, number>()
  for (const [index, stage] of stages.entries()) {
    const isKept = (node: Node): boolean => (costly.get(node) ?? index) < index
    const isLeaf = (node: Node): boolean => isAtHand(node) || isKept(node)
    for (const node of needed(rootsOf(stage, scatters), isLeaf)) {
      if (isKept(node)) lastUse.set(node, index)
    }
  }
  const taken = new Set<Stored>()
  return [...lastUse].map(([node, last]) => {
    const row = rowFor(plan, node, last, taken)
    if (row !== null) taken.add(row)
    return { node, stage: costly.get(node) ?? 0, row }
  })
}

// An output's own row, if the output is stored no earlier than the value's last use.
function rowFor (
  { loop: { space }, lane, stages }: Plan, node: Node, last: number, taken: ReadonlySet<Stored>
): Stored | null {
  const isWhole = (layout: readonly Axis[]): boolean =>
    [...space.outer, ...space.inner].every(axis => layout.includes(axis))
  const fits = (task: LoopTask): boolean => task.kind === 'store' && node !== task.node
    && !taken.has(task.to) && isWhole(task.to.layout) && task.to.layout.at(-1) === lane
  const task = stages.slice(last).flatMap(stage => stage.tasks).find(fits)
  return task?.kind === 'store' ? task.to : null
}
