// Several weighted losses in one request: the sum, its terms and gradients, against each loss
// alone; what is refused, and where.

import t from 'tap'
import { build } from '../app.ts'

const pair = { input: [[1], [2.5], [0]], target: [[1.2], [2.2], [0.5]] }
const terms = [
  { loss: 'mse', scale: 0.7 }, { loss: 'SmoothL1Loss', scale: -2, options: { beta: 0.25 } },
  { loss: 'l1' }
]

interface Reply {
  readonly loss: number
  readonly terms: { readonly loss: string, readonly value: number }[]
  readonly gradients: Record<string, number[][]>
}

t.test('the sum of the terms and its gradients', async t => {
  const { post, service } = await build(t)
  for (const shared of [{}, { grad_output: 3 }, { options: { reduction: 'sum' } }]) {
    const { options = {}, ...wishes } = shared
    const body = { ...pair, ...wishes, datatype: 'FP64', gradients: ['input', 'target'] }
    const each = terms.map(term => ({ ...term, options: { ...term.options, ...options } }))
    const reply = await post('/v1/losses', { ...body, terms: each })
    t.equal(reply.status, 200, reply.text)
    const sum = reply.body as unknown as Reply
    let loss = 0
    const gradients: Record<string, number[]> = { input: [0, 0, 0], target: [0, 0, 0] }
    for (const [index, { loss: name, scale = 1, options }] of each.entries()) {
      const answer = await post(`/v1/losses/${name}`, { ...body, options })
      const alone = answer.body as unknown as Reply
      t.same(sum.terms[index], { loss: name, value: alone.loss })
      loss += scale * alone.loss
      for (const [argument, total] of Object.entries(gradients)) {
        for (const [row, [slope = 0]] of (alone.gradients[argument] ?? []).entries()) {
          total[row] = (total[row] ?? 0) + scale * slope
        }
      }
    }
    t.ok(Math.abs(sum.loss - loss) < 1e-14)
    for (const [argument, total] of Object.entries(gradients)) {
      t.same(sum.gradients[argument]?.flat().map(rounded), total.map(rounded), argument)
    }
  }
  t.equal(service.heap.usedBytes, 0)
})

t.test('one term is the loss alone; typed in, typed out; none is not reduced', async t => {
  const { post } = await build(t, { INLINE_BUDGET_US: '0' })
  const input = { datatype: 'FP64', shape: [2], data: [1, 3] }
  const body = { terms: [{ loss: 'mse', options: { reduction: 'none' } }], input, target: [0, 0] }
  t.match((await post('/v1/losses', body)).body, {
    loss: { datatype: 'FP64', shape: [2], data: [1, 9] },
    terms: [{ loss: 'mse', value: { data: [1, 9] } }],
    gradients: { input: { datatype: 'FP64', shape: [2], data: [2, 6] } }
  })
  t.match((await post('/v1/losses', { ...pair, terms: [{ loss: 'l1' }], gradients: [] })).body,
    { loss: 0.33333334, terms: [{ loss: 'l1', value: 0.33333334 }], gradients: {} })
})

t.test('arguments that only some terms have; formulas that are kept', async t => {
  const { post, send } = await build(t)
  await send('PUT', '/v1/formulas/ridge', { 'content-type': 'application/json' },
    JSON.stringify({ formula: 'lambda * sum(w * w)' }))
  const { body } = await post('/v1/losses', {
    terms: [{ loss: 'mse' }, { loss: 'ridge', scale: 0.5, options: { lambda: 4 } }],
    input: [1, 3], target: [0, 0], w: [1, -2]
  })
  t.match(body, {
    loss: 15, terms: [{ value: 5 }, { loss: 'ridge', value: 20 }],
    gradients: { input: [1, 3], w: [4, -8] }
  })
})

t.test('what is refused, and where', async t => {
  const { post } = await build(t)
  const refused = async (terms: unknown, more: object = {}) =>
    (await post('/v1/losses', { terms, ...pair, ...more })).body
  const at = (code: string, pointer: string) => ({ code, errors: [{ pointer }] })
  for (const wrong of [undefined, [], {}, 'mse', Array(17).fill({ loss: 'mse' })]) {
    t.match(await refused(wrong), at('FIELD_INVALID', '/terms'))
  }
  t.match(await refused(['mse']), at('FIELD_INVALID', '/terms'))
  t.match(await refused([{ loss: 'mse' }, { loss: 'hubr' }]),
    { status: 404, ...at('LOSS_UNKNOWN', '/terms/1/loss'), detail: /huber/ })
  t.match(await refused([{ loss: 5 }]), at('FIELD_INVALID', '/terms/0/loss'))
  t.match(await refused([{ loss: 'mse', scale: 'a' }]), at('FIELD_INVALID', '/terms/0/scale'))
  t.match(await refused([{ loss: 'mse', scale: '1' }]), at('FIELD_INVALID', '/terms/0/scale'))
  t.match(await refused([{ loss: 'mse', options: 1 }]), at('FIELD_INVALID', '/terms/0/options'))
  t.match(await refused([{ loss: 'mse', weight: 1 }]), at('FIELD_UNKNOWN', '/terms/0/weight'))
  t.match(await refused([{ loss: 'l1' }, { loss: 'huber', options: { delta: -1 } }]),
    at('OPTION_INVALID', '/terms/1/options/delta'))
  t.match(await refused([{ loss: 'mse' }], { option: 1 }), at('FIELD_UNKNOWN', '/option'))
  t.match(await refused([{ loss: 'mse' }], { gradients: ['inptu'] }),
    at('GRADIENT_UNKNOWN', '/gradients/0'))
  t.match(await refused([{ loss: 'mse' }, { loss: 'l1', options: { reduction: 'none' } }]),
    at('SHAPE_MISMATCH', '/terms/1'))
  t.match(await refused([{ loss: 'mse' }], { target: [[1, 2], [3, 4]] }),
    { code: 'SHAPE_MISMATCH' })
  const broadcast = { input: [[1], [2]], target: [1, 2] }
  t.match(await refused([{ loss: 'mse' }], broadcast), { warnings: [{ code: 'broadcast' }] })
  t.match(await refused([{ loss: 'mse' }], { ...broadcast, strict: true }),
    at('WARNING_REFUSED', '/strict'))
})

function rounded (value: number): number {
  return Number(value.toPrecision(12))
}
