// The losses of the table against PyTorch's vectors, value and gradients, by the plain evaluator in
// float64: it shows that formulas and derivatives are right before any kernel is compiled.

import t from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { explain } from '../../src/formulas/checks.ts'
import { define } from '../../src/formulas/define.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { gradient } from '../../src/formulas/gradient.ts'
import { Graph } from '../../src/formulas/graph.ts'
import { resolveKinds } from '../../src/formulas/kinds.ts'
import { reduced, trace } from '../../src/formulas/trace.ts'
import { losses } from '../../src/losses/index.ts'
import { LossdError } from '../../src/errors.ts'
import { evaluate } from '../evaluator.ts'
import { cases, differences, type GoldenCase, isLegacy, numbersOf } from '../golden.ts'

const definitions = new Map<string, Definition>(
  losses.map(loss => [loss.name, define(loss.formula, { rules: loss })]))
const floating = new Map(losses.map(loss => [loss.name, loss.floating === true]))

const datatypes = { float32: 'FP32', float64: 'FP64', int64: 'INT64' }

for (const { name } of losses) {
  t.test(`${name} equals PyTorch`, async t => {
    const own = cases('float64').filter(each => each.loss === name)
    t.ok(own.length > 0, 'there are vectors')
    for (const each of own) check(t, each)
  })
}

function check (t: Pick<typeof import("tap").t, "same" | "throws">, each: GoldenCase): void {
  if (each.error !== undefined || isLegacy(each)) {
    t.throws(() => run(each), LossdError, `${each.name} is refused`)
    return
  }
  const { loss, gradients } = run(each)
  const expected = each.output === undefined ? [] : numbersOf(each.output)
  t.same(differences(loss, expected, each.tolerance), [], each.name)
  for (const [argument, tensor] of Object.entries(each.grads)) {
    const found = gradients.get(argument) ?? []
    t.same(differences(found, numbersOf(tensor), each.tolerance), [], `${each.name} by ${argument}`)
  }
}

function run (each: GoldenCase): { loss: Float64Array, gradients: Map<string, Float64Array> } {
  const definition = definitions.get(each.loss)
  if (definition === undefined) throw new Error(`no loss ${each.loss}`)
  const typed = Object.fromEntries(Object.entries(each.inputs)
    .map(([name, { shape, dtype }]) => [name, { shape, datatype: datatypes[dtype] }]))
  const kinds = resolveKinds(definition, typed, floating.get(each.loss))
  const shapes = Object.fromEntries(Object.entries(each.inputs)
    .map(([name, { shape }]) => [name, { shape, kind: kinds[name] ?? 'real' }]))
  const binding = bind(definition, shapes, each.options)
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const { loss } = reduced(graph, traced, String(binding.known.get('reduction')))
  const real = [...traced.inputs].filter(([name]) => kinds[name] === 'real')
  const wanted = real.filter(([name]) => !traced.frozen.has(name))
  // PyTorch takes the one index of an example without a batch in brackets, but fails in its backward.
  for (const [name, reason] of Object.entries(each.nondiff)) {
    if (!traced.frozen.has(name) && !reason.includes('size mismatch')) {
      throw new Error(`${name} should have no gradient`)
    }
  }
  const slopes = gradient(graph, loss, graph.constant(1), wanted.map(([, node]) => node))
  const data = {
    lengths: binding.axes,
    inputs: new Map(Object.entries(each.inputs).map(([name, tensor]) => [name, numbersOf(tensor)])),
    numbers: binding.numbers
  }
  traced.checks.forEach(found => {
    const [hits = []] = evaluate([{ node: found.node, axes: found.node.axes }], data)
    if (hits.some(hit => hit === 1)) {
      throw new LossdError(found.code, explain(definition, binding, found, data.inputs.get(found.argument)))
    }
  })
  const roots = slopes.map((node, index) => ({ node, axes: binding.layouts.get(wanted[index]?.[0] ?? '') ?? [] }))
  const [value = new Float64Array(), ...rest] = evaluate([{ node: loss, axes: loss.axes }, ...roots], data)
  return { loss: value, gradients: new Map(wanted.map(([name], index) => [name, rest[index] ?? value])) }
}
