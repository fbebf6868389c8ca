// What a request decides of a formula's shapes beside those of its tensors: how many tensors a
// family has, lengths that are made with whole numbers.

import t from 'tap'
import { build } from '../app.ts'

t.test('a family has as many tensors as a request gives', async t => {
  const app = await build(t)
  const { post } = app
  const formula = 'target: real[N]; I: family; output.I: real[N]; weight.I: real[] = 1\n' +
    'sum(weight.I * (output.I - target) ** 2, I)'
  const outputs = (count: number): object => Object.fromEntries(
    Array.from({ length: count }, (_, member) => [`output.${member}`, [member, -member]]))
  const ask = async (count: number, more: object = {}) =>
    (await post('/v1/formulas', { formula, target: [0, 0], ...outputs(count), ...more })).body
  t.match(await ask(0), { loss: 0, gradients: {} })
  t.match(await ask(3), { loss: 5, gradients: { 'output.0': [0, 0], 'output.2': [2, -2] } })
  t.match(await ask(1, { explain: true }), {
    loss: 0, gradients: { 'output.0': [0, 0] }, explain: { derivatives: { 'output.0': String } }
  })
  t.match(await ask(3, { options: { 'weight.1': 3 }, gradients: ['output.1'] }),
    { loss: 7, gradients: { 'output.1': [3, -3] } })
  t.match(await ask(20), { loss: 2470, gradients: { 'output.19': [19, -19] } })
  t.match(await ask(2, { 'output.3': [1, 1] }),
    { code: 'FIELD_UNKNOWN', detail: /output\.2/, errors: [{ pointer: '/output.3' }] })
  t.match(await ask(2, { 'output.I': [1, 1] }),
    { code: 'FIELD_UNKNOWN', errors: [{ pointer: '/output.I' }] })
  t.match(await ask(2, { gradients: ['output.2'] }),
    { code: 'GRADIENT_UNKNOWN', detail: /nearest: output\.[01]/ })

  const kept = await app.send('PUT', '/v1/formulas/outputs',
    { 'content-type': 'application/json' }, JSON.stringify({ formula }))
  t.equal(kept.status, 201)
  t.match((await post('/v1/losses/outputs', { target: [0, 0], ...outputs(3) })).body, { loss: 5 })
  const terms = [{ loss: 'outputs' }, { loss: 'outputs', scale: -3 }]
  t.match((await post('/v1/losses', { terms, target: [0, 0], ...outputs(3) })).body,
    { loss: -10, gradients: { 'output.2': [-4, 4] } })
})

t.test('a length is made with the largest of the numbers that a request gives', async t => {
  const { post } = await build(t)
  const formula = 'x: real[N]; n: integer[M]\n' +
    'K = axis(minimum(max(n), 9)); sum(x, N) * K + 0 * sum(n, M)'
  const ask = async (n: unknown, more: object = {}) =>
    (await post('/v1/formulas', { formula, x: [1, 2], n, ...more })).body
  for (const [n, loss] of [[[1, 2], 6], [[4, 1], 12], [[1, 2], 6], [[12, 1], 27]] as const) {
    t.match(await ask(n), { loss, gradients: { x: [loss / 3, loss / 3] } }, String(n))
  }
  t.match(await ask({ datatype: 'INT32', shape: [2], data: [3, 1] }), { loss: { data: [9] } })
  t.match(await ask([1, 2.5]), { code: 'TENSOR_INVALID', errors: [{ pointer: '/n/1' }] })
  t.match(await ask([]), { code: 'FORMULA_INVALID', detail: /length of K .* it is -Infinity/ })
  t.match(await ask(Array(70_000).fill(1)), { loss: 27 }, 'too many to look at: as if large')
  const ctc = {
    log_probs: Array(6).fill([[-1, -1], [-1, -1]]), targets: [1, 1, 1], input_lengths: [6, 6]
  }
  const options = { reduction: 'none' }
  const alone = async (target_lengths: readonly number[]) =>
    (await post('/v1/losses/ctc', { ...ctc, options, target_lengths })).body['loss']
  const [one, two] = await alone([1, 2]) as number[]
  t.same(await alone([2, 1]), [two, one], 'not the length of the request before')
  t.match(await post('/v1/losses', { ...ctc, terms: [{ loss: 'ctc' }], target_lengths: [2, 1] }),
    { body: { loss: Number, gradients: { log_probs: Array } } })
  const [three] = await alone([3, 0]) as number[]
  t.ok(three !== one && three !== two && Number.isFinite(three))
})
