// Which place `take` reads: an index rounded down and clamped, said as a value of the graph.

import { LossdError } from '../errors.ts'
import { type Axis, type Graph, type Node, originalAxis } from './graph.ts'
import type { Tracer } from './tracer.ts'

/**
 * The index itself where it needs no rounding and clamping: classes are checked, and what else is
 * whole is clamped where the text takes.
 */
export function placeOf (graph: Graph, i: Node, axis: Axis): Node {
  if (isPlace(i, axis)) return i
  const last = graph.apply('sub', graph.size(axis), graph.constant(1))
  return graph.apply('clamp', graph.apply('floor', i), graph.constant(0), last)
}

function isPlace (i: Node, axis: Axis): boolean {
  switch (i.op) {
    case 'input': return i.datatype !== 'real'
    case 'take': return i.args[0] !== undefined && isPlace(i.args[0], axis)
    case 'iota': case 'argsort': return originalAxis(i.over[0] ?? '') === originalAxis(axis)
    case 'constant': return Number.isInteger(i.value) && i.value >= 0
    case 'clamp': return i.args[0] !== undefined && isWhole(i.args[0]) && endsAt(i, axis)
    default: return false
  }
}

function isWhole ({ op, args: [x], datatype, value }: Node): boolean {
  switch (op) {
    case 'input': return datatype !== 'real'
    case 'constant': return Number.isInteger(value)
    case 'take': return x !== undefined && isWhole(x)
    default: return op === 'floor'
  }
}

// 0 … size - 1
function endsAt ({ args: [, first, last] }: Node, axis: Axis): boolean {
  const [size, one] = last?.args ?? []
  return first?.value === 0 && last?.op === 'sub' && size?.op === 'size' &&
    size.over[0] === originalAxis(axis) && one?.value === 1
}

/** Nothing can be read along an axis without places. Throws SHAPE_MISMATCH. */
export function checkPlaces ({ graph }: Tracer, x: Node, at: Node, axis: Axis): void {
  const isEmpty = (name: Axis): boolean => graph.isEmpty(name)
  if (!x.axes.includes(axis) || !isEmpty(axis) || at.axes.some(isEmpty)) return
  throw new LossdError('SHAPE_MISMATCH', `Nothing can be taken along ${originalAxis(axis)}: `
    + 'its length is 0', { pointer: x.op === 'input' ? `/${x.name}` : '/formula' })
}
