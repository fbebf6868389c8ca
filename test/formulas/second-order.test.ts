// The Hessian's diagonal and its product with a vector, against differences of the gradient.

import t from 'tap'
import { gradient } from '../../src/formulas/gradient.ts'
import type { Axis, Node } from '../../src/formulas/graph.ts'
import { lower } from '../../src/formulas/lower.ts'
import { hessianDiagonal, hessianVectors } from '../../src/formulas/second-order.ts'
import { reach } from '../../src/formulas/walk.ts'
import { evaluate } from '../evaluator.ts'
import { addInput, generator, newSetting, type Setting, text, valuesOf } from './setting.ts'

interface Example {
  readonly title: string
  readonly formula: string
  /** Axes of x; the formula is summed over all that it has. */
  readonly axes: readonly Axis[]
  /** False if the elements are tied along more than one axis. */
  readonly hasDiagonal: boolean
}

const examples: readonly Example[] = [
  { title: 'a power', formula: 'x ** 3 * y', axes: ['N', 'C'], hasDiagonal: true },
  { title: 'softplus', formula: 'softplus(x) - x * y', axes: ['N', 'C'], hasDiagonal: true },
  { title: 'broadcast', formula: 'exp(x * y)', axes: ['C'], hasDiagonal: true },
  {
    title: 'cross-entropy', formula: 'logsumexp(x, C) - x[target]',
    axes: ['N', 'C'], hasDiagonal: true
  },
  {
    title: 'focal loss over classes',
    formula: 'p = softmax(x, C)[target]; -(1 - p) ** 2 * log(p)', axes: ['N', 'C'],
    hasDiagonal: true
  },
  { title: 'a norm', formula: 'sqrt(1 + sum(x * x, C))', axes: ['N', 'C'], hasDiagonal: true },
  { title: 'along the other axis', formula: 'log_softmax(x, N) * y', axes: ['N', 'C'],
    hasDiagonal: true },
  { title: 'a sum times its elements', formula: 'x * sum(x, C)', axes: ['N', 'C'],
    hasDiagonal: true },
  { title: 'elements by their sum', formula: 'x / (9 + sum(x, C))', axes: ['N', 'C'],
    hasDiagonal: true },
  { title: 'a sum by something else', formula: 'sum(exp(x), N, C) / (y + 3)', axes: ['N', 'C'],
    hasDiagonal: true },
  { title: 'what is linear in a sum of all', formula: '3 * sum(x, N, C) - y * sum(x, N) + exp(x)',
    axes: ['N', 'C'], hasDiagonal: true },
  { title: 'a choice of sums', formula: 'y > 0 ? -sum(x ** 3, N, C) : x[C = target] * y',
    axes: ['N', 'C'], hasDiagonal: true },
  { title: 'sums of all, multiplied', formula: 'sum(x, N) * sum(x, C)', axes: ['N', 'C'],
    hasDiagonal: false },
  { title: 'a norm of all', formula: 'sqrt(1 + sum(x * x, N, C))', axes: ['N', 'C'],
    hasDiagonal: false }
]

for (const { title, formula, axes, hasDiagonal } of examples) {
  t.test(title, async t => {
    const random = generator(title.length)
    const setting = newSetting({ N: 3, C: 4 })
    const x = addInput(setting, 'x', axes, () => 2 * random() - 1)
    const y = addInput(setting, 'y', ['N', 'C'], () => 2 * random() - 1)
    const target = addInput(setting, 'target', ['N'], place => (place * 2) % 4, 'INT64')
    const v = addInput(setting, 'v', axes, () => 2 * random() - 1)
    const { graph } = setting
    const value = text(setting, formula.replace('[target]', '[C = target]'), { x, y, target })
    const of = graph.reduce('sum', value, value.axes)
    const one = graph.constant(1)
    const [slope = x] = gradient(graph, of, one, [x])
    const rows = hessian(setting, slope, x)

    const [product = x] = hessianVectors(graph, of, one, [x], [v])
    const vector = valuesOf(setting, v)
    const expected = rows.map(row => row.reduce((sum, each, k) => sum + each * (vector[k] ?? 0), 0))
    t.ok(near(valuesAlong(x, setting, product), expected), 'H · v')
    const diagonal = hessianDiagonal(graph, of, one, x)
    if (!hasDiagonal || diagonal === null) {
      t.equal(diagonal === null, !hasDiagonal)
      return
    }
    const own = rows.map((row, index) => row[index] ?? 0)
    t.ok(near(valuesAlong(x, setting, diagonal), own), 'the diagonal')
    const [lowered = x] = lower(graph, [diagonal])
    t.ok(near(valuesAlong(x, setting, lowered), own), 'the diagonal, lowered')
    // No copies are left: the work is that of the loss.
    const twins = reach([lowered]).filter(node => node.axes.some(axis => axis.endsWith("'")))
    t.same(twins.map(({ op }) => op), [])
  })
}

// One number for each element of x, also of a value that is the same along one of its axes.
function valuesAlong ({ axes }: Node, setting: Setting, node: Node): Float64Array {
  return evaluate([{ node, axes }], setting)[0] ?? new Float64Array()
}

// ∂ gradient / ∂ x by central differences, a row for each element of x.
function hessian (setting: Setting, slope: Node, x: Node): number[][] {
  const values = setting.inputs.get(x.name) ?? new Float64Array()
  const step = 1e-5
  const at = (place: number, by: number): Float64Array => {
    const moved = Float64Array.from(values, (value, k) => (k === place ? value + by : value))
    return valuesAlong(x, { ...setting, inputs: new Map(setting.inputs).set(x.name, moved) }, slope)
  }
  return Array.from(values, (_, place) => {
    const [above, below] = [at(place, step), at(place, -step)]
    return Array.from(above, (value, k) => (value - (below[k] ?? 0)) / (2 * step))
  })
}

function near (found: Float64Array, expected: readonly number[]): boolean {
  return found.length === expected.length &&
    expected.every((value, k) => Math.abs(value - (found[k] ?? Number.NaN)) <= 1e-7)
}
