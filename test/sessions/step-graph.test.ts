// The whole training step as a graph, evaluated plainly: 50 steps equal to PyTorch's in float64,
// before any kernel is compiled.

import t from 'tap'
import { isJsonObject, readJson } from '../../src/codec/json-reader.ts'
import { openCodec } from '../../src/compute/open-codec.ts'
import { readDescent } from '../../src/sessions/descent.ts'
import { readModel } from '../../src/sessions/model.ts'
import { readObjective } from '../../src/sessions/objective.ts'
import { planStep, stateName, stepNumbers, traceStep } from '../../src/sessions/step-graph.ts'
import { evaluate } from '../evaluator.ts'
import { distance, flat, type Nested, shapeOf, type Vector, vectors } from './vectors.ts'

await openCodec()

for (const vector of vectors) {
  t.test(`${vector.name}: the graph of a step descends as PyTorch does`, async t => {
    const { losses, norms, state } = descend(vector)
    const expected = vector.FP64
    const near = (what: string, actual: ArrayLike<number>, wanted: readonly number[]): void => {
      const worst = distance(actual, wanted)
      t.ok(worst < 1e-12, `${what} differ by ${worst}`)
    }
    near('losses', losses, expected.losses)
    near('norms', norms, expected.grad_norms)
    for (const [name, values] of Object.entries(expected.parameters)) {
      near(name, state.get(name) ?? [], flat(values))
    }
  })
}

function descend (vector: Vector) {
  const { model, loss, optimizer } = vector
  const body = readJson(Buffer.from(JSON.stringify({ model, loss, optimizer })))
  if (!isJsonObject(body)) throw new Error('not an object')
  const recipe = {
    model: readModel(body.model, '/model'),
    objective: readObjective(body.loss, '/loss'),
    descent: readDescent(body.optimizer, '/optimizer')
  }
  const constants = [...recipe.objective.constants]
    .map(([name, { shape }]) => [name, { shape, kind: 'real' as const }] as const)
  const state = new Map<string, ArrayLike<number>>()
  for (const { name } of recipe.model.tensors) {
    const values = flat(vector.weights[name] ?? [])
    state.set(name, values)
    for (const each of recipe.descent.states) state.set(stateName(each, name), values.map(() => 0))
  }
  const losses: number[] = []
  const norms: number[] = []
  for (let step = 0; step < vector.steps; step++) {
    const [input, target] = vector.batches[step % vector.batches.length] ?? [0, 0]
    const whole = vector.loss.type === 'CrossEntropyLoss' && Number.isInteger(flat(target)[0])
    const kind = whole ? 'class' as const : 'real' as const
    const tensors = { ...Object.fromEntries(constants), target: { shape: shapeOf(target), kind } }
    const plan = planStep(recipe, shapeOf(input), tensors, new Set())
    const { outputs } = traceStep(recipe, shapeOf(input).length, plan.bound, new Set())
    const lr = vector.schedule?.[step] ?? Number(recipe.descent.options['lr'])
    const inputs = new Map([...state, ['input', flat(input)], ['loss.target', flat(target)]])
    for (const [name] of constants) inputs.set(`loss.${name}`, flat(vector.loss[name] as Nested))
    const roots = outputs.map(({ node, layout }) => ({ node, axes: layout }))
    const numbers = new Map([...plan.numbers, ...stepNumbers(recipe.descent, step + 1, lr)])
    const results = evaluate(roots, { lengths: plan.lengths, inputs, numbers })
    for (const [index, { name }] of outputs.entries()) {
      const result = results[index] ?? []
      if (name === 'loss') losses.push(Number(result[0]))
      else if (name === 'norm') norms.push(Math.sqrt(Number(result[0])))
      else if (name.startsWith('next ')) state.set(name.slice(5), result)
      else if (name.startsWith('check ') && result[0] !== 0) throw new Error(`${name} fails`)
    }
  }
  return { losses, norms, state }
}
