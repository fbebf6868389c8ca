// The graph itself: equal nodes are one node, axes keep the graph's order, limits hold.

import t from 'tap'
import { Graph, originalAxis } from '../../src/formulas/graph.ts'
import { cumsum, shift } from '../../src/formulas/sequences.ts'
import { abc } from './abc.ts'

t.test('equal nodes are one node, whatever the order of a commutative op', t => {
  const { graph, a, b } = abc()
  t.equal(graph.apply('mul', a, b), graph.apply('mul', a, b))
  t.equal(graph.apply('mul', a, b), graph.apply('mul', b, a))
  for (const op of ['add', 'mul', 'minimum', 'maximum', 'eq', 'ne']) {
    t.equal(graph.apply(op, a, b), graph.apply(op, b, a), op)
  }
  for (const op of ['sub', 'div', 'pow', 'lt', 'le']) {
    t.not(graph.apply(op, a, b), graph.apply(op, b, a), op)
  }
  t.not(cumsum(graph, a, 'C', 1), cumsum(graph, a, 'C', -1))
  t.not(shift(graph, a, 'C', 1, 0), shift(graph, a, 'C', 2, 0))
  t.not(shift(graph, a, 'C', 1, 0), shift(graph, a, 'C', 1, 5))
  t.equal(graph.constant(0.1), graph.constant(0.1))
  t.not(graph.constant(0), graph.constant(-0))
  t.not(graph.constant(1), graph.constant(true))
  t.equal(graph.constant(Number.NaN), graph.constant(Number.NaN))
  t.end()
})

t.test('axes are the union of the arguments, in the order of the graph', t => {
  const { graph, a, b, c } = abc()
  t.same(a.axes, ['N', 'C'])
  t.same(a.layout, ['C', 'N'])
  t.same(graph.apply('add', b, graph.iota('N')).axes, ['N', 'C'])
  t.same(graph.apply('add', c, b).axes, ['C'])
  t.same(graph.reduce('sum', a, ['N']).axes, ['C'])
  t.same(graph.applyOver('softmax', ['C'], a).axes, ['N', 'C'])
  t.same(graph.applyOver('logsumexp', ['C'], a).axes, ['N'])
  t.same(graph.take(a, graph.iota('N'), 'C').axes, ['N'])
  t.same(graph.put(graph.iota('N'), graph.constant(1), 'C').axes, ['N', 'C'])
  graph.addAxis('M')
  t.same(graph.apply('add', graph.iota('M'), a).axes, ['N', 'C', 'M'])
  t.end()
})

t.test('a twin has the length of its original', t => {
  const { graph, b } = abc()
  t.equal(graph.twin('C', b.axes), "C'")
  t.equal(graph.twin('C', ["C'"]), "C''")
  t.equal(originalAxis("C''"), 'C')
  t.equal(graph.size("C'"), graph.size('C'))
  t.end()
})

t.test('yes/no values are told from numbers', t => {
  const { graph, a, b, yes } = abc()
  t.ok(yes.mask)
  t.ok(graph.apply('where', yes, yes, graph.apply('lt', a, b)).mask)
  t.ok(graph.take(yes, graph.constant(0), 'C').mask)
  t.notOk(graph.apply('where', yes, a, b).mask)
  t.end()
})

t.test('the limit of nodes is an error of the request; lowering has room beyond it', t => {
  const graph = new Graph(['N'], 3)
  for (const value of [1, 2, 3]) graph.constant(value)
  t.throws(() => graph.constant(4), { code: 'FORMULA_TOO_LARGE' })
  t.equal(graph.constant(3).value, 3, 'what exists is found')
  graph.allow(10)
  t.equal(graph.constant(4).value, 4)
  t.equal(graph.nodeCount, 4)
  t.end()
})
