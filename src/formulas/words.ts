// The words of the language. Those that are rows of src/ops come from there, reductions from
// reductions.ts, recurrences and their like from scanning.ts; what concerns axes, and what is known
// before anything runs, is written here.

import { type Op, ops } from '../ops/index.ts'
import { fail } from './fault.ts'
import type { Node } from './graph.ts'
import { reductions } from './reductions.ts'
import { sequenceWords } from './scanning.ts'
import type { Call } from './syntax.ts'
import { traceScope } from './trace.ts'
import type { Tracer } from './tracer.ts'
import { isNode, type Value } from './values.ts'
import { namedAxes, nameOf, none, type Word, word } from './word.ts'

export type { Word } from './word.ts'

/** Names that stand for a number unless the text uses them for its own. */
export const constants: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI], ['e', Math.E], ['inf', Number.POSITIVE_INFINITY]
])

const own: readonly Word[] = [
  word('log_add_exp(a, b, …)', 'log(exp(a) + exp(b) + …)', [2, none, none],
    (tracer, args, call) => {
      // Three at a time: one logarithm for two more.
      const numbers = args.map((value, index) => tracer.numberOf(value, call, index))
      const [first = tracer.graph.constant(0), ...rest] = numbers
      let total = first
      for (let k = 0; k < rest.length; k += 2) {
        const more = rest.slice(k, k + 2)
        const op = more.length === 2 ? 'log_add_exp3' : 'log_add_exp'
        total = tracer.graph.apply(op, total, ...more)
      }
      return total
    }),
  word('index(axis)', 'the position along the axis, from 0', [1, 1, 0],
    (tracer, [axis], call) => {
      const { graph } = tracer
      // The axes that a group became count together, the last one fastest.
      return tracer.axesOf(axis, call, 0).reduce((place, next) =>
        graph.apply('add', graph.apply('mul', place, graph.size(next)), graph.iota(next)),
      graph.constant(0))
    }),
  word('with_derivative(value, x, slope, …)', 'value, whose derivative by x is slope',
    [3, none, none], (tracer, args, call) => {
      if (args.length % 2 === 0) {
        fail(call.position, 'with_derivative takes a value, then pairs of x and slope.')
      }
      const numbers = args.map((value, index) => tracer.numberOf(value, call, index))
      return tracer.graph.apply('with_derivative', ...numbers)
    }),
  word('has(x, axis)', 'whether x has the axis; known before anything runs', [2, 2, 1],
    (tracer, [x, axis], call) => {
      const { axes } = nodeOf(tracer, x, call, 0)
      return tracer.graph.constant(tracer.axesOf(axis, call, 1).some(name => axes.includes(name)))
    }),
  word('given(x)', 'whether the argument x is given; known before anything runs', [1, 1, none],
    (tracer, _, call) => tracer.graph.constant(!tracer.missing.has(nameOf(call, 0)))),
  word('differs(a, b)', 'whether one of two arguments is broadcast; known before anything runs',
    [2, 2, none], (tracer, args, call) => {
      const [a, b] = [nodeOf(tracer, args[0], call, 0), nodeOf(tracer, args[1], call, 1)]
      return tracer.graph.constant(a.axes.join() !== b.axes.join())
    }),
  // A statement of its own, M = axis(N): it is not traced as a word.
  reserved('axis(length)', 'a further axis of that length', ''),
  reserved('uniform(seed, x)', 'random numbers of the shape of x', 'random numbers')
]

/** The words, by name. */
export const words: ReadonlyMap<string, Word> = byName([
  ...ops.filter(row => row.word).map(ofRow), ...reductions, ...sequenceWords, ...own
])

/** The ops that are no words, for the texts of the op table itself. */
export const innerWords: ReadonlyMap<string, Word> = byName(
  ops.filter(row => !row.word).map(ofRow))

// A number or yes/no.
function nodeOf (tracer: Tracer, value: Value | undefined, call: Call, index: number): Node {
  return value !== undefined && isNode(value) ? value : tracer.numberOf(value, call, index)
}

function byName (list: readonly Word[]): ReadonlyMap<string, Word> {
  return new Map(list.map(entry => [entry.name, entry]))
}

// Numbers, then axes if the op has them.
function ofRow (row: Op): Word {
  const count = row.arguments.length
  const over = row.over === true
  const axis = over ? `, axis${row.reduces === true ? ', …' : ''}` : ''
  const least = over && row.reduces !== true ? count + 1 : count
  return word(`${row.name}(${row.arguments.join(', ')}${axis})`, row.value ?? '',
    [least, over ? none : count, over ? count : none], (tracer, args, call) => {
      const numbers = args.slice(0, count)
        .map((value, index) => tracer.numberOf(value, call, index))
      const [x] = numbers
      if (!over || x === undefined) return tracer.graph.apply(row.name, ...numbers)
      const named = namedAxes(tracer, x, args, count, call)
      const axes = named.filter(axis => x.axes.includes(axis))
      // Along an axis that x lacks the same number stands as often as the axis has places.
      if (axes.length > 0 && axes.length < named.length && row.value !== undefined) {
        const names = new Map(row.arguments.map((name, index) => [name, numbers[index] ?? x]))
        return traceScope(row.value, { names, over: named }, tracer.graph)
      }
      if (axes.length > 0) return tracer.graph.applyOver(row.name, axes, ...numbers)
      return fail(call.position, `${row.name} needs a value that has the axis.`)
    })
}

function reserved (usage: string, summary: string, waiting: string): Word {
  const trace = (): never => { throw new Error(`${usage} is not traced`) }
  const missing = waiting === '' ? '' : `${waiting} will come later`
  return word(usage, summary, [1, none, none], trace, missing)
}
