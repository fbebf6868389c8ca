// A plain interpreter of a graph in float64 over JavaScript arrays: the oracle that everything
// faster is held against. It knows each op by its definition, shares no code with kernels, and
// expects the lengths of all axes.

import { type Axis, type Node, originalAxis } from '../src/formulas/graph.ts'
import { numeric } from '../src/formulas/numbers.ts'
import { insideOf, reach } from '../src/formulas/walk.ts'

export interface Data {
  readonly lengths: ReadonlyMap<Axis, number>
  /** Values of inputs, row-major in the order of the input's layout. */
  readonly inputs?: ReadonlyMap<string, ArrayLike<number>>
  /** Values of parameters. */
  readonly numbers?: ReadonlyMap<string, number>
}

/** What is wanted: a node, row-major in the order of these axes. */
export interface Root {
  readonly node: Node
  readonly axes: readonly Axis[]
}

/** One array per root; a root that lacks a given axis is repeated along it. */
export function evaluate (roots: readonly Root[], data: Data): Float64Array[] {
  const values = new Map<Node, Float64Array>()
  const length = (axis: Axis): number => {
    const found = data.lengths.get(axis) ?? data.lengths.get(originalAxis(axis))
    if (found === undefined) throw new Error(`axis ${axis} has no length`)
    return found
  }
  const spread = (node: Node, axes: readonly Axis[]): Float64Array =>
    gather(values.get(node) ?? new Float64Array(), positions(node.axes, axes, length))
  for (const node of reach(roots.map(root => root.node))) {
    if (node.inside) continue
    values.set(node, node.op === 'recur'
      ? recur(node, data, length, spread)
      : compute(node, data, length, spread))
  }
  return roots.map(root => spread(root.node, root.axes))
}

type Length = (axis: Axis) => number
type Spread = (node: Node, axes: readonly Axis[]) => Float64Array

function compute (node: Node, data: Data, length: Length, spread: Spread): Float64Array {
  const { op, axes, args, over } = node
  const [x, i] = args
  const [axis = ''] = over
  if (x === undefined) return leaf(node, data, length)
  if (op === 'take' && i !== undefined) return take(node, x, i, length, spread)
  if (op === 'put' && i !== undefined) {
    const all = [...axes.filter(other => other !== axis), axis]
    const [g, at] = [spread(x, all), spread(i, all)]
    const put = g.map((value, k) => (at[k] === k % length(axis) ? value : 0))
    return gather(put, positions(all, axes, length))
  }
  if (op === 'with_derivative') return spread(x, axes)
  if (op === 'shift') return shift(node, x, length, spread)
  const along = node.step < 0 ? fromTheEnd(sumUp) : alongAxes.get(op)
  if (along !== undefined) return alongRows(node, x, along, length, spread)
  const f = numeric.get(op) ?? others.get(op)
  if (f === undefined) throw new Error(`the evaluator does not know ${op}`)
  const [a = new Float64Array(), b = a, c = a] = args.map(arg => spread(arg, axes))
  return Float64Array.from(a, (value, k) => f(value, b[k] ?? 0, c[k] ?? 0))
}

function leaf (node: Node, { inputs, numbers }: Data, length: Length): Float64Array {
  const [axis = ''] = node.over
  switch (node.op) {
    case 'constant': return Float64Array.of(node.value)
    case 'size': return Float64Array.of(length(axis))
    case 'iota': return Float64Array.from({ length: length(axis) }, (_, k) => k)
    case 'parameter': return Float64Array.of(numbers?.get(node.name) ?? Number.NaN)
    default: {
      const given = inputs?.get(node.name)
      const elements = node.layout.reduce((product, axis) => product * length(axis), 1)
      if (given?.length !== elements) throw new Error(`input ${node.name} needs ${elements} values`)
      return gather(Float64Array.from(given), positions(node.layout, node.axes, length))
    }
  }
}

function take (node: Node, x: Node, i: Node, length: Length, spread: Spread): Float64Array {
  const [axis = ''] = node.over
  const at = spread(i, node.axes)
  // x with its taken axis last, repeated along what i brings.
  const outer = node.axes.filter(other => other !== axis)
  const whole = spread(x, [...outer, axis])
  const row = positions(outer, node.axes, length)
  const last = length(axis) - 1
  return at.map((k, place) =>
    whole[(row[place] ?? 0) * (last + 1) + Math.max(0, Math.min(Math.floor(k), last))] ?? 0)
}

// x[place - step], or the value outside.
function shift (node: Node, x: Node, length: Length, spread: Spread): Float64Array {
  const [axis = ''] = node.over
  const all = [...node.axes.filter(other => other !== axis), axis]
  const values = spread(x, all)
  const shifted = values.map((_, k) => {
    const place = k % length(axis) - node.step
    return place >= 0 && place < length(axis) ? values[k - node.step] ?? 0 : node.value
  })
  return gather(shifted, positions(all, node.axes, length))
}

// One place of the axis after the other: there the body is computed as if the axis had one place.
function recur (node: Node, data: Data, length: Length, spread: Spread): Float64Array {
  const [body, before] = node.args
  const [axis = ''] = node.over
  if (body === undefined || before === undefined) return new Float64Array()
  const rest = node.axes.filter(other => other !== axis)
  const count = length(axis)
  const once = (other: Axis): number => (other === axis ? 1 : length(other))
  const inside = insideOf([body])
  const size = rest.reduce((product, other) => product * length(other), 1)
  let state: Float64Array = new Float64Array(size).fill(before.value)
  const all = new Float64Array(size * count)
  for (let k = 0; k < count; k++) {
    const place = node.step > 0 ? k : count - 1 - k
    const values = new Map([[before, gather(state, positions(rest, before.axes, once))]])
    const at = (arg: Node, axes: readonly Axis[]): Float64Array => {
      if (!arg.inside && !values.has(arg)) {
        const ordered = [axis, ...arg.axes.filter(other => other !== axis)]
        const whole = spread(arg, ordered)
        const part = whole.slice(whole.length / count * place, whole.length / count * (place + 1))
        values.set(arg, gather(part, positions(ordered, arg.axes, once)))
      }
      return gather(values.get(arg) ?? [], positions(arg.axes, axes, once))
    }
    for (const each of inside) {
      if (each !== before) values.set(each, compute(each, data, once, at))
    }
    state = at(body, rest)
    all.set(state, place * size)
  }
  return gather(all, positions([axis, ...rest], node.axes, length))
}

type Row = (row: Float64Array) => Float64Array

const sum = (row: Float64Array): number => row.reduce((total, value) => total + value, 0)
const max = (row: Float64Array): number =>
  row.reduce((top, value) => Math.max(top, value), -Infinity)
const softmax: Row = row => {
  const top = max(row)
  const e = row.map(value => Math.exp(value - top))
  const total = sum(e)
  return e.map(value => value / total)
}
const logSoftmax: Row = row => {
  const top = max(row)
  const z = row.map(value => value - top)
  const log = logSum(z)
  return z.map(value => value - log)
}
const logSum = (row: Float64Array): number => {
  const top = max(row)
  const m = Math.abs(top) === Infinity ? 0 : top
  return m + Math.log(sum(row.map(value => Math.exp(value - m))))
}

const sumUp: Row = row => {
  let total = 0
  return row.map(value => (total += value))
}
const fromTheEnd = (f: Row): Row => row => f(row.toReversed()).reverse()
// Largest first, NaN before all, equal ones in order.
const sorted: Row = row => {
  const above = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b))
  const key = (place: number): number => row[place] ?? 0
  return Float64Array.from([...row.keys()].sort((a, b) =>
    Number(above(key(b), key(a))) - Number(above(key(a), key(b)))))
}

const alongAxes: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['sum', row => Float64Array.of(sum(row))],
  ['max', row => Float64Array.of(max(row))],
  ['min', row => Float64Array.of(-max(row.map(value => -value)))],
  ['logsumexp', row => Float64Array.of(logSum(row))],
  ['softmax', softmax],
  ['log_softmax', logSoftmax],
  ['cumsum', sumUp],
  ['argsort', sorted]
])

// The op along `over`, once for each place of the other axes.
function alongRows (node: Node, x: Node, f: Row, length: Length, spread: Spread): Float64Array {
  const outer = node.axes.filter(axis => !node.over.includes(axis))
  const all = [...outer, ...node.over]
  const elements = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * length(axis), 1)
  const rowLength = elements(node.over)
  const whole = spread(x, all)
  const reduced = !node.axes.some(axis => node.over.includes(axis))
  const rows: number[] = []
  for (let row = 0; row < elements(outer); row++) {
    const result = f(whole.slice(row * rowLength, (row + 1) * rowLength))
    rows.push(...(reduced ? result.slice(0, 1) : result))
  }
  return gather(rows, positions(reduced ? outer : all, node.axes, length))
}

const others: ReadonlyMap<string, (a: number, b: number, c: number) => number> = new Map([
  ['erf', erf],
  ['log_add_exp', (a: number, b: number) =>
    Math.max(a, b) + Math.log1p(Math.exp(a === b ? 0 : -Math.abs(a - b)))],
  ['log_add_exp3', (a: number, b: number, c: number) => logSum(Float64Array.of(a, b, c))]
])

// Its series near 0, its continued fraction (Lentz) beyond.
function erf (x: number): number {
  const a = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    let term = x
    let total = x
    for (let n = 1; n < 100; n++) {
      term *= -x * x / n
      total += term / (2 * n + 1)
    }
    return total * 2 / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 80; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}

function gather (values: ArrayLike<number>, at: Int32Array): Float64Array {
  return Float64Array.from(at, place => values[place] ?? Number.NaN)
}

// For each place of `to`, row-major, the place of the same position in an array over `from`.
function positions (from: readonly Axis[], to: readonly Axis[], length: Length): Int32Array {
  let places = Int32Array.of(0)
  for (const axis of to) {
    const index = from.indexOf(axis)
    const inner = from.slice(index + 1).reduce((product, other) => product * length(other), 1)
    const stride = index < 0 ? 0 : inner
    const next = new Int32Array(places.length * length(axis))
    for (let k = 0; k < next.length; k++) {
      next[k] = (places[Math.floor(k / length(axis))] ?? 0) + (k % length(axis)) * stride
    }
    places = next
  }
  return places
}
