// Conditions that are asked before a walk rather than along it. Where all that a stage gathers
// counts as 0 unless a condition holds, and the condition is the same for all lanes, the walk is
// left out where it does not hold: padded rows, labels that a list does not have.
//
//     Σ over C of (listed[N] && …[N, C] ? …[N, C] : 0)     row { if listed { lanes } }

import { isConstant, type Axis, type Node } from '../formulas/graph.ts'
import { gatheringOf, type Stage, takenBy } from './loop-tasks.ts'

/** What is asked before a stage is walked; nothing: it is walked whole. */
export interface Guard {
  readonly conditions: readonly Node[]
  /** Conditions that the position along an inner axis is below a number: how far it is walked. */
  readonly bounds: ReadonlyMap<Axis, Node>
}

/** What does not vary along the lanes of all that a stage's values ask for. */
export function guardOf (stage: Stage, lane: Axis, innerAxes: readonly Axis[]): Guard {
  const conditions: Node[] = []
  const bounds = new Map<Axis, Node>()
  for (const condition of conditionsOf(stage)) {
    if (condition.axes.includes(lane)) continue
    const { op, args: [position, bound] } = condition
    const axis = position?.op === 'iota' ? position.over[0] ?? '' : ''
    const place = innerAxes.indexOf(axis)
    // The number must be known where the walk along the axis begins.
    const isBound = op === 'lt' && place >= 0 && bound !== undefined && !bounds.has(axis)
      && !bound.axes.some(other => innerAxes.includes(other, place))
    if (isBound) bounds.set(axis, bound)
    else conditions.push(condition)
  }
  return { conditions, bounds }
}

/** What all that a stage gathers asks for; nothing if it stores something, or a maximum. */
export function conditionsOf ({ reductions, tasks }: Stage): Node[] {
  const gathered = [
    ...reductions.map(({ op, args: [value = null] }) => op === 'sum' ? value : null),
    ...tasks.map(task => {
      if (task.kind === 'store') return null
      const counts = task.kind === 'collect' || ['sum', 'any'].includes(gatheringOf(task))
      return counts ? takenBy(task) : null
    })
  ]
  const [first = [], ...others] = gathered.map(value => value === null ? [] : asked(value))
  return first.filter(condition => condition.axes.length > 0
    && others.every(list => list.includes(condition)))
}

// Without one of these the value is 0, or false. What excludes holds nearly everywhere, and is not
// worth asking.
function asked (value: Node): Node[] {
  const [a, b, c] = value.args
  if (value.op === 'and') return value.args.flatMap(asked)
  if (value.mask) return excludes(value) ? [] : [value]
  if (value.op === 'neg' && a !== undefined) return asked(a)
  if (value.op !== 'where' || a === undefined || b === undefined || c === undefined) return []
  return isConstant(c, 0) ? [...asked(a), ...asked(b)] : []
}

// A flag is stored as a number that is not 0.
function excludes ({ op, args: [, b] }: Node): boolean {
  return op === 'not' || (op === 'ne' && b !== undefined && !isConstant(b, 0))
}
