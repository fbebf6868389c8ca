// Derivatives as texts: what they look like, and that they say the same numbers when they are read
// back, for the losses of the table, for harder formulas, and for random graphs.

import fc from 'fast-check'
import t from 'tap'
import { bind, type TensorShape } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { derivative } from '../../src/formulas/derivative.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { type Axis, Graph, type Node } from '../../src/formulas/graph.ts'
import { print, type PrintNames } from '../../src/formulas/print.ts'
import { trace, traceScope } from '../../src/formulas/trace.ts'
import type { Value } from '../../src/formulas/values.ts'
import { losses } from '../../src/losses/index.ts'
import { evaluate } from '../evaluator.ts'
import { near, randomGraphs } from './random-graph.ts'
import { request } from './request.ts'
import { newSetting, text, valuesOf } from './setting.ts'

const expected: readonly (readonly [loss: string, argument: string, text: string])[] = [
  ['mse', 'input', '2 * (input - target)'],
  ['l1', 'input', 'sign(input - target)'],
  ['bce-with-logits', 'pos_weight', 'weight * softplus(-input) * target']
]
for (const [name, argument, wanted] of expected) {
  t.test(`the derivative of ${name} by ${argument} is ${wanted}`, t => {
    const loss = losses.find(each => each.name === name)
    const found = derivative(define(loss?.formula ?? '0'), argument)?.split('\n') ?? []
    t.equal(found.filter(line => !/^\w+: /.test(line)).join('; '), wanted)
    t.end()
  })
}

t.test('huber: the clamp under the names of its author', t => {
  const definition = define(`input: real[...]; target: real[...]; delta: number > 0 = 1
    d = input - target; q = clamp(d, -delta, delta); q * (d - q / 2)`)
  t.equal(derivative(definition, 'input'), [
    'input: real[...]', 'target: real[...]', 'delta: number > 0 = 1',
    'd = input - target', 'clamp(d, -delta, delta)'
  ].join('\n'))
  t.end()
})

t.test('cross-entropy: one line a thought', t => {
  const definition = define(`input: real[N?, C, ...]; target: class[N?, ...] | real[N?, C, ...]
    weight: real[C] = 1; ignore_index: number = -100; label_smoothing: number <= 1 = 0
    kept = has(target, C) || target != ignore_index
    p = log_softmax(input, C)
    loss = (1 - label_smoothing) * weight[target] * p[target] +
      label_smoothing / C * sum(weight * p, C)
    kept ? -loss : 0`)
  t.equal(derivative(definition, 'input'), [
    'input: real[N?, C, ...]', 'target: class[N?, ...]', 'weight: real[C] = 1',
    'ignore_index: number = -100', 'label_smoothing: number <= 1 = 0',
    'kept = target != ignore_index',
    'a = (kept && index(C) == target ? (1 - label_smoothing) * weight[target] : 0)' +
      ' + (kept ? label_smoothing / C : 0) * weight',
    'sum(a, C) * softmax(input, C) - a'
  ].join('\n'))
  t.equal(derivative(definition, 'target'), null, 'a class has no derivative')
  t.end()
})

const formulas: readonly (readonly [name: string, formula: string])[] = [
  ...losses.map(loss => [loss.name, loss.formula] as const),
  ['multi-margin', `input: real[N?, C]; target: class[N?]; weight: real[C] = 1; margin: number = 1
    z = margin - input[target] + input
    weight[target] / C * sum(index(C) != target && z > 0 ? z : 0, C)`],
  ['multi-label-margin', `input: real[N?, C?]; target: class[N?, C?]
    J = axis(C)
    label = target[C = index(J)]
    listed = index(J) < min(label < 0 ? index(J) : J, J)
    positive = any(listed && label == index(C), J)
    z = 1 - input[C = label] + input
    sum(listed && !positive && z > 0 ? z : 0, J, C) / C`],
  ['triplet', `anchor: real[..., D]; positive: real[..., D]; negative: real[..., D]
    eps: number = 1e-6
    distance = (a, b) => norm(a - b + eps, 2, D)
    far = minimum(distance(anchor, negative), distance(positive, negative))
    relu(1 + distance(anchor, positive) - far)`],
  ['sup-con', `input: real[N, D]; target: class[N]; temperature: number = 0.07
    M = axis(N)
    z = input / clamp_min(norm(input, 2, D), 1e-12)
    s = sum(z * z[N = index(M)], D) / temperature
    itself = index(N) == index(M)
    p = s - logsumexp(itself ? -inf : s, M)
    same = target == target[N = index(M)] && !itself
    -sum(same ? p : 0, M) / (1 + sum(same ? 1 : 0, M))`],
  ['nt-xent', `z1: real[N, D]; z2: real[N, D]; temperature: number = 0.5
    V = axis(2 * N); W = axis(V)
    unit = x => x / norm(x, 2, D)
    view = unit(index(V) < N ? z1[N = index(V)] : z2[N = index(V) - N])
    s = sum(view * view[V = index(W)], D) / temperature
    pair = index(V) < N ? index(V) + N : index(V) - N
    logsumexp(index(V) == index(W) ? -inf : s, W) - s[W = pair]`],
  ['an axis of no other argument', 'input: real[N, C]; target: class[N]; -input[target]'],
  ['classes along an axis of no other argument', `head: real[N, H]; x: real[N]; target: class(H)[N]
    head[H = target] + (target < 2 ? x * x : x)`],
  ['the length of a group', 'a: real[C, ...S]; b: real[N, C]; a + b'],
  ['the length of a group without a name', 'a: real[C, ...]; b: real[N, C]; a + b'],
  ['the length of an axis that the text makes', 'a: real[N, C]; J = axis(2 * N); sum(a, J)'],
  ['a yes/no tensor', 'a: real[N, C]; k: boolean[N]; k && a > 0 ? a * a : a'],
  ['an axis that only classes have', `a: real[M]; b: real[N]; t: class(M)[N, C]; u: real[M]
    b ** 2 * C`],
  ['axes called as letters are', `x: real[N, C]; a: real[N]; b = axis(C); c = axis(b)
    sum(x * x[C = index(b)] * x[C = index(c)], b, c) * a`],
  ['a statement called as a group would be', 'x: real[...]; w: real[C]; S = exp(x * w); S * S * C'],
  ['neighbours', 'x: real[N, T]; x * x[T = index(T) - 1] ** 2 + x[T = index(N), N = index(T)]'],
  ['dice', `input: real[N, C, ...S]; target: real[N, C, ...S]; smooth: number = 0
    p = sigmoid(input)
    both = clamp_min(sum(p + target, N, S), 1e-7)
    mean(1 - (2 * sum(p * target, N, S) + smooth) / both, C) ** 2`]
]

for (const [name, formula] of formulas) {
  t.test(`${name}: the derivative read back has the same numbers`, t => {
    const definition = define(formula)
    let count = 0
    for (const { name: argument } of definition.tensors) {
      const written = derivative(definition, argument)
      if (written === null) continue
      count++
      const read = readBack(definition, written, argument)
      t.ok(near(gradientOf(definition, argument), read), argument)
    }
    // The derivative of a recurrence or of what is sorted is none of the language's words.
    t.ok(count > 0 || /\b(scan|order)\(/.test(formula))
    t.end()
  })
}

function gradientOf (definition: Definition, argument: string): Float64Array {
  const { binding, inputs } = request(definition)
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const by = traced.inputs.get(argument) ?? traced.value
  const [node = by] = gradient(graph, traced.value, graph.constant(1), [by])
  const [result = new Float64Array()] = evaluate([{ node, axes: by.layout }],
    { lengths: binding.axes, inputs, numbers: binding.numbers })
  return result
}

// The text as a formula of its own, given the same tensors and options.
function readBack (definition: Definition, written: string, argument: string): Float64Array {
  const { binding, inputs } = request(definition)
  const own = define(written)
  const tensors: Record<string, TensorShape> = {}
  for (const { name } of own.tensors) {
    const tensor = binding.tensors.get(name)
    if (tensor !== undefined) tensors[name] = { shape: tensor.shape, kind: tensor.kind.kind }
  }
  const options = Object.fromEntries(
    own.options.map(({ name }) => [name, binding.numbers.get(name)]))
  const bound = bind(own, tensors, options)
  const graph = new Graph([])
  const traced = trace(own, bound, graph)
  // A group that the text names is `...S0` where it was `...0`.
  const wanted = binding.layouts.get(argument) ?? []
  const known = [...bound.axes.keys()]
  const axes = wanted.map(axis => known.find(other => sameAxis(axis, other)) ?? axis)
  const lengths = new Map([...binding.axes, ...bound.axes])
  const [result = new Float64Array()] = evaluate([{ node: traced.value, axes }],
    { lengths, inputs, numbers: bound.numbers })
  return result
}

function sameAxis (axis: Axis, other: Axis): boolean {
  return axis === other || (axis.startsWith('...') && other === axis.replace('...', '...S'))
}

t.test('gradients of random graphs read back have the same numbers', t => {
  fc.assert(fc.property(randomGraphs, ({ setting, value, by }) => {
    const { graph } = setting
    const axis = (name: Axis): string => name.replaceAll("'", '_')
    const target = graph.input('target', ['N'], 'INT64')
    const names = new Map<string, Value>([...by, target].map(node => [node.name, node]))
    for (const node of gradient(graph, value, graph.constant(1), by)) {
      const written = print(graph, node, {
        statements: new Map(), classes: new Map(), axis,
        taken: new Set([...names.keys(), ...graph.axes])
      })
      if (written === null) throw new Error('an op has no word')
      const scope = new Map(names)
      for (const name of graph.axes) scope.set(axis(name), { kind: 'axis', axes: [name] })
      const read = traceScope(written, { names: scope }, graph)
      const [again = []] = evaluate([{ node: read, axes: node.axes }], setting)
      if (!near(valuesOf(setting, node), again)) throw new Error(written)
    }
  }), { numRuns: 200, seed: 11 })
  t.end()
})

const plain: PrintNames = {
  statements: new Map(),
  classes: new Map(),
  axis: axis => axis,
  taken: new Set(['a', 'b', 'c', 'C'])
}
const sources = [
  '-(a + b) * c', '-a ** 2', '(-a) ** 2', 'a - (b - c)', 'a / (b * c)', 'a ** b ** c',
  '(a ** b) ** c',
  'a > 0 && b > 0 || !(c > 0) ? a : b',
  '-(a % b)', '-(a % b * c)', '(a > b ? a : b) > c ? 1 : -1e-8', 'a * (b % c)', 'inf - a',
  '(a > 0 ? b : c)[C = 1]', 'norm(a - b, 2, C)', 'a * pi + e',
  'a <= b || a == b && !(b != c) || c >= 1e-9 ? a : 1e21', 'a * -pi', 'b + -inf * a',
  '((a > b) == (b > c)) != (a < c) ? 1 : 0', 'log_add_exp(a, b, c) - log_add_exp(a, b)',
  'cumsum(a, C) + cumsum(b, C, true)', 'a > 0 ? b : c > 0 ? a : 100000',
  '(a > 0 ? b > 0 : c > 0) ? 0.000001 : 2', 'sqrt(sum(a * b, C)) + norm(a, 3, C) * 10',
  'exp(a + b) * exp(a + b)', 'tanh(a * b + c) * sigmoid(a * b + c) - softplus(a * b + c)',
  'index(C) * C + max(a, C) * min(b, C)'
]
for (const source of sources) {
  t.test(`${source} is printed with the brackets that it needs`, t => {
    const setting = newSetting({ C: 2 })
    const [a, b, c] = ['a', 'b', 'c'].map(name => setting.graph.input(name, ['C'], 'real'))
    if (a === undefined || b === undefined || c === undefined) return
    const node: Node = text(setting, source, { a, b, c })
    const printed = print(setting.graph, node, plain)
    t.equal(text(setting, printed ?? '', { a, b, c }), node, printed ?? 'null')
    t.end()
  })
}

t.test('a derivative that is too long to be posted is not printed', t => {
  const lines = Array.from({ length: 150 }, (_, k) =>
    `a${k + 1} = softmax(a${k}, C) + log_softmax(a${k}, N)`)
  const definition = define(['x: real[N, C]', 'a0 = x', ...lines, 'a150'].join('\n'))
  t.equal(derivative(definition, 'x'), null)
  t.end()
})

t.test('an op without a word cannot be printed', t => {
  const graph = new Graph(['C'])
  const node = graph.apply('log1p_unit', graph.input('a', ['C'], 'real'))
  t.equal(print(graph, node, plain), null)
  t.end()
})
