// second_order and hessian_vector over HTTP: the numbers of PyTorch's double backward, in float64
// and float32, and what is refused.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { lossGraph } from '../../src/kernels/loss-graph.ts'
import { build } from '../app.ts'

interface Vector {
  readonly loss: string
  readonly request: Readonly<Record<string, unknown>>
  readonly diagonal: number[][]
  readonly product: number[][]
}

const vectors: Vector[] = JSON.parse(readFileSync('test/golden/second-order/vectors.json', 'utf8'))

t.test('the numbers of double backward', async t => {
  const { post } = await build(t)
  for (const { loss, request, diagonal, product } of vectors) {
    for (const [datatype, tolerance] of [['FP64', 1e-10], ['FP32', 2e-5]] as const) {
      const title = `${loss} ${JSON.stringify(request['options'])} ${datatype}`
      const asked = { ...request, second_order: 'diagonal', datatype }
      const { status, body } = await post(`/v1/losses/${loss}`, asked)
      t.equal(status, 200, title)
      t.ok(near(body['hessians'], diagonal, tolerance), `${title}: the diagonal`)
      t.ok(near(body['hessian_vectors'], product, tolerance), `${title}: H · v`)
    }
  }
})

t.test('typed, with an upstream gradient, by the gradients named', async t => {
  const { post } = await build(t)
  const input = { datatype: 'FP32', shape: [2], data: [1, 2] }
  const { body } = await post('/v1/losses/mse', {
    input, target: [0, 0], gradients: ['input', 'target'], grad_output: [1, 3],
    options: { reduction: 'none' }, second_order: 'diagonal'
  })
  const twice = { datatype: 'FP32', shape: [2], data: [2, 6] }
  t.same(body['hessians'], { input: twice, target: twice })
})

t.test('what is refused', async t => {
  const { post } = await build(t)
  const ask = async (rest: Record<string, unknown>): Promise<unknown> => {
    const { status, body } = await post('/v1/losses/mse', { input: [1], target: [0], ...rest })
    return [status, body['code'], Object(body['errors'])[0]?.pointer]
  }
  t.same(await ask({ second_order: 'full' }), [422, 'FIELD_INVALID', '/second_order'])
  t.same(await ask({ second_order: true }), [422, 'FIELD_INVALID', '/second_order'])
  t.same(await ask({ hessian_vector: [1] }), [422, 'FIELD_INVALID', '/hessian_vector'])
  t.same(await ask({ hessian_vector: { x: [1] } }), [422, 'GRADIENT_UNKNOWN', '/hessian_vector/x'])
  t.same(await ask({ hessian_vector: { input: [1, 2] } }),
    [422, 'SHAPE_MISMATCH', '/hessian_vector/input'])
})

t.test('elements that are tied along two axes have a product, and no diagonal', async t => {
  const definition = define('input: real[N, C]\nsqrt(1 + sum(input * input, N, C))')
  const binding = bind(definition, { input: { shape: [2, 3], kind: 'real' } }, {})
  const wishes = { gradients: [], hasGradOutput: false, hessians: [], vectors: ['input'] }
  t.same(lossGraph(definition, binding, wishes).outputs.map(({ name }) => name),
    ['loss', 'hessian_vector input'])
  t.throws(() => lossGraph(definition, binding, { ...wishes, hessians: ['input'] }),
    { code: 'SECOND_ORDER_UNKNOWN' })
})

function near (found: unknown, expected: number[][], tolerance: number): boolean {
  const rows: unknown = Object(found)['input']
  if (!Array.isArray(rows) || rows.length !== expected.length) return false
  return expected.every((row, n) => row.every((value, c) =>
    Math.abs(value - Number(rows[n]?.[c])) <= tolerance * (1 + Math.abs(value))))
}
