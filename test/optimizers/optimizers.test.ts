// Every optimizer: its formula is sound, and it descends as PyTorch's does, number by number.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { optimizers } from '../../src/optimizers/index.ts'
import { readDescent, traceDescent } from '../../src/sessions/descent.ts'
import { stepNumbers } from '../../src/sessions/step-graph.ts'
import { evaluate } from '../evaluator.ts'
import { bodyOf } from '../sessions/machine.ts'

for (const { type, formula, refuse } of optimizers) {
  t.test(`${type} declares what a session needs`, async t => {
    const { tensors, options } = define(formula, { rules: { refuse } })
    const states = tensors.filter(({ state }) => state).map(({ name }) => name)
    t.equal(states[0], 'parameter')
    t.ok(tensors.some(({ name, state }) => name === 'gradient' && !state))
    t.ok(options.some(({ name, default: fallback }) => name === 'step' && fallback === null))
    t.ok(options.every(({ name, default: fallback }) => name === 'step' || fallback !== null))
    t.ok(options.some(({ name }) => name === 'lr'))
  })
}

/** One parameter from 1 on, with these gradients, by torch.optim 2.15 in float64. */
const runs = [
  [{ type: 'SGD', lr: 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01 },
    [0.949, 0.8901255, 0.88669338725]],
  [{ type: 'SGD', lr: 0.1, momentum: 0.9, nesterov: true }, [0.905, 0.817, 0.9503]],
  [{ type: 'SGD', lr: 0.1, weight_decay: 0.1, maximize: true }, [1.04, 1.0546, 0.944054]],
  [{ type: 'SGD' }, [0.9995, 0.99925, 1.00025]]
] as const
const gradients = [0.5, 0.25, -1]

for (const [options, expected] of runs) {
  t.test(JSON.stringify(options), async t => {
    const descent = readDescent(bodyOf(options), '/optimizer')
    const state = new Map<string, number[]>([['parameter', [1]], ['velocity', [0]]])
    for (const [index, gradient] of gradients.entries()) {
      const graph = new Graph(['P'])
      const input = (name: string) => graph.input(name, ['P'], 'real')
      const { parameter, states } =
        traceDescent(descent, graph, input('parameter'), input('gradient'), input)
      const next = [['parameter', parameter] as const, ...states]
      const values = evaluate(next.map(([, node]) => ({ node, axes: ['P'] })), {
        lengths: new Map([['P', 1]]),
        inputs: new Map([...state, ['gradient', [gradient]]]),
        numbers: stepNumbers(descent, index + 1, Number(descent.options['lr']))
      })
      for (const [place, [name]] of next.entries()) state.set(name, [...values[place] ?? []])
      const difference = Math.abs((state.get('parameter')?.[0] ?? 0) - (expected[index] ?? 0))
      t.ok(difference < 1e-15, `step ${index + 1} differs by ${difference}`)
    }
  })
}

t.test('a velocity is kept only where there is momentum', async t => {
  t.same(readDescent(bodyOf({ type: 'SGD' }), '/optimizer').states, [])
  t.same(readDescent(bodyOf({ type: 'SGD', momentum: 0.1 }), '/optimizer').states, ['velocity'])
})
