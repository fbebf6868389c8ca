// The words that work in order along an axis: cumsum, order, scan.

import { findOp } from '../ops/index.ts'
import { fail } from './fault.ts'
import { type Axis, type Graph, isConstant, type Node, originalAxis } from './graph.ts'
import { checkPlaces } from './place.ts'
import { argsort, cumsum, previous, recur, shift } from './sequences.ts'
import type { Call } from './syntax.ts'
import type { Tracer } from './tracer.ts'
import type { Value } from './values.ts'
import { insideOf } from './walk.ts'
import { type Word, word } from './word.ts'

export const sequenceWords: readonly Word[] = [
  word('cumsum(x, axis, reverse)',
    'the running sum along the axis; from the end if reverse is true', [2, 3, 1, 2],
    (tracer, args, call) => {
      const x = tracer.numberOf(args[0], call, 0)
      const axis = onlyAxis(tracer, args[1], call, 1)
      return axis === '' ? x : cumsum(tracer.graph, x, axis, direction(tracer, args[2], call, 2))
    }),
  word('order(x, from, to)',
    'the places of x along the axis `from`, largest first, as a value along the axis `to`',
    [3, 3, 1], (tracer, args, call) => {
      const x = tracer.numberOf(args[0], call, 0)
      const from = onlyAxis(tracer, args[1], call, 1)
      const to = onlyAxis(tracer, args[2], call, 2)
      if (from === '' || to === '') return tracer.graph.constant(0)
      if (from !== to && x.axes.includes(to)) {
        fail(call.position, 'order needs an axis to go to that its value does not have.')
      }
      return order(tracer, x, from, to)
    }),
  word('scan(axis, previous => next, start, reverse)',
    'a recurrence along the axis: next, of what it was at the place before; from the end if ' +
    'reverse is true', [3, 4, 0, 1], scan)
]

// Sorted along the axis it goes to, if that has the same length; else the first places.
function order (tracer: Tracer, x: Node, from: Axis, to: Axis): Node {
  const { graph } = tracer
  if (originalAxis(from) === originalAxis(to)) {
    return argsort(graph, graph.take(x, graph.iota(to), from), to)
  }
  const places = argsort(graph, x, from)
  checkPlaces(tracer, places, graph.iota(to), from)
  return graph.take(places, graph.iota(to), from)
}

// The axes of the state are found by tracing the body until it brings no more.
function scan (tracer: Tracer, args: readonly Value[], call: Call): Value {
  const { graph } = tracer
  const axis = onlyAxis(tracer, args[0], call, 0)
  const start = tracer.numberOf(args[2], call, 2)
  const step = direction(tracer, args[3], call, 3)
  const body = args[1] ?? start
  const position = call.arguments[1]?.position ?? call.position
  const name = 'The second argument of scan'
  if (!isConstant(start)) fail(call.arguments[2]?.position ?? call.position, startsKnown)
  if (axis === '') return tracer.number(tracer.invoke({ name, position }, body, [start]), position)
  let state: readonly Axis[] = [axis]
  for (;;) {
    const before = previous(graph, axis, state, start.value)
    const next = tracer.number(tracer.invoke({ name, position }, body, [before]), position)
    state = graph.union([before, next])
    if (state.length > before.axes.length) continue
    checkBody(next, before, position)
    return recur(graph, next, before, step)
  }
}

const startsKnown = 'The start of a scan is a known number: a literal or a static option.'

// Element by element, with neighbours of the value before: then a step is one walk along its rows.
function checkBody (body: Node, before: Node, position: number): void {
  for (const node of insideOf([body])) {
    if (node.op === 'previous') {
      if (node !== before) {
        fail(position, 'A scan inside a scan cannot use the value before of both.')
      }
    } else if (node.op === 'take') {
      fail(position, 'The value before can be taken at a fixed distance only, along another axis ' +
        'than that of the scan: previous[S = index(S) - 1].')
    } else if (node.op === 'shift') {
      if (!isNeighbour(node)) {
        fail(position, 'The value before is moved there and back along one axis; move it once.')
      }
    } else if (!elementwise(node.op)) {
      fail(position, `The value before cannot be used in ${node.op}, which works along an axis.`)
    }
  }
}

const elementwise = (op: string): boolean => {
  const row = findOp(op)
  return op === 'with_derivative' || (row !== undefined && row.over !== true)
}

// Shifts of the value before, along each axis once.
function isNeighbour (node: Node): boolean {
  const seen = new Set<Axis>()
  let inner = node
  for (; inner.op === 'shift'; inner = inner.args[0] ?? inner) {
    const [axis = ''] = inner.over
    if (seen.has(axis)) return false
    seen.add(axis)
  }
  return inner.op === 'previous'
}

/** previous[S = index(S) - 1], a neighbour; null for any other take. */
export function takeNeighbour (graph: Graph, x: Node, i: Node, axis: Axis): Node | null {
  const step = distance(i, axis)
  let before = x
  while (before.op === 'shift' && before.args[0] !== undefined) before = before.args[0]
  if (before.op !== 'previous' || before.over.includes(axis) || step === null) return null
  return x.axes.includes(axis) ? shift(graph, x, axis, step, before.value) : null
}

// The whole number that an index is behind index(axis).
function distance (i: Node, axis: Axis): number | null {
  const [a, b] = i.args
  const isPlace = (node: Node | undefined): boolean => node?.op === 'iota' && node.over[0] === axis
  const [other, sign] = isPlace(a) ? [b, i.op === 'sub' ? 1 : -1] : [a, -1]
  if (!['add', 'sub'].includes(i.op) || !(isPlace(a) || (i.op === 'add' && isPlace(b)))) return null
  return other?.op === 'constant' && Number.isInteger(other.value) ? sign * other.value : null
}

function direction (tracer: Tracer, value: Value | undefined, call: Call, index: number): number {
  if (value === undefined) return 1
  const reverse = tracer.yesNoOf(value, call, index)
  const position = call.arguments[index]?.position ?? call.position
  if (reverse.op === 'constant') return reverse.value === 1 ? -1 : 1
  return fail(position, `${call.name} needs to know its direction: true or false.`)
}

// The graph's axis; empty if it is missing from the request.
function onlyAxis (tracer: Tracer, value: Value | undefined, call: Call, index: number): Axis {
  const axes = tracer.axesOf(value, call, index)
  if (axes.length > 1) {
    fail(call.arguments[index]?.position ?? call.position,
      `${call.name} works along one axis; this stands for several here.`)
  }
  return axes[0] ?? ''
}
