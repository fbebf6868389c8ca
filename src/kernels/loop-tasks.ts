// What the tasks of a loop take in, and what must be computed for it.

import type { Node } from '../formulas/graph.ts'
import type { Gathering } from './accumulator.ts'
import type { CollectTask, StoreTask, TotalTask } from './schedule.ts'
import type { Scatter } from './scatter.ts'

export type LoopTask = StoreTask | CollectTask | TotalTask

/** Stores in which one place of the row differs from the rest. */
export type Scatters = ReadonlyMap<LoopTask, Scatter>

/** One walk along the row. */
export interface Stage {
  readonly reductions: readonly Node[]
  readonly tasks: readonly LoopTask[]
}

/** The value a task stores, or adds up. */
export function takenBy (task: LoopTask): Node {
  if (task.kind === 'collect') return task.value
  return task.kind === 'store' ? task.node : conditionOf(task.node) ?? task.node.args[0] as Node
}

/** All values a task takes. */
export function allTakenBy (task: LoopTask): Node[] {
  return task.kind === 'collect'
    ? [task.value, ...task.places.map(({ index }) => index)]
    : [takenBy(task)]
}

/** What a task computes one lane like another. */
export function rootOf (task: LoopTask, scatters: Scatters): Node {
  return scatters.get(task)?.rest ?? takenBy(task)
}

/** What a stage computes at each place of the row. */
export function rootsOf ({ reductions, tasks }: Stage, scatters: Scatters): Node[] {
  return [
    ...reductions.map(node => node.args[0] as Node),
    ...tasks.flatMap(task =>
      task.kind === 'collect' ? allTakenBy(task) : [rootOf(task, scatters)])
  ]
}

export function gatheringOf ({ node }: TotalTask): Gathering {
  return conditionOf(node) === null ? node.op as 'sum' | 'max' | 'min' : 'any'
}

// A total that only asks whether a condition holds anywhere, max(condition ? 1 : 0), collects the
// condition itself: a bit operation instead of a maximum.
function conditionOf ({ op, args: [argument] }: Node): Node | null {
  if (op !== 'max' || argument?.op !== 'where') return null
  const [condition, yes, no] = argument.args
  const is = (node: Node | undefined, value: number): boolean =>
    node?.op === 'constant' && !node.mask && node.value === value
  return condition !== undefined && is(yes, 1) && is(no, 0) ? condition : null
}

/** What roots need, in the order of computation; stops at what is at hand. */
export function needed (roots: readonly Node[], isAtHand: (node: Node) => boolean): Node[] {
  const seen = new Set<Node>()
  const open = [...roots]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (!isAtHand(node)) open.push(...operandsOf(node))
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

// Of a gather only the positions are computed; the tensor itself lies in memory, as what is shifted
// does.
function operandsOf (node: Node): readonly Node[] {
  if (node.op === 'shift') return []
  if (node.op !== 'take') return node.args
  const [from, index] = node.args as [Node, Node]
  return from.op === 'take' ? [...operandsOf(from), index] : [index]
}
