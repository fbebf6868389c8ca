// A table of bad requests: each gets its clear 4xx, the service answers the reference request with
// the same bytes afterwards, and the heap is empty again.

import t from 'tap'
import { errorRows } from '../../src/errors.ts'
import { build } from '../app.ts'
import { badRequests, good } from './bad-requests.ts'

t.test('every bad request has its clear answer, and leaves nothing behind', async t => {
  const app = await build(t)
  const { heap } = app.service
  const reference = await app.post('/v1/losses/mse', good)
  t.equal(reference.status, 200)
  for (const { says, loss = 'mse', body, code, pointer } of badRequests) {
    const answer = await app.post(`/v1/losses/${loss}`, body)
    t.equal(answer.body['code'], code, `${loss}, ${says}: ${answer.text}`)
    t.equal(answer.status, errorRows[code].status, `${says} has its status`)
    t.match(answer.headers['content-type'], /^application\/problem\+json/)
    t.ok(String(answer.body['detail']).length > 12, 'a sentence')
    t.equal(answer.body['error'], answer.body['detail'])
    const sentence = String(answer.body['detail'])
    t.notMatch(sentence, /[{}]|undefined|\[object/, 'all is filled in')
    if (pointer !== undefined && pointer !== '') {
      t.match(answer.body['errors'], [{ pointer, detail: /\w/ }], `${says} is shown at ${pointer}`)
    }
    t.equal(heap.usedBytes, 0, `${says} leaves no memory behind`)
  }
  const again = await app.post('/v1/losses/mse', good)
  t.equal(again.text, reference.text, 'the reference is as before')
  t.same(Object.keys(Object.prototype), [])
  const gauge = (await app.get('/metrics')).text
  t.match(gauge, /^heap_used_bytes 0$/m)
  t.match(gauge, /^heap_leases 0$/m)
})

t.test('NaN spelled in every way that is right', async t => {
  const { post } = await build(t)
  const words = ['NaN', 'Infinity', '-Infinity']
  for (const spelled of [...words, ...words.map(word => `"${word}"`), '1e39', '-1e999']) {
    const text = `{"input":[${spelled}, 1],"target":[0, 3]}`
    const { status, body } = await post('/v1/losses/l1', text)
    t.equal(status, 200, spelled)
    t.match(body['loss'], /NaN|Infinity/, spelled)
  }
})

t.test('an empty batch is answered as PyTorch answers it', async t => {
  const { post } = await build(t)
  const reply = async (empty: unknown, reduction: string): Promise<unknown> =>
    (await post('/v1/losses/mse', { input: empty, target: empty, options: { reduction } })).body
  t.match(await reply([], 'mean'), { loss: 'NaN', gradients: { input: [] } })
  t.match(await reply([[], []], 'sum'), { loss: 0, gradients: { input: [[], []] } })
  t.match(await reply([], 'none'), { loss: [], gradients: { input: [] } })
  const broadcast = { input: [], target: [1], gradients: ['input', 'target'] }
  t.match((await post('/v1/losses/mse', broadcast)).body,
    { loss: 'NaN', gradients: { input: [], target: [0] } }, 'a slope of nothing is 0')
})
