// What session routes refuse: with which code, at which place, and that nothing changes.

import t from 'tap'
import { at, batch, clientOf, make, spec } from '../sessions/server.ts'

type Row = readonly [title: string, code: string, pointer: string, body: unknown]

const steps: readonly Row[] = [
  ['no input', 'ARGUMENT_MISSING', '/input', { target: [0] }],
  ['no target', 'ARGUMENT_MISSING', '/target', { input: batch.input }],
  ['an unknown field', 'FIELD_UNKNOWN', '/clip_grad_norm', { ...batch, clip_grad_norm: 1 }],
  ['too few features', 'SHAPE_MISMATCH', '/input', { ...batch, input: [[1], [2], [3]] }],
  ['a number as input', 'SHAPE_MISMATCH', '/input', { ...batch, input: 1 }],
  ['too few targets', 'SHAPE_MISMATCH', '/target', { ...batch, target: [0, 1] }],
  ['a class that is none', 'TARGET_RANGE', '/target', { ...batch, target: [0, 3, 1] }],
  ['a huge class', 'TARGET_RANGE', '/target', { ...batch, target: [0, 2 ** 40, 1] }],
  ['a negative class', 'TARGET_RANGE', '/target', { ...batch, target: [0, -1, 1] }],
  ['half a class', 'TENSOR_INVALID', '/target/1', { ...batch, target: [0, 0.5, 1] }],
  ['null', 'TENSOR_INVALID', '/input', { ...batch, input: null }],
  ['ragged rows', 'TENSOR_INVALID', '/input/1', { ...batch, input: [[1, 2], [3], [4, 5]] }],
  ['a negative lr', 'FIELD_INVALID', '/lr', { ...batch, lr: -1 }],
  ['an lr that is a text', 'FIELD_INVALID', '/lr', { ...batch, lr: '0.1' }],
  ['an unknown result', 'FIELD_INVALID', '/return/0', { ...batch, return: ['output'] }],
  ['no list of results', 'FIELD_INVALID', '/return', { ...batch, return: 'outputs' }],
  ['an array', 'BODY_INVALID', '', [batch]],
  ['NaN as input', 'NON_FINITE', '', { ...batch, input: [['NaN', 1], [1, 2], [1, 2]] }],
  ['an infinite input', 'NON_FINITE', '', { ...batch, input: [['Infinity', 1], [1, 2], [1, 2]] }],
  ['an lr beyond float32', 'NON_FINITE', '', { ...batch, lr: 1e308 }],
  ['an infinite lr in a step', 'FIELD_INVALID', '/lr', { ...batch, lr: 'Infinity' }],
  ['an empty batch', 'NON_FINITE', '',
    { input: { datatype: 'FP32', shape: [0, 2], data: [] }, target: [] }]
]

t.test('a step that is refused changes nothing', async t => {
  const client = await clientOf(t)
  const { send, machine } = client
  const path = await make(client)
  await send('POST', `${path}/step`, batch)
  const before = Object(at(await send('GET', path)))
  const used = machine.heap.usedBytes
  for (const [title, code, pointer, body] of steps) {
    await t.test(title, async t => {
      const reply = await send('POST', `${path}/step`, body)
      t.equal(at(reply, 'code'), code, String(at(reply, 'detail')))
      t.equal(reply.status, 422)
      t.equal(at(reply, 'errors', 0, 'pointer') ?? '', pointer)
    })
  }
  const short = await send('POST', `${path}/step`, { ...batch, target: [0, 1] })
  t.equal(at(short, 'detail'),
    'target has shape [2]; the model’s output [3,3] needs [3] (class) or [3,3] (real)')
  const wrong = { '0.weight': [[0, 0]], '0.bias': [0], '2.weight': [[0]], '2.bias': [0] }
  for (const [body, code] of [
    [wrong, 'SHAPE_MISMATCH'], [{ weight: 1 }, 'FIELD_UNKNOWN'], [{}, 'ARGUMENT_MISSING']
  ]) {
    const reply = await send('PUT', `${path}/parameters`, body)
    t.match(reply, { status: 422, body: { code } })
  }
  const other = await send('GET', `${path}/parameters/0.wait`)
  t.match(other, { status: 404, body: { code: 'PARAMETER_UNKNOWN' } })
  const after = Object(at(await send('GET', path)))
  t.same({ ...after, expires_at: '' }, { ...before, expires_at: '' })
  t.equal(machine.heap.usedBytes, used, 'no memory is lost')
})

t.test('If-Match and queries are held against the session', async t => {
  const client = await clientOf(t)
  const { send } = client
  const path = await make(client)
  const step = `${path}/step`
  t.match(await send('POST', step, batch, '"0"'), { status: 200, body: { seq: 1 } })
  t.match(await send('POST', step, batch, '"0"'),
    { status: 412, body: { code: 'PRECONDITION_FAILED' } })
  t.match(await send('POST', step, batch, 'W/"1"'), { status: 412 })
  t.match(await send('POST', step, batch, '1'), { status: 400, body: { code: 'BAD_HEADER' } })
  t.match(await send('DELETE', path, undefined, '"7"'), { status: 412 })
  const key = { 'idempotency-key': 'a' }
  t.match(await send('POST', step, batch, key),
    { status: 400, body: { code: 'BAD_HEADER', detail: /Idempotency-Key .* not supported/ } })
  t.match(await send('POST', '/v1/sessions', spec, key), { status: 400 })
  t.match(await send('POST', step, batch, '"0", "1"'), { status: 200, body: { seq: 2 } })
  t.match(await send('POST', step, batch, '*'), { status: 200, body: { seq: 3 } })
  const query = { status: 400, body: { code: 'BAD_QUERY' } }
  t.match(await send('POST', `${step}?seq=4`, batch), query)
  t.match(await send('GET', '/v1/sessions?limit=0'), query)
  t.match(await send('GET', '/v1/sessions?page=2'), query)
  t.match(await send('GET', '/v1/sessions?status=old'), query)
})

const linear = { type: 'Linear', in_features: 2, out_features: 3 }
const relu = { type: 'ReLU' }
const of = (...layers: object[]) => ({ model: { type: 'Sequential', layers } })

const specs: readonly Row[] = [
  ['an unknown field', 'FIELD_UNKNOWN', '/scheduler', { scheduler: {} }],
  ['a durability of its own', 'FIELD_INVALID', '/durability', { durability: 'step' }],
  ['a datatype that does not compute', 'FIELD_INVALID', '/datatype', { datatype: 'FP16' }],
  ['half a seed', 'FIELD_INVALID', '/seed', { seed: 0.5 }],
  ['no time to live', 'FIELD_INVALID', '/ttl_seconds', { ttl_seconds: 0 }],
  ['metadata that is a text', 'FIELD_INVALID', '/metadata', { metadata: 'x' }],
  ['much metadata', 'FIELD_INVALID', '/metadata', { metadata: { text: 'x'.repeat(20_000) } }],
  ['no model', 'FIELD_INVALID', '/model', { model: null }],
  ['no layers', 'FIELD_INVALID', '/model/layers', of()],
  ['an unknown layer', 'MODEL_INVALID', '/model/layers/0/type', of({ type: 'Linaer' })],
  ['a layer without its length', 'FIELD_INVALID', '/model/layers/0/out_features',
    of({ type: 'Linear', in_features: 2 })],
  ['a length of 0', 'FIELD_INVALID', '/model/layers/0/in_features',
    of({ ...linear, in_features: 0 })],
  ['an unknown option of a layer', 'FIELD_UNKNOWN', '/model/layers/0/biass',
    of({ ...linear, biass: true })],
  ['a bias that is 1', 'FIELD_INVALID', '/model/layers/0/bias', of({ ...linear, bias: 1 })],
  ['layers that do not fit', 'MODEL_INVALID', '/model/layers/2/in_features',
    of(linear, relu, linear)],
  ['nothing to learn', 'MODEL_INVALID', '/model/layers', of(relu)],
  ['too many layers', 'MODEL_INVALID', '/model/layers', of(...Array(33).fill(relu))],
  ['a large model', 'SESSION_TOO_LARGE', '/model', of({ ...linear, out_features: 100_000 })],
  ['an unknown loss', 'FIELD_INVALID', '/loss/type', { loss: { type: 'MSLLoss' } }],
  ['an unknown option of a loss', 'OPTION_UNKNOWN', '/loss/beta',
    { loss: { type: 'mse', beta: 1 } }],
  ['an option out of bounds', 'OPTION_INVALID', '/loss/delta',
    { loss: { type: 'HuberLoss', delta: -1 } }],
  ['no reduction', 'OPTION_INVALID', '/loss/reduction',
    { loss: { type: 'mse', reduction: 'none' } }],
  ['an unknown optimizer', 'FIELD_INVALID', '/optimizer/type', { optimizer: { type: 'Sgd' } }],
  ['an infinite lr', 'OPTION_INVALID', '/optimizer/lr',
    { optimizer: { type: 'SGD', lr: 'Infinity' } }],
  ['a momentum that is NaN', 'OPTION_INVALID', '/optimizer/momentum',
    { optimizer: { type: 'SGD', momentum: 'NaN' } }],
  ['a negative lr', 'OPTION_INVALID', '/optimizer/lr', { optimizer: { type: 'SGD', lr: -1 } }],
  ['an unknown option of an optimizer', 'OPTION_UNKNOWN', '/optimizer/momentun',
    { optimizer: { type: 'SGD', momentun: 0.9 } }],
  ['the session’s own step', 'OPTION_UNKNOWN', '/optimizer/step',
    { optimizer: { type: 'SGD', step: 3 } }],
  ['nesterov without momentum', 'OPTION_INVALID', '/optimizer/nesterov',
    { optimizer: { type: 'SGD', nesterov: true } }]
]

t.test('a description that cannot be is refused with its place', async t => {
  const { send, sessions, machine } = await clientOf(t, { bytesMax: 1 << 16 })
  for (const [title, code, pointer, body] of specs) {
    await t.test(title, async t => {
      const reply = await send('POST', '/v1/sessions', { ...spec, ...Object(body) })
      t.equal(at(reply, 'code'), code, String(at(reply, 'detail')))
      t.equal(reply.status, code === 'SESSION_TOO_LARGE' ? 413 : 422)
      t.equal(at(reply, 'errors', 0, 'pointer'), pointer)
    })
  }
  t.equal(sessions.count, 0)
  t.equal(machine.heap.usedBytes, 0)
})
