// When each task runs, and which tasks share a loop. A task's level counts the steps that must end
// before it; tasks of one level and one space share a loop. Tasks run as late as their readers
// allow, so that the loss's own sum rides in the gradient's loop.

import type { Step } from './schedule.ts'
import type { Planned } from './schedule-tasks.ts'
import { ridesIn, type Space } from './space.ts'

/** The steps of a program, in the order in which they run. */
export function stepsOf (planned: readonly Planned[]): Step[] {
  const levels = levelsOf(planned)
  const steps: { level: number, step: Step }[] = []
  const loops: { level: number, space: Space, members: Planned[] }[] = []
  // Loops with rows first: tasks without rows of their own may ride in them.
  const isFlat = ({ space }: Planned): number => space?.inner.length === 0 ? 1 : 0
  for (const member of planned.toSorted((a, b) => isFlat(a) - isFlat(b))) {
    const { task, space } = member
    const level = levels.get(member) ?? 0
    if (task.kind === 'product' || task.kind === 'rows') steps.push({ level, step: task })
    if (space === null) continue
    const host = loops.find(loop => loop.level === level && ridesIn(space, loop.space))
    if (host !== undefined) host.members.push(member)
    else loops.push({ level, space, members: [member] })
  }
  for (const { level, space, members } of loops) {
    const tasks = members.flatMap(({ task }) =>
      task.kind === 'product' || task.kind === 'rows' ? [] : [task])
    const reads = new Map(members.flatMap(member => [...member.reads]))
    steps.push({ level, step: { kind: 'loop', space, tasks, reads } })
  }
  return steps.toSorted((a, b) => a.level - b.level).map(({ step }) => step)
}

// Each task's level: the last one at which its readers still find its result.
function levelsOf (planned: readonly Planned[]): Map<Planned, number> {
  const order = needsFirst(planned)
  const earliest = new Map<Planned, number>()
  const at = (levels: ReadonlyMap<Planned, number>, task: Planned): number => levels.get(task) ?? 0
  for (const task of order) {
    const needs = [...task.needs].map(need => at(earliest, need) + 1)
    earliest.set(task, Math.max(0, ...needs))
  }
  const last = Math.max(0, ...earliest.values())
  const latest = new Map(order.map(task => [task, last]))
  const settle = (): void => {
    for (const task of order.toReversed()) {
      for (const need of task.needs) {
        latest.set(need, Math.min(at(latest, need), at(latest, task) - 1))
      }
    }
  }
  settle()
  // True for what has no rows of its own where an output is stored that shares its loop.
  const hasCompany = (task: Planned, space: Space): boolean => space.inner.length === 0
    && order.some(other => other.task.kind === 'store' && other.space !== null
      && at(latest, other) === at(latest, task) && ridesIn(space, other.space))
  // What nobody waits for joins the last loop with the same rows that somebody waits for.
  const awaited = new Set(order.flatMap(task => [...task.needs]))
  for (const task of order) {
    const { space } = task
    if (awaited.has(task) || space === null || hasCompany(task, space)) continue
    const hosts = [...awaited].filter(host => host.space !== null
      && ridesIn(space, host.space) && at(latest, host) >= at(earliest, task))
    if (hosts.length > 0) latest.set(task, Math.max(...hosts.map(host => at(latest, host))))
  }
  settle()
  return latest
}

// All tasks, each behind those it needs.
function needsFirst (planned: readonly Planned[]): Planned[] {
  const order = new Set<Planned>()
  const entered = new Set<Planned>()
  for (const root of planned) {
    const stack = [root]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (entered.has(top)) {
        order.add(top)
        stack.pop()
      } else {
        entered.add(top)
        stack.push(...[...top.needs].filter(need => !entered.has(need)))
      }
    }
  }
  return [...order]
}
