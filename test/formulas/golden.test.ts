// The losses of the table against PyTorch's vectors, values and gradients, on the plain evaluator
// in float64: formulas and derivatives are right before any kernel is compiled.

import t from 'tap'
import { LossdError } from '../../src/errors.ts'
import { define } from '../../src/formulas/define.ts'
import { withMembers } from '../../src/formulas/members.ts'
import { losses } from '../../src/losses/index.ts'
import { cases, differences, type GoldenCase, isLegacy, numbersOf } from '../golden.ts'
import { evaluateLoss, type Evaluation } from './evaluate-loss.ts'

t.setTimeout(600_000)

const vectors = cases('float64')
const datatypes = { float32: 'FP32', float64: 'FP64', int64: 'INT64' }

t.same(vectors.filter(({ loss }) => !losses.some(({ name }) => name === loss)), [],
  'every vector has its loss')

for (const loss of losses) {
  const definition = define(loss.formula, { rules: loss })
  const run = ({ inputs, options }: GoldenCase): Evaluation => {
    const tensors = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) =>
      [name, { shape: tensor.shape, datatype: datatypes[tensor.dtype], data: numbersOf(tensor) }]))
    const own = withMembers(definition, Object.keys(inputs))
    return evaluateLoss(own, tensors, options, loss.floating)
  }
  t.test(`${loss.name} equals PyTorch`, async t => {
    const own = vectors.filter(vector => vector.loss === loss.name)
    t.ok(own.length > 0, 'there are vectors')
    for (const vector of own) {
      if (vector.error !== undefined || isLegacy(vector)) {
        t.throws(() => run(vector), LossdError, `${vector.name} is refused`)
        continue
      }
      const { loss, shape, gradients, frozen } = run(vector)
      const { output, tolerance, name } = vector
      t.same(shape, output?.shape, `${name} has its shape`)
      t.same(differences(loss, output === undefined ? [] : numbersOf(output), tolerance), [], name)
      for (const [argument, tensor] of Object.entries(vector.grads)) {
        const found = gradients.get(argument) ?? []
        t.same(differences(found, numbersOf(tensor), tolerance), [], `${name} by ${argument}`)
      }
      // PyTorch takes an index without a batch in brackets, but then fails in its backward pass;
      // what it does not reach has the gradient 0.
      const refused = Object.entries(vector.nondiff)
        .filter(([, reason]) => !/size mismatch|does not depend on it/.test(reason))
      for (const [argument] of refused) t.ok(frozen.has(argument), `${name}: ${argument} has none`)
    }
  })
}
