// Sessions over HTTP: what they answer, what they refuse, and that a refusal changes nothing.

import t from 'tap'
import { type Client, clientOf } from '../sessions/server.ts'

const spec = {
  model: {
    type: 'Sequential',
    layers: [
      { type: 'Linear', in_features: 2, out_features: 4 }, { type: 'Tanh' },
      { type: 'Linear', in_features: 4, out_features: 3 }
    ]
  },
  loss: { type: 'CrossEntropyLoss', label_smoothing: 0.1 },
  optimizer: { type: 'SGD', lr: 0.1, momentum: 0.9 }
}
const batch = { input: [[0.5, -1], [1, 2], [-0.25, 0.75]], target: [0, 2, 1] }

async function make ({ send }: Client, more: object = {}): Promise<string> {
  const { body } = await send('POST', '/v1/sessions', { ...spec, ...more })
  return `/v1/sessions/${body.id}`
}

t.test('a session is made, trained, read, replaced and ended', async t => {
  const client = await clientOf(t)
  const { send, machine } = client
  const made = await send('POST', '/v1/sessions', { ...spec, metadata: { run: [1, 2], deep: [[1], [2, 3]] } })
  t.equal(made.status, 201)
  t.equal(made.headers.etag, '"0"')
  t.equal(made.headers.location, `/v1/sessions/${made.body.id}`)
  t.match(made.body, {
    status: 'active', seq: 0, step: 0, durability: 'memory', datatype: 'FP32',
    model: { type: 'Sequential', layers: [{ type: 'Linear', in_features: 2, out_features: 4, bias: true }, {}, {}] },
    loss: { type: 'CrossEntropyLoss', label_smoothing: 0.1, ignore_index: -100, reduction: 'mean' },
    optimizer: { type: 'SGD', lr: 0.1, momentum: 0.9, dampening: 0, weight_decay: 0, nesterov: false, maximize: false },
    parameters: [
      { name: '0.weight', shape: [4, 2], datatype: 'FP32' }, { name: '0.bias', shape: [4] },
      { name: '2.weight', shape: [3, 4] }, { name: '2.bias', shape: [3] }
    ],
    parameter_count: 27, digest: /^sha256:[0-9a-f]{64}$/, cursor: null, last_checkpoint: null,
    metadata: { run: [1, 2], deep: [[1], [2, 3]] }
  })
  const path = `/v1/sessions/${made.body.id}`

  const first = await send('POST', `${path}/step`, batch)
  t.equal(first.status, 200)
  t.equal(first.headers.etag, '"1"')
  t.match(first.body, { seq: 1, step: 1, loss: Number, examples: 3, grad_norm: Number, lr: 0.1, durable: false })
  const all = await send('POST', `${path}/step`, { ...batch, lr: 0, return: ['outputs', 'gradients', 'grad_input'] })
  t.equal(all.body.lr, 0)
  t.ok(all.body.loss < first.body.loss, 'the loss falls')
  t.equal(all.body.outputs.length, 3)
  t.equal(all.body.outputs[0].length, 3)
  t.equal(all.body.grad_input[2].length, 2)
  t.same(Object.keys(all.body.gradients), ['0.weight', '0.bias', '2.weight', '2.bias'])
  const squares = (value: unknown): number => (Array.isArray(value)
    ? value.map(squares).reduce((a, b) => a + b, 0)
    : Number(value) ** 2)
  const norm = Math.sqrt(Object.values(all.body.gradients).map(squares).reduce((a, b) => a + b, 0))
  t.ok(Math.abs(norm - all.body.grad_norm) < 1e-6 * norm, 'grad_norm is the norm of all gradients')
  const typed = await send('POST', `${path}/step`,
    { ...batch, input: { datatype: 'FP32', shape: [3, 2], data: batch.input }, return: ['outputs'] })
  t.match(typed.body.outputs, { datatype: 'FP32', shape: [3, 3] })

  const before = await send('GET', path)
  t.match(before.body, { seq: 3, step: 3 })
  const parameters = await send('GET', `${path}/parameters`)
  t.match(parameters.body['0.weight'], { datatype: 'FP32', shape: [4, 2] })
  t.same((await send('GET', `${path}/parameters/2.bias`)).body, { '2.bias': parameters.body['2.bias'] })
  const put = await send('PUT', `${path}/parameters`, parameters.body, { 'if-match': '"3"' })
  t.same(put.body, { seq: 4, step: 3 })
  t.equal(put.headers.etag, '"4"')
  t.equal((await send('GET', path)).body.digest, before.body.digest, 'the same numbers have the same digest')

  t.equal((await send('DELETE', path)).status, 204)
  const gone = await send('GET', path)
  t.equal(gone.status, 404)
  t.equal(gone.body.code, 'SESSION_UNKNOWN')
  t.equal(machine.heap.usedBytes, 0, 'all memory is back')
})

t.test('the same seed gives the same bits, another gives others', async t => {
  const client = await clientOf(t)
  const digest = async (more: object): Promise<string> => (await client.send('GET', await make(client, more))).body.digest
  t.equal(await digest({ seed: 7 }), await digest({ seed: 7 }))
  t.not(await digest({ seed: 7 }), await digest({ seed: 8 }))
  t.equal(await digest({}), await digest({ seed: 0 }))
  const path = await make(client, { seed: 7 })
  const { body } = await client.send('GET', `${path}/parameters`)
  const largest = (name: string): number => Math.max(...body[name].data.map(Math.abs))
  t.ok(largest('0.weight') <= Math.fround(Math.SQRT1_2) && largest('0.weight') > 0.3)
  t.ok(largest('2.weight') <= 0.5 && largest('2.bias') <= 0.5)
})

t.test('a second session and another batch size compile nothing', async t => {
  const client = await clientOf(t)
  const path = await make(client)
  await client.send('POST', `${path}/step`, batch)
  const { compilations } = client.sessions.programs
  await client.send('POST', `${path}/step`, { input: [[1, 2]], target: [1] })
  await client.send('POST', `${path}/step`, { input: [[1, 2], [3, 4]], target: [1, 0], lr: 0.05 })
  const other = await make(client, { optimizer: { type: 'SGD', lr: 0.5, momentum: 0.5 }, seed: 3 })
  await client.send('POST', `${other}/step`, batch)
  t.equal(client.sessions.programs.compilations, compilations)
})

t.test('what is refused changes nothing', async t => {
  const client = await clientOf(t)
  const path = await make(client)
  await client.send('POST', `${path}/step`, batch)
  const before = (await client.send('GET', path)).body
  const used = client.machine.heap.usedBytes
  const rows: [title: string, body: unknown, code: string, pointer?: string][] = [
    ['no input', { target: [0] }, 'ARGUMENT_MISSING', '/input'],
    ['no target', { input: batch.input }, 'ARGUMENT_MISSING', '/target'],
    ['an unknown field', { ...batch, clip_grad_norm: 1 }, 'FIELD_UNKNOWN', '/clip_grad_norm'],
    ['too few features', { ...batch, input: [[1], [2], [3]] }, 'SHAPE_MISMATCH', '/input'],
    ['a number as input', { ...batch, input: 1 }, 'SHAPE_MISMATCH', '/input'],
    ['too few targets', { ...batch, target: [0, 1] }, 'SHAPE_MISMATCH', '/target'],
    ['a class that is none', { ...batch, target: [0, 3, 1] }, 'TARGET_RANGE', '/target'],
    ['a negative class', { ...batch, target: [0, -1, 1] }, 'TARGET_RANGE', '/target'],
    ['half a class', { ...batch, target: [0, 0.5, 1] }, 'TENSOR_INVALID'],
    ['NaN as input', { ...batch, input: [['NaN', 1], [1, 2], [1, 2]] }, 'NON_FINITE'],
    ['an infinite input', { ...batch, input: [['Infinity', 1], [1, 2], [1, 2]] }, 'NON_FINITE'],
    ['null', { ...batch, input: null }, 'TENSOR_INVALID', '/input'],
    ['ragged rows', { ...batch, input: [[1, 2], [3], [4, 5]] }, 'TENSOR_INVALID', '/input/1'],
    ['a negative lr', { ...batch, lr: -1 }, 'FIELD_INVALID', '/lr'],
    ['an lr that is a text', { ...batch, lr: '0.1' }, 'FIELD_INVALID', '/lr'],
    ['an unknown result', { ...batch, return: ['output'] }, 'FIELD_INVALID', '/return/0'],
    ['no list of results', { ...batch, return: 'outputs' }, 'FIELD_INVALID', '/return'],
    ['an array', [batch], 'BODY_INVALID'],
    ['an empty batch', { input: { datatype: 'FP32', shape: [0, 2], data: [] }, target: [] }, 'NON_FINITE']
  ]
  for (const [title, body, code, pointer] of rows) {
    await t.test(title, async t => {
      const reply = await client.send('POST', `${path}/step`, body)
      t.equal(reply.status, 422)
      t.equal(reply.body.code, code, reply.body.detail)
      if (pointer !== undefined) t.equal(reply.body.errors[0]?.pointer, pointer)
    })
  }
  const put = { '0.weight': [[0, 0]], '0.bias': [0], '2.weight': [[0]], '2.bias': [0] }
  t.match(await client.send('PUT', `${path}/parameters`, put), { status: 422, body: { code: 'SHAPE_MISMATCH' } })
  t.match(await client.send('PUT', `${path}/parameters`, { '0.weight': 1 }), { status: 422, body: { code: 'SHAPE_MISMATCH' } })
  t.match(await client.send('PUT', `${path}/parameters`, { weight: 1 }), { status: 422, body: { code: 'FIELD_UNKNOWN' } })
  t.match(await client.send('PUT', `${path}/parameters`, {}), { status: 422, body: { code: 'ARGUMENT_MISSING' } })
  t.match(await client.send('POST', `${path}/step?seq=2`, batch), { status: 400, body: { code: 'BAD_QUERY' } })
  t.match(await client.send('POST', `${path}/step`, batch, { 'if-match': '"0"' }), { status: 412 })
  t.match(await client.send('POST', `${path}/step`, batch, { 'if-match': 'W/"1"' }), { status: 412 })
  t.match(await client.send('POST', `${path}/step`, batch, { 'if-match': '1' }), { status: 400 })
  t.match(await client.send('DELETE', path, undefined, { 'if-match': '"7"' }), { status: 412 })
  t.match(await client.send('GET', `${path}/parameters/0.wait`), { status: 404, body: { code: 'PARAMETER_UNKNOWN' } })
  const after = (await client.send('GET', path)).body
  t.same({ ...after, expires_at: '' }, { ...before, expires_at: '' })
  t.equal(client.machine.heap.usedBytes, used, 'no memory is lost')
  t.match(await client.send('POST', `${path}/step`, batch, { 'if-match': '"0", "1"' }), { status: 200, body: { seq: 2 } })
})

t.test('a description that cannot be is refused with its place', async t => {
  const client = await clientOf(t, { bytesMax: 1 << 16 })
  const linear = (more: object) => ({ type: 'Sequential', layers: [{ type: 'Linear', in_features: 2, out_features: 3, ...more }] })
  const rows: [title: string, body: object, code: string, pointer: string, status?: number][] = [
    ['an unknown field', { scheduler: {} }, 'FIELD_UNKNOWN', '/scheduler'],
    ['a durability of later', { durability: 'step' }, 'FIELD_INVALID', '/durability'],
    ['a datatype that does not compute', { datatype: 'FP16' }, 'FIELD_INVALID', '/datatype'],
    ['half a seed', { seed: 0.5 }, 'FIELD_INVALID', '/seed'],
    ['no time to live', { ttl_seconds: 0 }, 'FIELD_INVALID', '/ttl_seconds'],
    ['metadata that is a text', { metadata: 'x' }, 'FIELD_INVALID', '/metadata'],
    ['much metadata', { metadata: { text: 'x'.repeat(20_000) } }, 'FIELD_INVALID', '/metadata'],
    ['no model', { model: null }, 'FIELD_INVALID', '/model'],
    ['no layers', { model: { type: 'Sequential', layers: [] } }, 'FIELD_INVALID', '/model/layers'],
    ['an unknown layer', { model: { layers: [{ type: 'Linaer' }] } }, 'MODEL_INVALID', '/model/layers/0/type'],
    ['a layer without its length', { model: { layers: [{ type: 'Linear', in_features: 2 }] } }, 'FIELD_INVALID', '/model/layers/0/out_features'],
    ['a length of 0', { model: linear({ in_features: 0 }) }, 'FIELD_INVALID', '/model/layers/0/in_features'],
    ['an unknown option of a layer', { model: linear({ biass: true }) }, 'FIELD_UNKNOWN', '/model/layers/0/biass'],
    ['a bias that is 1', { model: linear({ bias: 1 }) }, 'FIELD_INVALID', '/model/layers/0/bias'],
    ['layers that do not fit', { model: { layers: [...linear({}).layers, { type: 'ReLU' }, ...linear({}).layers] } }, 'MODEL_INVALID', '/model/layers/2/in_features'],
    ['nothing to learn', { model: { layers: [{ type: 'ReLU' }] } }, 'MODEL_INVALID', '/model/layers'],
    ['too many layers', { model: { layers: Array(33).fill({ type: 'ReLU' }) } }, 'MODEL_INVALID', '/model/layers'],
    ['a large model', { model: linear({ out_features: 100_000 }) }, 'SESSION_TOO_LARGE', '/model', 413],
    ['an unknown loss', { loss: { type: 'MSLLoss' } }, 'FIELD_INVALID', '/loss/type'],
    ['an unknown option of a loss', { loss: { type: 'mse', beta: 1 } }, 'OPTION_UNKNOWN', '/loss/beta'],
    ['an option out of bounds', { loss: { type: 'HuberLoss', delta: -1 } }, 'OPTION_INVALID', '/loss/delta'],
    ['no reduction', { loss: { type: 'mse', reduction: 'none' } }, 'OPTION_INVALID', '/loss/reduction'],
    ['an unknown optimizer', { optimizer: { type: 'Sgd' } }, 'FIELD_INVALID', '/optimizer/type'],
    ['a negative lr', { optimizer: { type: 'SGD', lr: -1 } }, 'OPTION_INVALID', '/optimizer/lr'],
    ['an unknown option of an optimizer', { optimizer: { type: 'SGD', momentun: 0.9 } }, 'OPTION_UNKNOWN', '/optimizer/momentun'],
    ['nesterov without momentum', { optimizer: { type: 'SGD', nesterov: true } }, 'OPTION_INVALID', '/optimizer/nesterov']
  ]
  for (const [title, body, code, pointer, status = 422] of rows) {
    await t.test(title, async t => {
      const reply = await client.send('POST', '/v1/sessions', { ...spec, ...body })
      t.equal(reply.body.code, code, reply.body.detail)
      t.equal(reply.status, status)
      t.equal(reply.body.errors[0]?.pointer, pointer)
    })
  }
  t.equal(client.sessions.count, 0)
  t.equal(client.machine.heap.usedBytes, 0)
})

t.test('sessions are listed a page at a time', async t => {
  const client = await clientOf(t, { sessionsMax: 3 })
  const paths = [await make(client), await make(client), await make(client)]
  t.match(await client.send('POST', '/v1/sessions', spec), { status: 429, body: { code: 'SESSIONS_TOO_MANY' } })
  const first = await client.send('GET', '/v1/sessions?limit=2')
  t.same(first.body.data.map(({ id }: { id: string }) => `/v1/sessions/${id}`), paths.slice(0, 2))
  const second = await client.send('GET', `/v1/sessions?status=active&after=${first.body.next}`)
  t.same(second.body.data.map(({ id }: { id: string }) => `/v1/sessions/${id}`), paths.slice(2))
  t.equal(second.body.next, null)
  t.match(await client.send('GET', '/v1/sessions?limit=0'), { status: 400 })
  t.match(await client.send('GET', '/v1/sessions?page=2'), { status: 400 })
})

t.test('an expired session says so, and its memory is back', async t => {
  let nowMs = 1e12
  const client = await clientOf(t, { nowMs: () => nowMs })
  const path = await make(client, { ttl_seconds: 10 })
  nowMs += 9000
  t.match(await client.send('POST', `${path}/step`, batch), { status: 200 })
  nowMs += 9999
  t.match(await client.send('GET', path), { status: 200 })
  nowMs += 10_001
  t.match(await client.send('POST', `${path}/step`, batch), { status: 410, body: { code: 'SESSION_EXPIRED' } })
  t.match(await client.send('GET', path), { status: 410 })
  t.equal(client.machine.heap.usedBytes, 0)
})

t.test('a step that is not finite fails, is left out, or counts', async t => {
  const client = await clientOf(t)
  const wrong = { ...batch, input: [['NaN', 0], [1, 2], [1, 2]] }
  const skip = await make(client, { non_finite: 'skip' })
  const { body: { digest } } = await client.send('GET', skip)
  t.match(await client.send('POST', `${skip}/step`, wrong),
    { status: 200, body: { seq: 1, step: 0, loss: 'NaN', grad_norm: 'NaN', skipped: true } })
  t.equal((await client.send('GET', skip)).body.digest, digest)
  const allow = await make(client, { non_finite: 'allow' })
  t.match(await client.send('POST', `${allow}/step`, wrong), { status: 200, body: { seq: 1, step: 1, loss: 'NaN' } })
  t.equal((await client.send('GET', `${allow}/parameters/2.bias`)).body['2.bias'].data[0], 'NaN')
})
