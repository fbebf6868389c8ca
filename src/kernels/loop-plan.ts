// How one loop walks its space: which axis the lanes run along, in how many stages each row is
// walked, and what is kept from one stage to the next instead of being computed again.
//
//     lanes along the row   (its axis is contiguous)     row { stage { inner … lanes } }
//     lanes beside the row  (an outer axis is)           row { lanes { stage { inner … } } }

import type { Axis, Node } from '../formulas/graph.ts'
import { findOp } from '../ops/index.ts'
import type { Loop, StoreTask, Stored, TotalTask } from './schedule.ts'

export interface LoopPlan {
  readonly loop: Loop
  readonly lane: Axis
  /** True when the lanes run along an outer axis, beside the rows. */
  readonly beside: boolean
  readonly rowAxes: readonly Axis[]
  /** Inner axes that are not the lanes', outermost first. */
  readonly innerAxes: readonly Axis[]
  readonly stages: readonly Stage[]
  /** Values computed in one stage and read back in later ones. */
  readonly kept: readonly Kept[]
  /** Stores in which one place of the row differs from the rest: see scatterOf. */
  readonly scatters: ReadonlyMap<StoreTask, Scatter>
  /** Tasks whose value has no inner axis: done when all stages are. */
  readonly rowTasks: readonly (StoreTask | TotalTask)[]
  readonly stageOf: (node: Node) => number
  /** True for a row reduction of this loop. */
  readonly isRow: (node: Node) => boolean
  /** True when the value has an inner axis. */
  readonly isInner: (node: Node) => boolean
}

export interface Stage {
  readonly reductions: readonly Node[]
  readonly tasks: readonly (StoreTask | TotalTask)[]
}

export interface Kept {
  readonly node: Node
  readonly stage: number
  /** The output whose own row holds it until the final value is stored; null: the thread's scratch. */
  readonly row: Stored | null
}

/** value = rest, but at position `index` along the lanes rest + term (or rest - term). */
export interface Scatter {
  readonly rest: Node
  readonly index: Node
  readonly term: Node
  readonly op: 'add' | 'sub'
}

/** A value that takes more instructions than this is kept rather than computed again. */
const costMax = 6

export function planLoop (loop: Loop, isStored: (node: Node) => boolean): LoopPlan {
  const { outer, inner } = loop.space
  const lane = laneAxis(loop)
  const beside = outer.includes(lane)
  const isRow = (node: Node): boolean => inner.length > 0 && isReduction(node)
    && !isStored(node) && node.over.length === inner.length
    && node.over.every(axis => inner.includes(axis)) && node.axes.length === outer.length
    && node.axes.every(axis => outer.includes(axis))
  const nodes = nodesOf(loop, isStored)
  const { stageOf, isInner } = staging(nodes, inner, isRow, isStored)
  const rowTasks: (StoreTask | TotalTask)[] = []
  const stages: { reductions: Node[]; tasks: (StoreTask | TotalTask)[] }[] = []
  const stage = (index: number): { reductions: Node[]; tasks: (StoreTask | TotalTask)[] } => {
    while (stages.length <= index) stages.push({ reductions: [], tasks: [] })
    return stages[index] as { reductions: Node[]; tasks: (StoreTask | TotalTask)[] }
  }
  for (const node of nodes) if (isRow(node)) stage(stageOf(node) - 1).reductions.push(node)
  for (const task of loop.tasks) {
    const axes = task.kind === 'store' ? task.to.layout : argumentOf(task).axes
    const value = task.kind === 'store' ? task.node : argumentOf(task)
    if (inner.length === 0 || axes.some(axis => inner.includes(axis))) {
      stage(stageOf(value)).tasks.push(task)
    } else rowTasks.push(task)
  }
  const rest = { lane, beside, rowAxes: outer.filter(axis => axis !== lane), stages, rowTasks }
  const innerAxes = inner.filter(axis => axis !== lane)
  const scatters = new Map<StoreTask, Scatter>()
  for (const task of loop.tasks) {
    const scatter = task.kind === 'store' && !beside && inner.length === 1 ? scatterOf(task, lane, isInner) : null
    if (task.kind === 'store' && scatter !== null) scatters.set(task, scatter)
  }
  const plan = { loop, ...rest, innerAxes, scatters, kept: [], stageOf, isRow, isInner }
  return { ...plan, kept: keep(plan, isStored) }
}

export const isReduction = (node: Node): boolean =>
  node.op === 'sum' || node.op === 'max' || node.op === 'min'

/** What a task takes in, one lane like another. */
export function rootOf (plan: Pick<LoopPlan, 'scatters'>, task: StoreTask | TotalTask): Node {
  if (task.kind === 'total') return argumentOf(task)
  return plan.scatters.get(task)?.rest ?? task.node
}

// The gradient of cross-entropy is softmax - (position == class ? weight : 0): two stores a row are
// cheaper than a comparison for every element.
function scatterOf (task: StoreTask, lane: Axis, isInner: (node: Node) => boolean): Scatter | null {
  const { op, args: [a, b] } = task.node
  if ((op !== 'add' && op !== 'sub') || a === undefined || b === undefined) return null
  if (task.to.layout.at(-1) !== lane || !isInner(a)) return null
  for (const [rest, put] of op === 'sub' ? [[a, b]] as const : [[a, b], [b, a]] as const) {
    const [here, term, zero] = put.op === 'where' ? put.args : []
    const [position, index] = here?.op === 'eq' ? here.args : []
    if (position?.op !== 'iota' || position.over[0] !== lane) continue
    if (index === undefined || term === undefined || isInner(index) || isInner(term)) continue
    if (zero?.op === 'constant' && zero.value === 0) return { rest, index, term, op }
  }
  return null
}

/** What a total takes in: where it only asks whether a condition holds anywhere, the condition. */
export const argumentOf = ({ node }: TotalTask): Node => maskOf(node) ?? node.args[0] as Node

/** The condition c of max(c ? 1 : 0); null for any other total. */
export function maskOf ({ op, args: [argument] }: Node): Node | null {
  const [mask, yes, no] = argument?.op === 'where' ? argument.args : []
  const isAny = op === 'max' && yes?.op === 'constant' && yes.value === 1 && no?.op === 'constant' && no.value === 0
  return isAny && !yes.mask && mask !== undefined ? mask : null
}

/** What a task or reduction needs in a stage, in the order of computation; stops at what is at hand. */
export function needed (
  roots: readonly Node[], isLeaf: (node: Node) => boolean
): Node[] {
  const seen = new Set<Node>()
  const open = [...roots]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (isLeaf(node)) continue
    // Of a gather only the position is computed; the tensor itself lies in memory.
    open.push(...(node.op === 'take' ? node.args.slice(1) : node.args))
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

// The axis along which most memory is read and written in order.
function laneAxis (loop: Loop): Axis {
  const { outer, inner } = loop.space
  const votes = new Map<Axis, number>()
  const vote = (layout: readonly Axis[], weight: number): void => {
    const last = layout.at(-1)
    if (last === undefined || !(outer.includes(last) || inner.includes(last))) return
    votes.set(last, (votes.get(last) ?? 0) + weight * 4 ** layout.length)
  }
  for (const task of loop.tasks) if (task.kind === 'store') vote(task.to.layout, 1.5)
  const roots = loop.tasks.map(task => task.kind === 'store' ? task.node : argumentOf(task))
  const isLeaf = (node: Node): boolean => node.axes.length === 0 || loop.reads.has(node)
  for (const node of needed(roots, isLeaf)) {
    const stored = loop.reads.get(node)
    if (stored !== undefined) vote(stored.layout, 1)
    else if (node.op === 'input') vote(node.layout, 1)
  }
  let best = inner.at(-1) ?? outer.at(-1) as Axis
  for (const [axis, count] of votes) if (count > (votes.get(best) ?? 0)) best = axis
  return best
}

function nodesOf (loop: Loop, isStored: (node: Node) => boolean): Node[] {
  const roots = loop.tasks.map(task => task.kind === 'store' ? task.node : argumentOf(task))
  return needed(roots, node => isStored(node) || node.axes.length === 0)
}

// The stage of a value is the first walk along the row in which it can be computed.
function staging (
  nodes: readonly Node[], inner: readonly Axis[],
  isRow: (node: Node) => boolean, isStored: (node: Node) => boolean
): Pick<LoopPlan, 'stageOf' | 'isInner'> {
  const stages = new Map<Node, number>()
  const stageOf = (node: Node): number => stages.get(node) ?? 0
  const isInner = (node: Node): boolean => node.axes.some(axis => inner.includes(axis))
  for (const node of nodes) {
    if (isStored(node)) continue
    const latest = Math.max(0, ...node.args.map(stageOf))
    stages.set(node, isRow(node) ? latest + 1 : latest)
  }
  return { stageOf, isInner }
}

// Costly values with an inner axis that two stages need.
function keep (plan: LoopPlan, isStored: (node: Node) => boolean): Kept[] {
  const uses = new Map<Node, Set<number>>()
  const rootsOf = (stage: Stage): Node[] => [
    ...stage.reductions.map(node => node.args[0] as Node),
    ...stage.tasks.map(task => rootOf(plan, task))
  ]
  const note = (node: Node, stage: number): void => {
    uses.set(node, (uses.get(node) ?? new Set()).add(stage))
  }
  const isLeaf = (node: Node): boolean => isStored(node) || plan.isRow(node) || !plan.isInner(node)
  for (const [index, stage] of plan.stages.entries()) {
    for (const node of needed(rootsOf(stage), isLeaf)) if (!isLeaf(node)) note(node, index)
  }
  const costly = [...uses].filter(([node, stages]) => stages.size > 1
    && (findOp(node.op)?.cost ?? 0) > costMax && !node.mask
    && plan.loop.space.inner.every(axis => node.axes.includes(axis)))
  const first = new Map(costly.map(([node, stages]) => [node, Math.min(...stages)]))
  // A value that only another kept value needs is not read again.
  const lastUse = new Map<Node, number>()
  for (const [index, stage] of plan.stages.entries()) {
    const isAtHand = (node: Node): boolean => isLeaf(node) || (first.get(node) ?? index) < index
    for (const node of needed(rootsOf(stage), isAtHand)) {
      if ((first.get(node) ?? index) < index) lastUse.set(node, index)
    }
  }
  const taken = new Set<Stored>()
  return [...lastUse].map(([node, last]) => {
    const row = rowFor(plan, node, last, taken)
    if (row !== null) taken.add(row)
    return { node, stage: first.get(node) as number, row }
  })
}

// An output's own row, if the output is stored no earlier than the value's last use.
function rowFor (plan: LoopPlan, node: Node, last: number, taken: ReadonlySet<Stored>): Stored | null {
  for (const [index, stage] of plan.stages.entries()) {
    for (const task of stage.tasks) {
      if (task.kind !== 'store' || index < last || taken.has(task.to)) continue
      const { outer, inner } = plan.loop.space
      const whole = [...outer, ...inner].every(axis => task.to.layout.includes(axis))
      if (whole && task.to.layout.at(-1) === plan.lane && node !== task.node) return task.to
    }
  }
  return null
}
