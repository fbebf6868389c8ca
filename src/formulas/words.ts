// The words of the language. Those that are rows of src/ops come from there; reductions, axes and
// what is known before anything runs are written here. A word says what it takes and how it is traced.

import { type Op, ops } from '../ops/index.ts'
import { fail } from './fault.ts'
import type { Node } from './graph.ts'
import type { Call } from './syntax.ts'
import type { Tracer } from './tracer.ts'
import { isAxis, isNode, type Value } from './values.ts'

export interface Word {
  /** How it is written. */
  readonly usage: string
  readonly summary: string
  /** How many arguments it takes. */
  readonly least: number
  readonly most: number
  /** The index of the first argument that is an axis; infinite if none is. */
  readonly axesFrom: number
  /** Why it cannot be used; absent for words that can. */
  readonly missing?: string
  trace (tracer: Tracer, args: readonly Value[], call: Call): Value
}

/** Names that stand for a number unless the text uses them for its own. */
export const constants: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI], ['e', Math.E], ['inf', Number.POSITIVE_INFINITY]
])

const none = Number.POSITIVE_INFINITY

/** The word of an op row: its arguments are numbers, then axes if it has them. */
function ofRow (row: Op): Word {
  const count = row.arguments.length
  const axis = row.over === true ? (row.reduces === true ? ', axis, …' : ', axis') : ''
  return {
    usage: `${row.name}(${row.arguments.join(', ')}${axis})`,
    summary: row.value ?? '',
    least: row.over === true && row.reduces !== true ? count + 1 : count,
    most: row.over === true ? none : count,
    axesFrom: row.over === true ? count : none,
    trace (tracer, args, call) {
      const numbers = args.slice(0, count).map((value, index) => tracer.numberOf(value, call, index))
      if (row.over !== true) return tracer.graph.apply(row.name, ...numbers)
      const [x] = numbers
      const over = axesOf(tracer, x, args.slice(count), call)
      if (x !== undefined && over.length > 0) return tracer.graph.applyOver(row.name, over, ...numbers)
      return fail(call.position, `${row.name} needs a value that has the axis.`)
    }
  }
}

/** Every op of the table by its own name, for the texts of the table itself. */
export const innerWords: ReadonlyMap<string, Word> = new Map(
  ops.filter(row => !row.word).map(row => [row.name, ofRow(row)]))

const reductions: readonly (readonly [name: string, summary: string, reduce: Reduce])[] = [
  ['sum', 'the sum along the axes, or over all', (tracer, x, axes) => tracer.graph.reduce('sum', x, axes)],
  ['mean', 'the sum divided by the length', (tracer, x, axes) => mean(tracer, x, axes)],
  ['max', 'the largest along the axes; ties share the gradient', (tracer, x, axes) => tracer.graph.reduce('max', x, axes)],
  ['min', 'the smallest along the axes', (tracer, x, axes) => tracer.graph.reduce('min', x, axes)]
]
type Reduce = (tracer: Tracer, x: Node, axes: readonly string[]) => Node

const own: readonly (readonly [name: string, word: Word])[] = [
  ...reductions.map(([name, summary, reduce]) => [name, {
    usage: `${name}(x, axis, …)`,
    summary,
    least: 1,
    most: none,
    axesFrom: 1,
    trace: (tracer: Tracer, args: readonly Value[], call: Call) => {
      const x = tracer.numberOf(args[0], call, 0)
      return reduce(tracer, x, named(tracer, x, args.slice(1), call))
    }
  }] as const),
  ['any', {
    usage: 'any(c, axis, …)',
    summary: 'true if c is true anywhere along the axes',
    least: 1,
    most: none,
    axesFrom: 1,
    trace (tracer, args, call) {
      const { graph } = tracer
      const c = tracer.yesNoOf(args[0], call, 0)
      const axes = axesOf(tracer, c, args.slice(1), call)
      if (axes.length === 0) return c
      const count = graph.reduce('sum', graph.apply('where', c, graph.constant(1), graph.constant(0)), axes)
      return graph.apply('gt', count, graph.constant(0))
    }
  }],
  ['norm', {
    usage: 'norm(x, p, axis, …)',
    summary: 'the p-th root of the sum of |x| ** p; its gradient at 0 is 0',
    least: 2,
    most: none,
    axesFrom: 2,
    trace (tracer, args, call) {
      const x = tracer.numberOf(args[0], call, 0)
      const p = tracer.numberOf(args[1], call, 1)
      if (p.op !== 'constant') fail(call.position, 'norm needs a p that is known: a number or a static option.')
      return norm(tracer, x, p.value, named(tracer, x, args.slice(2), call))
    }
  }],
  ['log_add_exp', {
    usage: 'log_add_exp(a, b, …)',
    summary: 'log(exp(a) + exp(b) + …)',
    least: 2,
    most: none,
    axesFrom: none,
    trace: (tracer, args, call) => args
      .map((value, index) => tracer.numberOf(value, call, index))
      .reduce((a, b) => tracer.graph.apply('log_add_exp', a, b))
  }],
  ['index', {
    usage: 'index(axis)',
    summary: 'the position along the axis, from 0',
    least: 1,
    most: 1,
    axesFrom: 0,
    trace (tracer, args, call) {
      const { graph } = tracer
      let place = graph.constant(0)
      for (const axis of tracer.axesOf(args[0], call, 0)) {
        place = graph.apply('add', graph.apply('mul', place, graph.size(axis)), graph.iota(axis))
      }
      return place
    }
  }],
  ['with_derivative', {
    usage: 'with_derivative(value, x, slope, …)',
    summary: 'value, whose derivative by x is slope',
    least: 3,
    most: none,
    axesFrom: none,
    trace (tracer, args, call) {
      if (args.length % 2 === 0) fail(call.position, 'with_derivative takes a value, then pairs of x and slope.')
      const numbers = args.map((value, index) => tracer.numberOf(value, call, index))
      return tracer.graph.apply('with_derivative', ...numbers)
    }
  }],
  ['has', {
    usage: 'has(x, axis)',
    summary: 'whether x has the axis; known before anything runs',
    least: 2,
    most: 2,
    axesFrom: 1,
    trace (tracer, [x, axis], call) {
      const { axes } = tracer.numberOf(x, call, 0)
      return tracer.graph.constant(tracer.axesOf(axis, call, 1).some(name => axes.includes(name)))
    }
  }],
  ['given', {
    usage: 'given(x)',
    summary: 'whether the request gives the argument x; known before anything runs',
    least: 1,
    most: 1,
    axesFrom: none,
    trace: (tracer, _, call) => tracer.graph.constant(!tracer.missing.has(nameOf(call, 0)))
  }],
  ['differs', {
    usage: 'differs(a, b)',
    summary: 'whether a and b have different axes, so that one is broadcast; known before anything runs',
    least: 2,
    most: 2,
    axesFrom: none,
    trace (tracer, args, call) {
      const [a, b] = [tracer.numberOf(args[0], call, 0), tracer.numberOf(args[1], call, 1)]
      return tracer.graph.constant(a.axes.join() !== b.axes.join())
    }
  }],
  unavailable('axis', 'axis(length)', 'a further axis of that length: M = axis(N)'),
  unavailable('order', 'order(x, from, to)', 'the places of x along `from`, largest first', 'sorting'),
  unavailable('cumsum', 'cumsum(x, axis)', 'the running sum', 'running sums'),
  unavailable('scan', 'scan(axis, previous => next, start)', 'a recurrence', 'recurrences'),
  unavailable('uniform', 'uniform(seed, x)', 'random numbers of the shape of x', 'random numbers')
]

/** The words, by name. */
export const words: ReadonlyMap<string, Word> = new Map([
  ...ops.filter(row => row.word).map(row => [row.name, ofRow(row)] as const),
  ...own
])

// `axis` is a statement of its own; the others wait for their op.
function unavailable (name: string, usage: string, summary: string, what?: string): readonly [string, Word] {
  const word = { usage, summary, least: 1, most: none, axesFrom: none }
  const trace = (): never => { throw new Error(`${name} is not traced`) }
  return [name, what === undefined ? { ...word, trace } : { ...word, missing: `${what} come later`, trace }]
}

// The axes named by the arguments, or all of x.
function named (tracer: Tracer, x: Node, args: readonly Value[], call: Call): readonly string[] {
  return args.length === 0 ? x.axes : args.flatMap((value, index) => tracer.axesOf(value, call, index + 1))
}

// Those of them that x has.
function axesOf (
  tracer: Tracer, x: Node | undefined, args: readonly Value[], call: Call
): readonly string[] {
  return x === undefined ? [] : named(tracer, x, args, call).filter(axis => x.axes.includes(axis))
}

function mean ({ graph }: Tracer, x: Node, axes: readonly string[]): Node {
  const present = graph.sort(axes.filter(axis => x.axes.includes(axis)))
  const length = present.map(axis => graph.size(axis)).reduce((a, b) => graph.apply('mul', a, b), graph.constant(1))
  return graph.apply('div', graph.reduce('sum', x, present), length)
}

function norm ({ graph }: Tracer, x: Node, p: number, axes: readonly string[]): Node {
  const size = graph.apply('abs', x)
  if (p === 1) return graph.reduce('sum', size, axes)
  if (p === Number.POSITIVE_INFINITY) return graph.reduce('max', size, axes)
  if (p === 2) return graph.apply('sqrt0', graph.reduce('sum', graph.apply('mul', x, x), axes))
  const total = graph.reduce('sum', graph.apply('pow', size, graph.constant(p)), axes)
  // Where the sum is 0, its root is computed of 1 instead: 0 · ∞ must not reach the gradient.
  const zero = graph.apply('eq', total, graph.constant(0))
  const safe = graph.apply('where', zero, graph.constant(1), total)
  return graph.apply('where', zero, graph.constant(0), graph.apply('pow', safe, graph.constant(1 / p)))
}

function nameOf (call: Call, index: number): string {
  const argument = call.arguments[index]
  if (argument?.kind === 'name') return argument.name
  return fail(argument?.position ?? call.position, `${call.name} takes the name of an argument.`)
}

/** For sentences: what a value is. */
export function describe (value: Value): string {
  if (isNode(value)) return value.mask ? 'a yes/no value' : 'a number'
  if (isAxis(value)) return 'an axis'
  return value.kind === 'text' ? `the text '${value.text}'` : 'a function'
}
