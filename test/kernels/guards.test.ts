// Walks that are left out or cut short where a condition known before says that nothing counts: the
// values are those of the plain evaluator, whatever the condition is, and the walk asks it.

import t from 'tap'
import { lower } from '../../src/formulas/lower.ts'
import { compileProgram } from '../../src/kernels/compile.ts'
import { planLoop } from '../../src/kernels/loop-plan.ts'
import { schedule } from '../../src/kernels/schedule.ts'
import { Random } from '../random.ts'
import { differences, randomOperands } from './against-evaluator.ts'
import { graphOf, type Texts } from './texts.ts'

interface Case extends Texts {
  /** Lengths to try, in the order of `axes`. */
  readonly lengths: readonly (readonly number[])[]
  /** Of each loop: what its stages ask before they are walked, by the axes of the conditions. */
  readonly asks: readonly string[]
}

const lengths = [[1, 1], [3, 5], [5, 40], [70, 3], [2, 5000], [0, 3], [3, 0]]

const cases: Readonly<Record<string, Case>> = {
  'rows with a flag': {
    axes: 'NC',
    lengths,
    tensors: { x: 'N C', keep: 'N BOOL' },
    values: { total: ['', 'sum(keep != 0 ? x ** 2 : 0)'] },
    asks: ['beside C: N']
  },
  'rows with a flag, and their sums': {
    axes: 'NC',
    lengths,
    tensors: { x: 'N C', keep: 'N BOOL' },
    values: { rows: ['N', 'exp(sum(keep != 0 && x > 0 ? -x : 0, C))'] },
    asks: ['along C: N']
  },
  'places of a row with a flag, lanes beside them': {
    axes: 'NC',
    lengths,
    tensors: { x: 'C N', keep: 'C BOOL' },
    values: { rows: ['N', 'sum(keep != 0 ? (x > 0 ? x : 0) : 0, C)'] },
    asks: ['beside N: C']
  },
  'places below a number of each row': {
    axes: 'NCD',
    lengths: [[1, 1, 1], [4, 6, 5], [3, 7, 40], [2, 300, 3], [0, 2, 2], [2, 0, 2]],
    tensors: { x: 'N C D', count: 'N' },
    values: { rows: ['ND', 'sum(index(C) < 3 * count ? x : 0, C)'] },
    asks: ['beside D: C to']
  },
  'places below a number, all in one sum': {
    axes: 'NCD',
    lengths: [[1, 1, 1], [4, 6, 5], [3, 7, 40], [2, 300, 3]],
    tensors: { x: 'N C D', count: 'N' },
    values: { rows: ['N', 'sum(index(C) < 3 * count ? x : 0, C, D)'] },
    asks: ['along D: C to']
  },
  'a number that is known further in is asked there': {
    axes: 'NCD',
    lengths: [[5, 3, 4], [40, 7, 2]],
    tensors: { x: 'C D N', count: 'D' },
    values: { rows: ['N', 'sum(index(C) < 3 * count ? x : 0, C, D)'] },
    asks: ['beside N: C,D']
  },
  'what excludes is not asked': {
    axes: 'NC',
    lengths,
    tensors: { x: 'N C', class: 'N INT64' },
    values: { total: ['', 'sum(class != 1 ? x : 0)'] },
    asks: ['beside C: ']
  },
  'nothing is asked where something is stored': {
    axes: 'NC',
    lengths,
    tensors: { x: 'N C', keep: 'N BOOL' },
    loss: 'sum(keep != 0 ? x ** 2 : 0)',
    asks: ['beside C: ']
  }
}

for (const [name, texts] of Object.entries(cases)) {
  t.test(name, async t => {
    t.same(asks(texts), texts.asks)
    const { graph, outputs } = graphOf(texts)
    for (const precision of ['f32', 'f64'] as const) {
      const program = compileProgram({ graph, outputs, precision, relaxed: false })
      const random = new Random(5)
      for (const each of texts.lengths) {
        const axes = new Map([...texts.axes].map((axis, place) => [axis, each[place] ?? 0]))
        const operands = randomOperands(outputs, axes, new Map(), random)
        for (const odd of [null, Number.NaN, Number.POSITIVE_INFINITY, -1, 2.5]) {
          const count = operands.inputs.get('count')
          if (odd !== null && count === undefined) continue
          if (odd !== null) count?.fill(odd / 3, 0, 1)
          const tolerance = precision === 'f32' ? 2e-5 : 1e-12
          const rules = { relative: tolerance, absolute: tolerance, random }
          t.same(differences(program, outputs, operands, rules), [], `${precision} ${each} ${odd}`)
        }
      }
    }
  })
}

function asks (texts: Texts): string[] {
  const { graph, outputs } = graphOf(texts)
  const nodes = lower(graph, outputs.map(({ node }) => node))
  const plan = schedule(graph, outputs.map((output, index) =>
    ({ ...output, node: nodes[index] ?? output.node })))
  return plan.steps.flatMap(step => step.kind === 'loop' ? [planLoop(step)] : []).map(loop => {
    const conditions = loop.guards.flatMap(guard => guard.conditions.map(({ axes }) => axes.join()))
    const bounds = loop.guards.flatMap(guard => [...guard.bounds.keys()].map(axis => `${axis} to`))
    const place = `${loop.beside ? 'beside' : 'along'} ${loop.lane}`
    return `${place}: ${[...conditions, ...bounds].join(' and ')}`
  })
}
