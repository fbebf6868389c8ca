// Every layer: its row fits its formula, and at the places where layers differ it does what
// PyTorch's does.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { layers } from '../../src/layers/index.ts'
import { readModel } from '../../src/sessions/model.ts'
import { inputAxes, modelLengths, traceModel } from '../../src/sessions/model-graph.ts'
import { evaluate } from '../evaluator.ts'
import { bodyOf } from '../sessions/machine.ts'

for (const { type, formula, options, lengths, features, parameters } of layers) {
  t.test(`${type}: its row fits its formula`, async t => {
    const { tensors } = define(formula)
    t.same(tensors.map(({ name }) => name), ['input', ...parameters.map(({ name }) => name)])
    for (const { name, axes, fan, option } of parameters) {
      const tensor = tensors.find(each => each.name === name)
      t.same(tensor?.kinds[0]?.axes.map(axis => axis.name), axes)
      t.ok(axes.every(axis => axis in lengths) && fan in lengths, 'its lengths are known')
      t.equal(tensor?.default !== null, option !== undefined, 'missing only by an option')
      if (option !== undefined) t.equal(options[option]?.kind, 'boolean')
    }
    for (const option of Object.values(lengths)) t.equal(options[option]?.kind, 'whole')
    if (features !== undefined) t.ok(features.input in lengths && features.output in lengths)
  })
}

/** Values and slopes of torch.nn in float64 at −2, 0, 0.5 and 30. */
const places = [-2, 0, 0.5, 30]
const expected: Readonly<Record<string, readonly (readonly number[])[]>> = {
  ReLU: [[0, 0, 0.5, 30], [0, 0, 1, 1]],
  Sigmoid: [
    [0.11920292202211755, 0.5, 0.6224593312018546, 0.9999999999999065],
    [0.10499358540350651, 0.25, 0.2350037122015945, 9.348077867342945e-14]
  ],
  Tanh: [
    [-0.9640275800758169, 0, 0.46211715726000973, 1],
    [0.07065082485316443, 1, 0.7864477329659274, 0]
  ]
}

for (const [type, [values = [], slopes = []]] of Object.entries(expected)) {
  t.test(`${type}: value and slope`, async t => {
    const linear = { type: 'Linear', in_features: 1, out_features: 1, bias: false }
    const model = readModel(bodyOf({ layers: [linear, { type }] }), '/model')
    const axes = inputAxes(2)
    const graph = new Graph(axes)
    const input = graph.input('input', axes, 'real')
    const { outputs } = traceModel(model, graph, { node: input, axes })
    const [slope = input] = gradient(graph, outputs.node, graph.constant(1), [input])
    const [y = [], g = []] = evaluate([{ ...outputs }, { node: slope, axes }], {
      lengths: modelLengths(model, [4, 1]),
      inputs: new Map([['input', places], ['0.weight', [1]]])
    })
    for (const [index, place] of places.entries()) {
      t.ok(Math.abs((y[index] ?? 0) - (values[index] ?? 0)) < 1e-15, `value at ${place}`)
      t.ok(Math.abs((g[index] ?? 0) - (slopes[index] ?? 0)) < 1e-15, `slope at ${place}`)
    }
  })
}
