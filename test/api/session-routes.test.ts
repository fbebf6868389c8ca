// Sessions over HTTP: made, trained, read, replaced, listed, ended and expired.

import t from 'tap'
import { at, batch, clientOf, make, numbersOf, spec } from '../sessions/server.ts'

t.test('a new session tells what it is made of', async t => {
  const { send } = await clientOf(t)
  const metadata = { run: [1, 2], deep: [[1], [2, 3]] }
  const made = await send('POST', '/v1/sessions', { ...spec, metadata })
  t.equal(made.status, 201)
  t.equal(made.headers.etag, '"0"')
  t.equal(made.headers.location, `/v1/sessions/${at(made, 'id')}`)
  t.match(made.body, {
    status: 'active', seq: 0, step: 0, durability: 'memory', datatype: 'FP32', metadata,
    parameter_count: 27, digest: /^sha256:[0-9a-f]{64}$/, cursor: null, last_checkpoint: null
  })
  t.same(at(made, 'model', 'layers', 0),
    { type: 'Linear', in_features: 2, out_features: 4, bias: true })
  t.same(at(made, 'loss'),
    { type: 'CrossEntropyLoss', reduction: 'mean', ignore_index: -100, label_smoothing: 0.1 })
  t.same(at(made, 'optimizer'), {
    type: 'SGD', lr: 0.1, momentum: 0.9, dampening: 0, weight_decay: 0, nesterov: false,
    maximize: false
  })
  t.same(at(made, 'parameters'), [
    { name: '0.weight', shape: [4, 2], datatype: 'FP32' },
    { name: '0.bias', shape: [4], datatype: 'FP32' },
    { name: '2.weight', shape: [3, 4], datatype: 'FP32' },
    { name: '2.bias', shape: [3], datatype: 'FP32' }
  ])
})

t.test('a loss with a family takes as many tensors as each step gives', async t => {
  const client = await clientOf(t)
  const { send } = client
  const loss = { type: 'AdaptiveLogSoftmaxWithLoss', div_value: 1 }
  const path = await make(client, { loss })
  const head = (clusters: number): object =>
    ({ 'head.weight': Array.from({ length: 2 + clusters }, (_, row) => [row, 1, -row]) })
  const { input } = batch
  const step = async (target: number[], clusters: number, given = clusters) => {
    const tails = Array.from({ length: given }, (_, cluster) => [
      [`tail.${cluster}.0.weight`, [[1, 0, 1], [0, 1, 0], [1, 1, 0]]],
      [`tail.${cluster}.1.weight`, [[0, 1, 2], [1, 0, 0]]]
    ])
    return await send('POST', `${path}/step`,
      { input, target, ...head(clusters), ...Object.fromEntries(tails.flat()) })
  }
  t.match(await step([0, 1, 1], 0), { status: 200, body: { step: 1, loss: Number } })
  t.match(await step([0, 11, 4], 5), { status: 200, body: { step: 2, loss: Number } })
  t.match(await step([0, 12, 4], 5), {
    status: 422,
    body: { code: 'TARGET_RANGE', detail: 'target holds 12 at [1]; classes are 0 to 11' }
  })
  t.match(await step([0, 2, 3], 1), { status: 200, body: { step: 3 } })
  const other = { input, target: [0, 0, 0], ...head(0), 'tail.0': [] }
  t.match(await send('POST', `${path}/step`, other),
    { status: 422, body: { code: 'FIELD_UNKNOWN' } })
})

t.test('a session is trained, read, replaced and ended', async t => {
  const client = await clientOf(t)
  const { send, machine } = client
  const path = await make(client)
  const first = await send('POST', `${path}/step`, batch)
  t.equal(first.status, 200)
  t.equal(first.headers.etag, '"1"')
  t.match(first.body, { seq: 1, step: 1, examples: 3, grad_norm: Number, lr: 0.1, durable: false })

  const wanted = ['outputs', 'gradients', 'grad_input']
  const all = await send('POST', `${path}/step`, { ...batch, lr: 0, return: wanted })
  t.equal(at(all, 'lr'), 0)
  t.ok(Number(at(all, 'loss')) < Number(at(first, 'loss')), 'the loss falls')
  t.equal(numbersOf(at(all, 'outputs')).length, 9)
  t.equal(numbersOf(at(all, 'grad_input')).length, 6)
  const gradients = Object.entries(Object(at(all, 'gradients')))
  t.same(gradients.map(([name]) => name), ['0.weight', '0.bias', '2.weight', '2.bias'])
  const norm = Math.hypot(...gradients.flatMap(([, gradient]) => numbersOf(gradient)))
  t.ok(Math.abs(norm / Number(at(all, 'grad_norm')) - 1) < 1e-6, 'grad_norm is that of all')
  const input = { datatype: 'FP32', shape: [3, 2], data: batch.input }
  const typed = await send('POST', `${path}/step`, { ...batch, input, return: ['outputs'] })
  t.match(typed.body, { outputs: { datatype: 'FP32', shape: [3, 3] } })

  const before = await send('GET', path)
  t.match(before.body, { seq: 3, step: 3 })
  const parameters = await send('GET', `${path}/parameters`)
  t.match(at(parameters, '0.weight'), { datatype: 'FP32', shape: [4, 2] })
  const bias = await send('GET', `${path}/parameters/2.bias`)
  t.same(bias.body, { '2.bias': at(parameters, '2.bias') })
  const put = await send('PUT', `${path}/parameters`, parameters.body, '"3"')
  t.same(put.body, { seq: 4, step: 3 })
  t.equal(put.headers.etag, '"4"')
  const { digest } = Object(before.body)
  t.equal(at(await send('GET', path), 'digest'), digest, 'the same numbers, the same digest')

  t.equal((await send('DELETE', path)).status, 204)
  t.match(await send('GET', path), { status: 404, body: { code: 'SESSION_UNKNOWN' } })
  t.equal(machine.heap.usedBytes, 0, 'all memory is back')
})

t.test('the same seed gives the same bits, another gives others', async t => {
  const client = await clientOf(t)
  const digest = async (more: object): Promise<unknown> =>
    at(await client.send('GET', await make(client, more)), 'digest')
  t.equal(await digest({ seed: 7 }), await digest({ seed: 7 }))
  t.not(await digest({ seed: 7 }), await digest({ seed: 8 }))
  t.equal(await digest({}), await digest({ seed: 0 }))
  const parameters = await client.send('GET', `${await make(client, { seed: 7 })}/parameters`)
  const largest = (name: string): number =>
    Math.max(...numbersOf(at(parameters, name, 'data')).map(Math.abs))
  t.ok(largest('0.weight') <= Math.fround(Math.SQRT1_2) && largest('0.weight') > 0.3)
  t.ok(largest('2.weight') <= 0.5 && largest('2.bias') <= 0.5)
})

t.test('a second session and another batch size compile nothing', async t => {
  const client = await clientOf(t)
  const { send, sessions: { programs } } = client
  const path = await make(client)
  await send('POST', `${path}/step`, batch)
  const { compilations } = programs
  await send('POST', `${path}/step`, { input: [[1, 2]], target: [1] })
  await send('POST', `${path}/step`, { input: [[1, 2], [3, 4]], target: [1, 0], lr: 0.05 })
  const other = await make(client, { optimizer: { type: 'SGD', lr: 0.5, momentum: 0.5 }, seed: 3 })
  t.match(await send('POST', `${other}/step`, batch), { status: 200 })
  t.equal(programs.compilations, compilations)
})

t.test('sessions are listed a page at a time', async t => {
  const client = await clientOf(t, { sessionsMax: 3 })
  const { send } = client
  const paths = [await make(client), await make(client), await make(client)]
  const refused = await send('POST', '/v1/sessions', spec)
  t.match(refused, { status: 429, body: { code: 'SESSIONS_TOO_MANY' } })
  const ids = paths.map(path => ({ id: path.slice('/v1/sessions/'.length) }))
  const first = await send('GET', '/v1/sessions?limit=2')
  t.match(at(first, 'data'), ids.slice(0, 2))
  const second = await send('GET', `/v1/sessions?status=active&after=${at(first, 'next')}`)
  t.match(second.body, { data: ids.slice(2), next: null })
})

t.test('an expired session says so, and its memory is back', async t => {
  let nowMs = 1e12
  const client = await clientOf(t, { nowMs: () => nowMs })
  const { send, machine } = client
  const path = await make(client, { ttl_seconds: 10 })
  nowMs += 9000
  t.match(await send('POST', `${path}/step`, batch), { status: 200 })
  nowMs += 9999
  t.match(await send('GET', path), { status: 200 })
  nowMs += 10_001
  const late = await send('POST', `${path}/step`, batch)
  t.match(late, { status: 410, body: { code: 'SESSION_EXPIRED' } })
  t.match(await send('GET', path), { status: 410 })
  t.equal(machine.heap.usedBytes, 0)
})

t.test('a step that is not finite is left out or counts, if that is wanted', async t => {
  const client = await clientOf(t)
  const { send } = client
  const wrong = { ...batch, input: [['NaN', 0], [1, 2], [1, 2]] }
  const skip = await make(client, { non_finite: 'skip' })
  const digest = at(await send('GET', skip), 'digest')
  const skipped = await send('POST', `${skip}/step`, wrong)
  t.match(skipped.body, { seq: 1, step: 0, loss: 'NaN', grad_norm: 'NaN', skipped: true })
  t.equal(at(await send('GET', skip), 'digest'), digest)
  const allow = await make(client, { non_finite: 'allow' })
  t.match((await send('POST', `${allow}/step`, wrong)).body, { seq: 1, step: 1, loss: 'NaN' })
  const bias = await send('GET', `${allow}/parameters/2.bias`)
  t.equal(at(bias, '2.bias', 'data', 0), 'NaN')

  const far = { ...batch, lr: 1e308 }
  t.match((await send('POST', `${skip}/step`, far)).body, { seq: 2, step: 0, skipped: true })
  t.equal(at(await send('GET', skip), 'digest'), digest, 'the next parameters are looked at, too')
})

t.test('a step says PyTorch’s silent surprises aloud', async t => {
  const client = await clientOf(t)
  const model = { layers: [{ type: 'Linear', in_features: 2, out_features: 1 }] }
  const path = await make(client, { model, loss: { type: 'MSELoss' } })
  const { input } = batch
  const surprising = await client.send('POST', `${path}/step`, { input, target: [1, 2, 3] })
  t.match(surprising.body, { seq: 1, warnings: [{ code: 'broadcast', message: /\[3,1\]/ }] })
  const usual = await client.send('POST', `${path}/step`, { input, target: [[1], [2], [3]] })
  t.equal(at(usual, 'warnings'), undefined)

  const classes = await make(client, { loss: { type: 'CrossEntropyLoss' }, non_finite: 'skip' })
  const none = { input, target: [-100, -100, -100] }
  const ignored = await client.send('POST', `${classes}/step`, none)
  t.match(ignored.body, { skipped: true, warnings: [{ code: 'no_valid_targets' }] })
  const right = await client.send('POST', `${classes}/step`, batch)
  t.equal(at(right, 'warnings'), undefined)
})

t.test('outputs larger than the limit are refused', async t => {
  const client = await clientOf(t, { resultElementsMax: 8 })
  const path = await make(client)
  t.match(await client.send('POST', `${path}/step`, { ...batch, return: ['outputs'] }), {
    status: 413,
    body: { code: 'RESULT_TOO_LARGE', detail: /outputs would have shape \[3,3\], 9 elements/ }
  })
  t.match(await client.send('POST', `${path}/step`, batch), { status: 200, body: { seq: 1 } })
})
