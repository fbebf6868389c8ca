// The algebra that holds while a graph is built: each rule gives the very node of the shorter form,
// and what would change a NaN or make more work stays as it is.

import t from 'tap'
import type { Node } from '../../src/formulas/graph.ts'
import { abc } from './abc.ts'

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
  '-x + y is y - x': ({ graph, a, b }) =>
    [graph.apply('add', graph.apply('neg', a), b), graph.apply('sub', b, a)],
  'x + -2 is x - 2': ({ graph, a }, n) =>
    [graph.apply('add', a, n(-2)), graph.apply('sub', a, n(2))],
  'x - -y is x + y': ({ graph, a, b }) =>
    [graph.apply('sub', a, graph.apply('neg', b)), graph.apply('add', a, b)],
  '-x - y is -(x + y)': ({ graph, a, b }) => [
    graph.apply('sub', graph.apply('neg', a), b),
    graph.apply('neg', graph.apply('add', a, b))
  ],
  'x - -2 is x + 2': ({ graph, a }, n) =>
    [graph.apply('sub', a, n(-2)), graph.apply('add', a, n(2))],
  '0 / x is 0': ({ graph, a }, n) => [graph.apply('div', n(0), a), n(0)],
  'x / -1 is -x': ({ graph, a }, n) => [graph.apply('div', a, n(-1)), graph.apply('neg', a)],
  '-x / y is -(x / y)': ({ graph, a, b }) => [
    graph.apply('div', graph.apply('neg', a), b),
    graph.apply('neg', graph.apply('div', a, b))
  ],
  'x / -y is -(x / y)': ({ graph, a, b }) => [
    graph.apply('div', a, graph.apply('neg', b)),
    graph.apply('neg', graph.apply('div', a, b))
  ],
  '-2 / x is -(2 / x)': ({ graph, a }, n) =>
    [graph.apply('div', n(-2), a), graph.apply('neg', graph.apply('div', n(2), a))],
  'x · -2 is -(2 · x)': ({ graph, a }, n) =>
    [graph.apply('mul', a, n(-2)), graph.apply('neg', graph.apply('mul', n(2), a))],
  '-x · y is -(x · y)': ({ graph, a, b }) => [
    graph.apply('mul', graph.apply('neg', a), b),
    graph.apply('neg', graph.apply('mul', a, b))
  ],
  '2 · (3 / x) is 6 / x': ({ graph, a }, n) =>
    [graph.apply('mul', n(2), graph.apply('div', n(3), a)), graph.apply('div', n(6), a)],
  '|-x| is |x|': ({ graph, a }) =>
    [graph.apply('abs', graph.apply('neg', a)), graph.apply('abs', a)],
  'what is whole is not rounded': ({ graph, a }, n) => {
    const whole = [
      graph.iota('C'), graph.size('C'), graph.apply('floor', a), graph.input('i', ['N'], 'INT64')
    ]
    return [whole.every(x => graph.apply('floor', x) === x) ? n(1) : n(0), n(1)]
  },
  '1 ** x is 1': ({ graph, a }, n) => [graph.apply('pow', n(1), a), n(1)],
  'the smaller of x and x is x': ({ graph, a }) => [graph.apply('minimum', a, a), a],
  'the larger of x and x is x': ({ graph, a }) => [graph.apply('maximum', a, a), a],
  'x < x is false': ({ graph, a }) => [graph.apply('lt', a, a), graph.constant(false)],
  'x > x is false': ({ graph, a }) => [graph.apply('gt', a, a), graph.constant(false)],
  'x == x is asked: NaN is not': ({ graph, a }, n) =>
    [graph.apply('eq', a, a).op === 'eq' ? n(1) : n(0), n(1)],
  '!!c is c': ({ graph, yes }) => [graph.apply('not', graph.apply('not', yes)), yes],
  'c && c is c': ({ graph, yes }) => [graph.apply('and', yes, yes), yes],
  'c || c is c': ({ graph, yes }) => [graph.apply('or', yes, yes), yes],
  'c && false is false': ({ graph, yes }) =>
    [graph.apply('and', yes, graph.constant(false)), graph.constant(false)],
  'false && c is false': ({ graph, yes }) =>
    [graph.apply('and', graph.constant(false), yes), graph.constant(false)],
  'true && c is c': ({ graph, yes }) => [graph.apply('and', graph.constant(true), yes), yes],
  'c || false is c': ({ graph, yes }) => [graph.apply('or', yes, graph.constant(false)), yes],
  'false || c is c': ({ graph, yes }) => [graph.apply('or', graph.constant(false), yes), yes],
  'true || c is true': ({ graph, yes }) =>
    [graph.apply('or', graph.constant(true), yes), graph.constant(true)],
  'false ? x : y is y': ({ graph, a, b }) =>
    [graph.apply('where', graph.constant(false), a, b), b],
  'yes/no values of known conditions are yes/no': ({ graph }) => [
    graph.apply('where', graph.constant(true), graph.constant(true), graph.constant(false)),
    graph.constant(true)
  ],
  'c ? (c ? x : y) : z is c ? x : z': ({ graph, a, b, c, yes }) => [
    graph.apply('where', yes, graph.apply('where', yes, a, b), c),
    graph.apply('where', yes, a, c)
  ],
  'c ? x : (c ? y : z) is c ? x : z': ({ graph, a, b, c, yes }) => [
    graph.apply('where', yes, a, graph.apply('where', yes, b, c)),
    graph.apply('where', yes, a, c)
  ],
  'c ? -x : 0 is -(c ? x : 0)': ({ graph, a, yes }, n) => [
    graph.apply('where', yes, graph.apply('neg', a), n(0)),
    graph.apply('neg', graph.apply('where', yes, a, n(0)))
  ],
  'a stopped gradient is stopped once': ({ graph, a }) => {
    const stopped = graph.apply('stop_gradient', a)
    return [graph.apply('stop_gradient', stopped), stopped]
  },
  '(c ? x : 0) / 2 is c ? x / 2 : 0': ({ graph, a, yes }, n) => [
    graph.apply('div', graph.apply('where', yes, a, n(0)), n(4)),
    graph.apply('where', yes, graph.apply('div', a, n(4)), n(0))
  ],
  '(c ? x : 0) / N is c ? x / N : 0': ({ graph, a, yes }, n) => [
    graph.apply('div', graph.apply('where', yes, a, n(0)), graph.size('N')),
    graph.apply('where', yes, graph.apply('div', a, graph.size('N')), n(0))
  ],
  '(c ? 0 : x) · y is c ? 0 : x · y': ({ graph, a, b, yes }, n) => [
    graph.apply('mul', b, graph.apply('where', yes, n(0), a)),
    graph.apply('where', yes, n(0), graph.apply('mul', a, b))
  ],
  '(c ? x : 0) · (1 - p) is c ? x · (1 - p) : 0': ({ graph, a, c, yes }, n) => {
    const rest = graph.apply('sub', n(1), c)
    return [
      graph.apply('mul', graph.apply('where', yes, a, n(0)), rest),
      graph.apply('where', yes, graph.apply('mul', a, rest), n(0))
    ]
  },
  '(c ? 1 : 0) · y is c ? y : 0, also of more axes': ({ graph, a, b }, n) => {
    const row = graph.apply('gt', b, n(0))
    return [
      graph.apply('mul', graph.apply('where', row, n(1), n(0)), a),
      graph.apply('where', row, a, n(0))
    ]
  },
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

t.test('a choice of zeros stays a factor of what may be infinite, or has more axes', t => {
  const { graph, a, b, yes } = abc()
  const zeros = (condition: Node, x: Node): Node =>
    graph.apply('where', condition, x, graph.constant(0))
  const chosen = zeros(yes, a)
  const kept = [
    graph.apply('mul', chosen, graph.apply('exp', a)),
    graph.apply('mul', chosen, graph.apply('add', a, b)),
    graph.apply('mul', chosen, graph.constant(Infinity)),
    graph.apply('mul', zeros(graph.apply('gt', b, graph.constant(0)), b), a)
  ]
  t.same(kept.map(({ op }) => op), kept.map(() => 'mul'))
  // 0 / 0 is NaN.
  t.equal(graph.apply('div', chosen, graph.constant(0)).op, 'div')
  t.equal(graph.apply('div', chosen, b).op, 'div')
  t.end()
})
