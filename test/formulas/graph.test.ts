// The graph itself: equal nodes are one node, known values fold, axes keep the graph's order.

import t from 'tap'
import { Graph, type Node, originalAxis } from '../../src/formulas/graph.ts'

function abc (): { graph: Graph, a: Node, b: Node, c: Node, yes: Node } {
  const graph = new Graph(['N', 'C'])
  const a = graph.input('a', ['C', 'N'], 'real')
  const b = graph.input('b', ['C'], 'real')
  const c = graph.parameter('c')
  return { graph, a, b, c, yes: graph.apply('gt', a, b) }
}

t.test('equal nodes are one node, whatever the order of a commutative op', t => {
  const { graph, a, b } = abc()
  t.equal(graph.apply('mul', a, b), graph.apply('mul', a, b))
  t.equal(graph.apply('mul', a, b), graph.apply('mul', b, a))
  t.not(graph.apply('sub', a, b), graph.apply('sub', b, a))
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

type Fold = (setting: ReturnType<typeof abc>, number: (value: number) => Node) => [Node, Node]
const folds: Readonly<Record<string, Fold>> = {
  '0 · x is 0': ({ graph, a }, n) => [graph.apply('mul', a, n(0)), n(0)],
  '1 · x is x': ({ graph, a }, n) => [graph.apply('mul', n(1), a), a],
  'x + 0 is x': ({ graph, a }, n) => [graph.apply('add', a, n(0)), a],
  'x - 0 is x': ({ graph, a }, n) => [graph.apply('sub', a, n(0)), a],
  '0 - x is -x': ({ graph, a }, n) => [graph.apply('sub', n(0), a), graph.apply('neg', a)],
  'x / 1 is x': ({ graph, a }, n) => [graph.apply('div', a, n(1)), a],
  'x + x is 2 · x': ({ graph, a }, n) => [graph.apply('add', a, a), graph.apply('mul', n(2), a)],
  '--x is x': ({ graph, a }) => [graph.apply('neg', graph.apply('neg', a)), a],
  'x + -y is x - y': ({ graph, a, b }) =>
    [graph.apply('add', a, graph.apply('neg', b)), graph.apply('sub', a, b)],
  '-(x - y) is y - x': ({ graph, a, b }) =>
    [graph.apply('neg', graph.apply('sub', a, b)), graph.apply('sub', b, a)],
  '2 · (3 · x) is 6 · x': ({ graph, a }, n) =>
    [graph.apply('mul', n(2), graph.apply('mul', n(3), a)), graph.apply('mul', n(6), a)],
  'x ** 1 is x': ({ graph, a }, n) => [graph.apply('pow', a, n(1)), a],
  'x ** 0 is 1': ({ graph, a }, n) => [graph.apply('pow', a, n(0)), n(1)],
  'numbers are computed': ({ graph }, n) =>
    [graph.apply('sqrt', graph.apply('div', n(9), n(4))), n(1.5)],
  'comparisons of numbers are known': ({ graph, a, b }, n) =>
    [graph.apply('where', graph.apply('lt', n(1), n(2)), a, b), a],
  'equal branches need no condition': ({ graph, a, yes }) => [graph.apply('where', yes, a, a), a],
  'x && true is x': ({ graph, yes }) => [graph.apply('and', yes, graph.constant(true)), yes],
  'x || true is true': ({ graph, yes }) =>
    [graph.apply('or', yes, graph.constant(true)), graph.constant(true)],
  '!c ? x : y is c ? y : x': ({ graph, a, b, yes }) =>
    [graph.apply('where', graph.apply('not', yes), a, b), graph.apply('where', yes, b, a)],
  '(c ? x : 0) · y is c ? x · y : 0': ({ graph, a, b, yes }, n) => [
    graph.apply('mul', graph.apply('where', yes, a, n(0)), b),
    graph.apply('where', yes, graph.apply('mul', a, b), n(0))
  ],
  'equal conditions merge': ({ graph, a, b, yes }, n) => [
    graph.apply('add', graph.apply('where', yes, a, n(0)), graph.apply('where', yes, n(0), b)),
    graph.apply('where', yes, a, b)
  ],
  'a sum over an axis that x lacks is x times its length': ({ graph, b }) =>
    [graph.reduce('sum', b, ['N']), graph.apply('mul', b, graph.size('N'))],
  'max over an axis that x lacks is x': ({ graph, b }) => [graph.reduce('max', b, ['N']), b],
  'taking along an axis that x lacks is x': ({ graph, b }, n) => [graph.take(b, n(1), 'N'), b],
  'x[C = index(C)] is x': ({ graph, a }) => [graph.take(a, graph.iota('C'), 'C'), a],
  'exp(log_softmax(x)) is softmax(x)': ({ graph, a }) =>
    [
      graph.apply('exp', graph.applyOver('log_softmax', ['C'], a)),
      graph.applyOver('softmax', ['C'], a)
    ]
}
for (const [title, fold] of Object.entries(folds)) {
  t.test(title, t => {
    const setting = abc()
    const [found, wanted] = fold(setting, value => setting.graph.constant(value))
    t.equal(found, wanted)
    t.end()
  })
}

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
