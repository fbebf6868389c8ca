// The meaning of words and operators: texts evaluated on small tensors, and what only shows when a
// text is traced.

import t, { type Test } from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { trace, traceScope, traceStatements } from '../../src/formulas/trace.ts'
import { words } from '../../src/formulas/words.ts'
import { losses } from '../../src/losses/index.ts'
import { evaluate } from '../evaluator.ts'
import { evaluateLoss } from './evaluate-loss.ts'
import { request } from './request.ts'

interface Tensor { readonly shape: readonly number[], readonly data: readonly number[] }

const row = (...data: number[]): Tensor => ({ shape: [data.length], data })
const rows = (...data: number[][]): Tensor =>
  ({ shape: [data.length, data[0]?.length ?? 0], data: data.flat() })

// The value of a text, unreduced.
function evaluateText (
  text: string, tensors: Readonly<Record<string, Tensor>>, options: Record<string, unknown> = {}
): readonly number[] {
  const plain = Object.fromEntries(Object.entries(tensors)
    .map(([name, tensor]) => [name, { ...tensor, datatype: null }]))
  return evaluateLoss(define(text, { options }), plain, { reduction: 'none', ...options }).loss
}

const x = row(1, -2, 4)
const m = rows([1, 2, 3], [4, 6, 8])
const declared = 'm: real[N, C]\n'

t.test('words and operators mean what the language says', async t => {
  const values: readonly (readonly [text: string, tensors: Record<string, Tensor>, number[]])[] = [
    ['x + 2 * x', { x }, [3, -6, 12]],
    ['-x ** 2', { x }, [-1, -4, -16]],
    ['x % 3', { x }, [1, 1, 1]],
    ['7 % 4 + 2 ** 3 ** 0', { }, [5]],
    ['x > 0 && x < 3 ? 1 : 0', { x }, [1, 0, 0]],
    ['!(x > 0) || x == 4 ? 1 : 0', { x }, [0, 1, 1]],
    ['(x > 0) == (x > 3) ? 1 : 0', { x }, [0, 1, 1]],
    ['(x > 0) != (x > 3) ? 1 : 0', { x }, [1, 0, 0]],
    ['relu(x) + abs(x) + sign(x) + floor(x / 3)', { x }, [3, 0, 10]],
    ['clamp(x, -1, 2) + minimum(x, 0) + maximum(x, 0)', { x }, [2, -3, 6]],
    ['sum(x) + max(x) - min(x)', { x }, [9]],
    ['mean(x)', { x }, [1]],
    ['any(x < 0) ? 1 : 0', { x }, [1]],
    ['norm(x, 1) + norm(x, inf)', { x }, [11]],
    ['norm(x, 2) ** 2', { x }, [21]],
    ['norm(x, 3) ** 3', { x }, [73]],
    ['square = a => a ** 2\nsquare(x) + square(1)', { x }, [2, 5, 17]],
    ['f = (a, b) => a - b\nf(x, 1)', { x }, [0, -3, 3]],
    ['e ** 0 + pi / pi', {}, [2]],
    ['e = 3\ne * x', { x }, [3, -6, 12]],
    ['log_add_exp(x, x, x) - log(3)', { x }, [1, -2, 4]],
    ['x > inf ? 1 : 0', { x }, [0, 0, 0]]
  ]
  for (const [text, tensors, expected] of values) {
    close(t, evaluateText(text, tensors), expected, text)
  }
})

t.test('axes by position count from both ends', async t => {
  t.same(evaluateText('sum(m, -1)', { m }), [6, 18])
  t.same(evaluateText('sum(m, 0)', { m }), [5, 8, 11])
  t.same(evaluateText('max(m, 0, 1)', { m }), [8])
  // x is broadcast from the right.
  t.same(evaluateText('m * sum(x, -1)', { m, x }), [3, 6, 9, 12, 18, 24])
  t.same(evaluateText('index(-1) + m', { m }), [1, 3, 5, 4, 7, 10])
  close(t, evaluateText('sum(softmax(m, -1), -1)', { m }), [1, 1], 'softmax')
  t.throws(() => evaluateText('sum(m, 2)', { m }),
    { code: 'FORMULA_INVALID', message: 'There is no axis 2: the arguments have 2 together.' })
})

t.test('axes by name are lengths, places and what reductions run along', async t => {
  const values: readonly (readonly [text: string, number[]])[] = [
    ['sum(m, C)', [6, 18]],
    ['sum(m, N, C)', [24]],
    ['sum(N, C)', [6]],
    ['mean(sum(m, N), N)', [5, 8, 11]],
    ['m * C + N', [5, 8, 11, 14, 20, 26]],
    ['index(N) * 10 + index(C)', [0, 1, 2, 10, 11, 12]],
    ['m[C = 1]', [2, 6]],
    ['m[C = 1.9]', [2, 6]],
    ['m[C = 7] + m[N = -1]', [4, 5, 6, 9, 10, 11]],
    ['m[C = C - 1 - index(C)]', [3, 2, 1, 8, 6, 4]],
    ['sum(m, C)[C = 1]', [6, 18]],
    ['M = axis(N)\nsum(m * m[N = index(M)], C)', [14, 40, 40, 116]],
    ['M = axis(2 * N)\nsum(index(M), M) + 0 * m[N = 0, C = 0]', [6]],
    ['has(m, C) && !has(sum(m, C), C) ? m : 0', [1, 2, 3, 4, 6, 8]],
    ['log_softmax(m, C) - m + logsumexp(m, C)', [0, 0, 0, 0, 0, 0]]
  ]
  for (const [text, expected] of values) {
    close(t, evaluateText(declared + text, { m }), expected, text)
  }
})

t.test('several indices in one bracket are taken at once', async t => {
  const s = rows([1, 2], [3, 4])
  const transposed = `s: real[N, K = 2]
    M = axis(N)
    p = s[K = index(M)]
    p[N = index(M), M = index(N)] + 0 * s[K = 0]`
  t.same(evaluateText(transposed, { s }), [1, 3, 2, 4])
})

t.test('x[target] takes along the class axis', async t => {
  const text = 'm: real[N, C]; target: class[N]\nm[target]'
  t.same(evaluateText(text, { m, target: row(2, 0) }), [3, 4])
  t.throws(() => evaluateText(text, { m, target: row(2, 3) }),
    { code: 'TARGET_RANGE', message: 'target holds 3 at [1]; classes are 0 to 2' })
  const heads = 'm: real[N, H]; target: class(H)[N]; w: real[H]\nm[target] * w[target]'
  t.same(evaluateText(heads, { m, target: row(2, 0), w: row(1, 2, 3) }), [9, 4])
  const made = 'm: real[N, C]; target: class(K)[N]\nK = axis(2 * C)\nm[C = target / 2]'
  t.same(evaluateText(made, { m, target: row(5, 2) }), [3, 6], 'along an axis that the text makes')
  t.throws(() => evaluateText(made, { m, target: row(2, 6) }),
    { code: 'TARGET_RANGE', message: 'target holds 6 at [1]; classes are 0 to 5' })
  const renamed = 'm: real[N, C]; target: class(K)[N]\nK = axis(C)\nm[C = target]'
  t.throws(() => evaluateText(renamed, { m, target: row(2, 3) }),
    { code: 'TARGET_RANGE', message: 'target holds 3 at [1]; classes are 0 to 2' })
  const bounded = 'm: real[N, C]; target: class[N] >= -1\ntarget < 0 ? 0 : m[target]'
  t.same(evaluateText(bounded, { m, target: row(-1, 1) }), [0, 6])
  t.throws(() => evaluateText('m: real[N, D]; i: integer[N]\nm[i]', { m, i: row(0, 1) }),
    { code: 'FORMULA_INVALID', message: 'Say along which axis: x[C = i].' })
})

t.test('the length of an axis without places is known', async t => {
  const text = 'x: real[N]; m: real[C]; N == 0 ? m : m * x[N = 0]'
  t.same(evaluateText(text, { x: row(), m: row(1, 2) }), [1, 2])
  t.same(evaluateText(text, { x, m: row(1, 2) }), [1, 2])
})

t.test('a missing tensor is its default and folds away', async t => {
  const text = 'x: real[N]; w: real[N] = 1\ngiven(w) ? w * x : -x * w[N = 0] * sum(w, N)'
  t.same(evaluateText(text, { x }), [-3, 6, -12])
  t.same(evaluateText(text, { x, w: row(1, 2, 3) }), [1, -4, 12])
})

t.test('along an axis that a value lacks it stands as often as the axis has places', async t => {
  const run = (text: string): readonly string[] =>
    evaluateText(`x: real[N]; m: real[M, C]; ${text}`, { x, m }).map(value => value.toFixed(12))
  t.same(run('logsumexp(x, N, C)'), run('logsumexp(x, N) + log(C)'))
  t.same(run('softmax(x, N, C)'), run('softmax(x, N) / C'))
  t.same(run('sum(exp(log_softmax(x, C, N)), N, C)'), run('1'))
})

t.test('has and differs take yes/no tensors, too', async t => {
  const text = 'x: real[N]; k: boolean[N]\nhas(k, N) && !differs(k, x) ? x : 0'
  t.same(evaluateText(text, { x, k: row(1, 0, 1) }), [1, -2, 4])
})

t.test('known options keep one branch', async t => {
  const text = `x: real[N]; kind: 'a' | 'b' = 'a'; on: boolean = false
    n: number = 2; s: static number = 1
    kind == 'a' ? (on ? exp(x) : n * x) : s != 1 ? log(x) : x`
  const ops = (options: Record<string, unknown>): string => {
    const definition = define(text)
    const graph = new Graph([])
    const binding = bind(definition, { x: { shape: [3], kind: 'real' } }, options)
    return trace(definition, binding, graph).value.op
  }
  t.equal(ops({}), 'mul')
  t.equal(ops({ on: true }), 'exp')
  t.equal(ops({ kind: 'b' }), 'input')
  t.equal(ops({ kind: 'b', s: 2 }), 'log')
  t.same(evaluateText(text, { x }, { n: 3 }), [3, -6, 12])
})

t.test('kinds are not mixed', async t => {
  const bad: readonly (readonly [text: string, sentence: RegExp])[] = [
    ['x + (x > 0)', /yes\/no value is not a number/],
    ['x ? 1 : 0', /Expected a yes\/no value; this is a number/],
    ['x && x', /Expected a yes\/no value/],
    ["x == 'a'", /this is the text 'a'/],
    ["'a' + x", /the text 'a' is not a number/],
    ['x > 0', /yes\/no value is not a number/],
    ['f = a => a\nf', /this is a function/],
    ['f = a => a\nf + x', /a function is not a number/],
    ['norm(x, x)', /norm needs a p that is known/],
    ['given(x + 1)', /given takes the name of an argument/],
    ['with_derivative(x, x, x, x)', /pairs of x and slope/],
    ['f = g => g(1)\nf(x)', /g is a number, not a function/],
    ['f = g => g(1, 2)\nf(a => a)', /g takes 1 arguments; it was given 2/]
  ]
  for (const [text, sentence] of bad) {
    t.throws(() => evaluateText(text, { x }), { code: 'FORMULA_INVALID', message: sentence }, text)
  }
})

t.test('reductions divide as PyTorch does', async t => {
  const run = (text: string, reduction: string, data: number[]) => evaluateLoss(define(text),
    { x: { ...row(...data), datatype: null } }, { reduction })
  const weighted = 'x: real[N]\ndenominator = x > 1 ? 2 : 1\nx'
  t.match(run(weighted, 'mean', [1, 3]), { loss: [4 / 3], denominator: 3 })
  t.match(run('x: real[N]\ndenominator = x\nsum(x ** 2)', 'mean', [1, 3]), { loss: [2.5] })
  t.match(run(weighted, 'sum', [1, 3]), { loss: [4], denominator: null })
  t.match(run(weighted, 'none', [1, 3]), { loss: [1, 3], denominator: null, shape: [2] })
  t.match(run('x: real[N]\nx', 'mean', []), { loss: [Number.NaN], denominator: 0 })
  t.match(run('x: real[N]\nx', 'sum', []), { loss: [0] })
  t.match(run('x: real[N]\nsum(x)', 'mean', [1, 3]), { loss: [4], denominator: null })
  t.match(run('x: real[N]\ndenominator = 5\nsum(x)', 'mean', [1, 3]),
    { loss: [0.8], denominator: 5 })
})

t.test('bounds, refusals and warnings are found by value', async t => {
  const definition = define('x: real[N] >= 0 < 1; k: integer = 3\nx * k', {
    rules: {
      refuse: [['k > 5', 'k is {k}, above 5'], ['sum(x) > 1 && k > 4', 'x {x} is heavy']],
      warn: [['any(x == 0)', 'zero', 'x of {N} holds 0'], ['k == 3', 'three', 'k is {k}']],
      frozen: [['x', 'k == 3', 'x stands still']]
    }
  })
  const run = (data: number[], options = {}) =>
    evaluateLoss(definition, { x: { ...row(...data), datatype: null } }, options)
  t.throws(() => run([0.5, 1]),
    { code: 'VALUE_RANGE', message: 'all elements of x must be >= 0 and < 1; it holds 1 at [1]' })
  t.throws(() => run([Number.NaN]), { code: 'VALUE_RANGE', message: /holds NaN at \[0\]/ })
  t.throws(() => run([0], { k: 6 }), { code: 'VALUE_REFUSED', message: 'k is 6, above 5' })
  t.throws(() => run([0.9, 0.8], { k: 5 }), { code: 'VALUE_REFUSED', message: 'x [2] is heavy' })
  t.same(run([0, 0.5]).warnings,
    [{ code: 'zero', message: 'x of 2 holds 0' }, { code: 'three', message: 'k is 3' }])
  t.same(run([0.5], { k: 4 }).warnings, [])
  t.same([...run([0.5]).frozen], [['x', 'x stands still']])
  t.same([...run([0.5], { k: 4 }).gradients.keys()], ['x'])
})

t.test('state is assigned: the old value before the line, the new one after it', async t => {
  const definition = define(`
    parameter: state real[...]; gradient: real[...]; velocity: state real[...] = 0
    lr: number = 0.5
    velocity = 2 * velocity + gradient
    parameter = parameter - lr * velocity`)
  const graph = new Graph(['N'])
  const input = (name: string) => graph.input(name, ['N'], 'real')
  const names = new Map(['parameter', 'gradient', 'velocity'].map(name => [name, input(name)]))
  const { value, states } = traceStatements(definition, { names }, graph)
  t.same([...states.keys()], ['velocity', 'parameter'])
  t.equal(states.get('parameter'), value)
  const inputs = new Map([['parameter', [1]], ['gradient', [2]], ['velocity', [3]]])
  const roots = [...states.values()].map(node => ({ node, axes: ['N'] }))
  const values = evaluate(roots, { lengths: new Map([['N', 1]]), inputs })
  t.same(values.map(([value]) => value), [8, -3])
  const binding = bind(definition, {
    parameter: { shape: [2], kind: 'real' }, gradient: { shape: [2], kind: 'real' }
  }, {})
  t.same([...trace(definition, binding, new Graph([])).states.keys()], ['velocity', 'parameter'])
})

t.test('texts of the op table may use what is no word', async t => {
  const graph = new Graph(['C'])
  const a = graph.input('a', ['C'], 'real')
  const node = traceScope('exp_nonpositive(a) + sum(a, over)',
    { names: new Map([['a', a]]), over: ['C'] }, graph)
  t.equal(node.op, 'add')
  t.throws(() => define('exp_nonpositive(a)'), { code: 'FORMULA_INVALID' })
})

t.test('the statements of a formula are found by their names', async t => {
  for (const loss of losses) {
    const definition = define(loss.formula)
    const { statements } = trace(definition, request(definition).binding, new Graph([]))
    const isNumber = (name: string): boolean =>
      name !== '' && name !== 'reduction' &&
      !definition.derived.some(axis => axis.name === name)
    const named = definition.statements
      .filter(({ name, expression }) => isNumber(name) && expression.kind !== 'function')
      .map(({ name }) => name)
    t.same([...statements.keys()], named, loss.name)
  }
})

t.test('every word says how it is written', async t => {
  for (const [name, { usage, least, most }] of words) {
    t.ok(usage.startsWith(`${name}(`) && usage.endsWith(')'), usage)
    t.ok(least <= most)
  }
})

function close (
  t: Pick<Test, 'ok'>, found: readonly number[], expected: readonly number[], name: string
): void {
  const same = found.length === expected.length &&
    found.every((value, place) => Math.abs(value - (expected[place] ?? Number.NaN)) < 1e-12)
  t.ok(same, same ? name : `${name}: ${found.join()} instead of ${expected.join()}`)
}
