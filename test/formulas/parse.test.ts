// Text to tree: precedence, where statements end, declarations, and the limits that no text passes.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { parse, parseExpression } from '../../src/formulas/parse.ts'
import type { Expression } from '../../src/formulas/syntax.ts'

// The tree in brackets, as in Lisp.
function show (expression: Expression): string {
  switch (expression.kind) {
    case 'number': case 'boolean': return String(expression.value)
    case 'text': return `'${expression.text}'`
    case 'name': return expression.name
    case 'unary': return `(${expression.operator} ${show(expression.argument)})`
    case 'binary':
      return `(${expression.operator} ${show(expression.left)} ${show(expression.right)})`
    case 'choice':
      return `(? ${[expression.condition, expression.yes, expression.no].map(show).join(' ')})`
    case 'call': return `(${[expression.name, ...expression.arguments.map(show)].join(' ')})`
    case 'take': {
      const takes = expression.takes.map(({ axis, index }) => `${axis}=${show(index)}`)
      return `([] ${show(expression.argument)} ${takes.join(' ')})`
    }
    case 'function': return `(=> ${expression.parameters.join(' ')} ${show(expression.body)})`
  }
}

t.test('operators bind as tightly as they should', async t => {
  const trees: readonly (readonly [text: string, tree: string])[] = [
    ['a + b * c', '(+ a (* b c))'],
    ['a - b - c', '(- (- a b) c)'],
    ['a / b * c % d', '(% (* (/ a b) c) d)'],
    ['-a ** 2', '(- (** a 2))'],
    ['(-a) ** 2', '(** (- a) 2)'],
    ['a ** -b ** c', '(** a (- (** b c)))'],
    ['a * -b', '(* a (- b))'],
    ['+a', 'a'],
    ['a || b && c == d < e + 1', '(|| a (&& b (== c (< d (+ e 1)))))'],
    ['!a && b', '(&& (! a) b)'],
    ['a ? b : c ? d : e', '(? a b (? c d e))'],
    ['a > 0 ? -a : b + 1', '(? (> a 0) (- a) (+ b 1))'],
    ['f(x, y)[target] + 1', '(+ ([] (f x y) =target) 1)'],
    ['x[N = index(M), M = i][C = 0]', '([] ([] x N=(index M) M=i) C=0)'],
    ['x => x + 1', '(=> x (+ x 1))'],
    ['(a, b) => a ? b : 0', '(=> a b (? a b 0))'],
    ["kind == 'mean'", "(== kind 'mean')"],
    ["kind == '('", "(== kind '(')"],
    ['!false && true', '(&& (! false) true)'],
    ['.25 + 1e+2 + 3E-1', '(+ (+ 0.25 100) 0.3)'],
    ['+-a - +b', '(- (- a) b)'],
    ['x[(a)][b] ** 2', '(** ([] ([] x =a) =b) 2)'],
    ['1.5e-3 + .5 + 2. + true', '(+ (+ (+ 0.0015 0.5) 2) true)'],
    ['tail.0.0.weight * 2', '(* tail.0.0.weight 2)'],
    ['sum(a,\n  C,\n)', '(sum a C)']
  ]
  for (const [text, tree] of trees) t.equal(show(parseExpression(text)), tree, text)
  for (const text of ['true', 'false']) t.match(parseExpression(text), { kind: 'boolean' })
})

t.test('a line ends a statement unless something is open or goes on', async t => {
  const statements = (text: string): string[] =>
    parse(text).statements.map(({ name, expression }) => `${name}=${show(expression)}`)
  t.same(statements('a = 1\nb = 2; c = 3 // three\n\n a'), ['a=1', 'b=2', 'c=3', '=a'])
  t.same(statements('x = a +\n b\nx'), ['x=(+ a b)', '=x'])
  t.same(statements('x = a\n * b\nx'), ['x=(* a b)', '=x'])
  t.same(statements('x = a\n  ? b\n  : c\nx'), ['x=(? a b c)', '=x'])
  t.same(statements('x = a\n-b'), ['x=a', '=(- b)'])
  t.same(statements('x = a\n(b)'), ['x=a', '=b'])
  t.same(statements('x = (a\n- b)\nx'), ['x=(- a b)', '=x'])
  t.same(statements('x = !a\n!x'), ['x=(! a)', '=(! x)'])
  t.same(statements('loss = 1'), ['loss=1'])
})

t.test('declarations say what an argument is', async t => {
  const [tensor, option, choice, state] = parse(`
    target: class(H)[N?, K = 4, ...S] | real[N~?, ...] >= -1 < inf like input = 1
    delta: static number > 0 = -1.5
    kind: 'a' | 'b' = 'a'
    velocity: state real[...]
    1`).declarations
  t.match(tensor, {
    name: 'target',
    modifier: '',
    types: [
      {
        word: 'class',
        along: 'H',
        axes: [
          { name: 'N', optional: true, broadcasts: false, group: false },
          { name: 'K', optional: false, length: 4 },
          { name: 'S', group: true }
        ]
      },
      { word: 'real', axes: [{ name: 'N', optional: true, broadcasts: true }, { name: '...' }] }
    ],
    bounds: [{ operator: '>=', value: -1 }, { operator: '<', value: Infinity }],
    relation: { word: 'like', name: 'input' },
    default: 1
  })
  t.match(option, { modifier: 'static', types: [{ word: 'number', axes: null }], default: -1.5 })
  t.match(choice, { types: [{ choice: 'a' }, { choice: 'b' }], default: 'a' })
  t.match(state, { modifier: 'state' })
})

t.test('positions count UTF-16 units from 0', async t => {
  const { statements: [first, last] } = parse('// Ω 😀\na = b\nc(d)')
  t.equal(first?.position, 8)
  t.equal(first?.expression.position, 12)
  t.equal(last?.position, 14)
})

t.test('limits hold', async t => {
  const codes = (text: string): string => {
    try {
      parse(text)
      return 'ok'
    } catch (error) {
      if (!(error instanceof LossdError)) throw error
      return error.code
    }
  }
  t.equal(codes(`x${' '.repeat(16_383)}`), 'ok')
  t.equal(codes(`x${' '.repeat(16_384)}`), 'FORMULA_TOO_LARGE')
  t.equal(codes(`${'x+'.repeat(2_047)}x`), 'ok', '4,095 tokens')
  t.equal(codes(`${'x+'.repeat(2_048)}x`), 'FORMULA_TOO_LARGE', '4,097 tokens')
  for (const [open, close] of [['(', ')'], ['abs(', ')'], ['x[', ']'], ['-', ''], ['x ** ', '']]) {
    const nested = (depth: number): string =>
      `${open?.repeat(depth)}x${close?.repeat(depth)}`
    t.equal(codes(nested(60)), 'ok', `60 × ${open}`)
    t.equal(codes(nested(70)), 'FORMULA_TOO_LARGE', `70 × ${open}`)
  }
  t.equal(codes(`x${'[0]'.repeat(65)}`), 'FORMULA_TOO_LARGE')
})
