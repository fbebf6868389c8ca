// The words that reduce along axes: sum, mean, max, min, any, norm. Without axes they take all.

import { fail } from './fault.ts'
import type { Axis, Graph, Node } from './graph.ts'
import { namedAxes, none, presentAxes, type Word, word } from './word.ts'

export const reductions: readonly Word[] = [
  reduction('sum', 'the sum along the axes; over one that x lacks, x times its length',
    (graph, x, axes) => graph.reduce('sum', x, axes)),
  reduction('mean', 'the sum divided by the length', mean),
  reduction('max', 'the largest along the axes; ties share the gradient',
    (graph, x, axes) => graph.reduce('max', x, axes)),
  reduction('min', 'the smallest along the axes; ties share the gradient',
    (graph, x, axes) => graph.reduce('min', x, axes)),
  word('any(c, axis, …)', 'true if c is true anywhere along the axes', [1, none, 1],
    (tracer, args, call) => {
      const c = tracer.yesNoOf(args[0], call, 0)
      const axes = presentAxes(tracer, c, args, 1, call)
      const { graph } = tracer
      const [zero, one] = [graph.constant(0), graph.constant(1)]
      if (axes.length === 0) return c
      return graph.apply('gt', graph.reduce('sum', graph.apply('where', c, one, zero), axes), zero)
    }),
  word('norm(x, p, axis, …)', 'the p-th root of the sum of |x| ** p; its slope at 0 is 0',
    [2, none, 2], (tracer, args, call) => {
      const x = tracer.numberOf(args[0], call, 0)
      const p = tracer.numberOf(args[1], call, 1)
      if (p.op === 'constant') {
        return norm(tracer.graph, x, p.value, namedAxes(tracer, x, args, 2, call))
      }
      return fail(call.position, 'norm needs a p that is known: a number or a static option.')
    })
]

type Reduce = (graph: Graph, x: Node, axes: readonly Axis[]) => Node

function reduction (name: string, summary: string, reduce: Reduce): Word {
  return word(`${name}(x, axis, …)`, summary, [1, none, 1], (tracer, args, call) => {
    const x = tracer.numberOf(args[0], call, 0)
    return reduce(tracer.graph, x, namedAxes(tracer, x, args, 1, call))
  })
}

function mean (graph: Graph, x: Node, axes: readonly Axis[]): Node {
  const present = graph.sort(axes.filter(axis => x.axes.includes(axis)))
  const length = present.map(axis => graph.size(axis))
    .reduce((a, b) => graph.apply('mul', a, b), graph.constant(1))
  return graph.apply('div', graph.reduce('sum', x, present), length)
}

function norm (graph: Graph, x: Node, p: number, axes: readonly Axis[]): Node {
  const [nothing, one] = [graph.constant(0), graph.constant(1)]
  if (p === 0) {
    const differs = graph.apply('ne', x, nothing)
    return graph.reduce('sum', graph.apply('where', differs, one, nothing), axes)
  }
  const size = graph.apply('abs', x)
  if (p === 1) return graph.reduce('sum', size, axes)
  if (p === Number.POSITIVE_INFINITY) return graph.reduce('max', size, axes)
  if (p === 2) return graph.apply('sqrt0', graph.reduce('sum', graph.apply('mul', x, x), axes))
  const total = graph.reduce('sum', graph.apply('pow', size, graph.constant(p)), axes)
  // Where the sum is 0, its root is computed of 1 instead: 0 · ∞ must not reach the gradient.
  const zero = graph.apply('eq', total, nothing)
  const safe = graph.apply('where', zero, one, total)
  const root = graph.apply('pow', safe, graph.constant(1 / p))
  return graph.apply('where', zero, nothing, root)
}
