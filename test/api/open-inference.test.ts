// The Open Inference Protocol: JSON and binary tensors, in and out, in all combinations, give what
// the service's own routes give; what is wrong is 400 with the sentence under `error`.

import t from 'tap'
import { type Answer, type App, build, buildIdle } from '../app.ts'
import { bytesOf } from '../safetensors.ts'

// A busy machine takes its time.
t.setTimeout(120_000)
const url = '/v2/models/mse/infer'
const input = [1, 2.5, 0]
const target = [1.2, 2.2, 0.5]
const json = [
  { name: 'input', shape: [3, 1], datatype: 'FP32', data: input },
  { name: 'target', shape: [3, 1], datatype: 'FP32', data: target }
]

/** Sends a header and the bytes of its binary tensors. */
function send (
  { send }: App, header: object | string, tensors: readonly Uint8Array[] = [],
  headers: Record<string, string> = { 'content-type': 'application/octet-stream' }, path = url
): Promise<Answer> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const body = Buffer.concat([text, ...tensors])
  const length = { 'inference-header-content-length': String(text.length) }
  return send('POST', path, { ...length, 'content-length': String(body.length), ...headers }, body)
}

/** The outputs of a reply by name, JSON or binary. */
function outputsOf ({ bytes, headers }: Answer): Record<string, unknown> {
  const length = headers['inference-header-content-length']
  const end = length === undefined ? bytes.length : Number(length)
  const { outputs } = JSON.parse(bytes.toString('utf8', 0, end))
  let at = end
  return Object.fromEntries(outputs.map((output: Output) => {
    const size = output.parameters?.binary_data_size
    if (size === undefined) return [output.name, [output.shape, output.data?.map(Math.fround)]]
    const own = Uint8Array.from(bytes.subarray(at, at + size))
    at += size
    return [output.name, [output.shape, [...new Float32Array(own.buffer)]]]
  }))
}

interface Output {
  readonly name: string
  readonly shape: number[]
  readonly data?: number[]
  readonly parameters?: { readonly binary_data_size: number }
}

const floats = (values: readonly number[]): Uint8Array => bytesOf(Float32Array.from(values))
const binary = (name: string): object =>
  ({ name, shape: [3, 1], datatype: 'FP32', parameters: { binary_data_size: 12 } })

t.test('all combinations of JSON and binary tensors give the same', async t => {
  const app = await build(t)
  const { body } = await app.post('/v1/losses/mse',
    { input: input.map(value => [value]), target: target.map(value => [value]) })
  const { loss, gradients } = body as { loss: number, gradients: { input: number[][] } }
  const expected = {
    loss: [[], [Math.fround(loss)]],
    grad_input: [[3, 1], gradients.input.flat().map(Math.fround)]
  }
  const inputs: [string, object[], Uint8Array[]][] = [
    ['JSON', json, []],
    ['binary', [binary('input'), binary('target')], [floats(input), floats(target)]],
    ['input binary', [binary('input'), json[1] ?? {}], [floats(input)]],
    ['target binary', [json[0] ?? {}, binary('target')], [floats(target)]]
  ]
  const outputs: [string, object, boolean][] = [
    ['JSON by default', {}, false],
    ['binary by default', { parameters: { binary_data_output: true } }, true],
    ['all named', { outputs: [{ name: 'grad_input' }, { name: 'loss' }] }, false],
    ['one binary', { outputs: [
      { name: 'loss', parameters: { binary_data: false } },
      { name: 'grad_input', parameters: { binary_data: true } }
    ] }, true],
    ['all but one binary', { parameters: { binary_data_output: true }, outputs: [
      { name: 'loss', parameters: { binary_data: false } }, { name: 'grad_input' }
    ] }, true]
  ]
  for (const [given, tensors, bytes] of inputs) {
    for (const [wanted, more, isBinary] of outputs) {
      const header = { id: 'x', inputs: tensors, ...more }
      for (const type of ['application/octet-stream', 'application/json', undefined]) {
        const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
        const accept = type === 'application/octet-stream' ? { accept: 'application/json' } : {}
        const reply = await send(app, header, bytes, { ...headers, ...accept })
        t.equal(reply.status, 200, reply.text)
        t.same(outputsOf(reply), expected, `${given}, ${wanted}, ${type ?? 'untyped'}`)
        const length = Number(reply.headers['inference-header-content-length'] ?? 0)
        t.equal(length > 0, isBinary)
        t.equal(length % 16, 0)
        t.equal(reply.headers['content-type'],
          isBinary ? 'application/octet-stream' : 'application/json; charset=utf-8')
      }
    }
  }
  const like = await send(app, { inputs: [binary('input'), binary('target')] },
    [floats(input), floats(target)])
  t.equal(like.headers['content-type'], 'application/octet-stream', 'by default like the request')
  const whole = await app.post(url, { id: 'y', inputs: json })
  t.match(whole.body, { model_name: 'mse', model_version: '1', id: 'y' }, 'without any header')
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})

t.test('parameters are options; outputs say what is computed', async t => {
  const app = await build(t)
  const bce = '/v2/models/BCEWithLogitsLoss/infer'
  const inputs = [
    { name: 'input', shape: [3], datatype: 'FP64', data: [0.8, -1.2, 2] },
    { name: 'target', shape: [3], datatype: 'FP32', data: [1, 0, 1] }
  ]
  const reply = await app.post(bce, {
    inputs, parameters: { reduction: 'sum' },
    outputs: [{ name: 'hessian_input' }, { name: 'loss' }]
  })
  t.match(reply.body, {
    model_name: 'BCEWithLogitsLoss',
    outputs: [{ name: 'hessian_input', datatype: 'FP64', shape: [3] }, { name: 'loss', shape: [] }]
  })
  const none = await app.post(bce, { inputs, outputs: [{ name: 'loss' }] })
  t.same(Object.keys(outputsOf(none)), ['loss'])
  const vector = { name: 'hessian_vector.input', shape: [3], datatype: 'FP32', data: [1, 0, 0] }
  const product = await app.post(bce, { inputs: [...inputs, vector] })
  t.same(Object.keys(outputsOf(product)), ['loss', 'grad_input', 'hessian_vector_input'])
  const both = await app.post('/v2/models/mse/infer',
    { inputs: json, parameters: { gradients: 'input,target' } })
  t.same(Object.keys(outputsOf(both)), ['loss', 'grad_input', 'grad_target'])
  await app.send('PUT', '/v1/formulas/mine', { 'content-type': 'application/json' },
    '{"formula":"scale * abs(input - target)"}')
  const mine = await app.post('/v2/models/mine/infer',
    { inputs: json, parameters: { scale: 2, reduction: 'sum' } })
  t.same(outputsOf(mine)['loss'], [[], [2]])
  const masked = await app.post('/v2/models/cross-entropy/infer', {
    inputs: [
      { name: 'input', shape: [1, 2], datatype: 'FP32', data: [[1, 2]] },
      { name: 'target', shape: [1], datatype: 'INT64', data: [-100] }
    ]
  })
  t.match(masked.body, { parameters: { denominator: 0, warnings: /no_valid_targets/ } })
  t.same(masked.body['outputs'], [
    { name: 'loss', datatype: 'FP32', shape: [], data: ['NaN'] },
    { name: 'grad_input', datatype: 'FP32', shape: [1, 2], data: [0, 0] }
  ])
})

t.test('server and models tell of themselves', async t => {
  const app = await build(t)
  t.match((await app.get('/v2')).body, { name: 'lossd', extensions: ['binary_tensor_data'] })
  for (const [path, body] of [
    ['/v2/health/live', { live: true }], ['/v2/health/ready', { ready: true }],
    ['/v2/models/mse/ready', { name: 'mse', ready: true }],
    ['/v2/models/mse/versions/1/ready', { name: 'mse', ready: true }]
  ] as const) t.match(await app.get(path), { status: 200, body })
  for (const path of ['/v2/models/cross-entropy', '/v2/models/cross-entropy/versions/1']) {
    t.match((await app.get(path)).body, {
      name: 'cross-entropy', versions: ['1'], platform: 'lossd',
      inputs: [{ name: 'input', datatype: 'FP32' }, { name: 'target' }, { name: 'weight' }],
      outputs: [{ name: 'loss' }, { name: 'grad_input' }]
    })
  }
  t.equal((await app.post('/v2/models/mse/versions/1/infer', { inputs: json })).status, 200)
  for (const path of ['nothing', 'mse/versions/2', 'nothing/ready']) {
    t.match(await app.get(`/v2/models/${path}`),
      { status: 404, body: { code: 'LOSS_UNKNOWN', error: /./ } })
  }
})

t.test('before it is ready only health answers', async t => {
  const app = await buildIdle(t)
  t.match(await app.get('/v2/health/live'), { status: 200 })
  t.match(await app.get('/v2/health/ready'), { status: 503, body: { code: 'STARTING' } })
  t.match(await app.get('/v2'), { status: 503 })
})

t.test('what is wrong is 400 with its sentence, and leaves nothing behind', async t => {
  const app = await build(t)
  const [first = {}] = json
  const wrong: [string, RegExp, object | string, Uint8Array[]?][] = [
    ['BAD_JSON', /not JSON/, '{'],
    ['FIELD_INVALID', /must be an object/, '[]'],
    ['FIELD_INVALID', /inputs must be a list/, {}],
    ['FIELD_INVALID', /inputs must be a list/, { inputs: [] }],
    ['FIELD_UNKNOWN', /no field input/, { input: 1, inputs: json }],
    ['FIELD_INVALID', /\/id must be a text/, { id: 1, inputs: json }],
    ['FIELD_UNKNOWN', /no field dtype/, { inputs: [{ ...first, dtype: 'F32' }] }],
    ['FIELD_INVALID', /name must be a text/, { inputs: [{ ...first, name: '' }] }],
    ['FIELD_INVALID', /another name/, { inputs: [first, first] }],
    ['DATATYPE_MISMATCH', /FP16 can stand in binary bodies only/,
      { inputs: [{ ...first, datatype: 'FP16' }, json[1]] }],
    ['DATATYPE_MISMATCH', /no datatype "INT8"/,
      { inputs: [{ ...first, datatype: 'INT8' }, json[1]] }],
    ['SHAPE_MISMATCH', /4 elements/, { inputs: [{ ...first, shape: [4] }, json[1]] }],
    ['TENSOR_INVALID', /null where a number belongs/, { inputs: [{ ...first, data: [null] }] }],
    ['ARGUMENT_MISSING', /needs target/, { inputs: [first] }],
    ['OPTION_UNKNOWN', /no option beta/, { inputs: json, parameters: { beta: 1 } }],
    ['FIELD_INVALID', /a number, a text/, { inputs: json, parameters: { beta: [1] } }],
    ['FIELD_INVALID', /true or false/, { inputs: json, parameters: { binary_data_output: 1 } }],
    ['FIELD_INVALID', /no output gradient/, { inputs: json, outputs: [{ name: 'gradient' }] }],
    ['GRADIENT_UNKNOWN', /no argument x/, { inputs: json, outputs: [{ name: 'grad_x' }] }],
    ['BAD_BINARY', /needs 12/,
      { inputs: [{ ...binary('input'), parameters: { binary_data_size: 8 } }] }, [floats([1, 2])]],
    ['BAD_BINARY', /the body/, { inputs: [binary('input')] }, [floats([1, 2])]],
    ['BAD_BINARY', /the body/, { inputs: [binary('input')] }, [floats([1, 2, 3, 4])]],
    ['DATATYPE_MISMATCH', /must be one of/,
      { inputs: [{ ...binary('input'), datatype: 'INT8' }] }, [floats([1, 2, 3])]],
    ['FIELD_INVALID', /left out of a binary/, { inputs: [{ ...binary('input'), data: [] }] }],
    ['FIELD_INVALID', /whole numbers/, { inputs: [{ ...binary('input'), shape: [1.5] }] }]
  ]
  for (const [code, error, header, bytes] of wrong) {
    const reply = await send(app, header, bytes)
    t.match(reply, { status: 400, body: { code, error, status: 400 } }, `${code} ${error}`)
    t.equal(app.service.heap.leases, 0)
  }
  const untold = await app.post(url, { inputs: [binary('input'), binary('target')] })
  t.match(untold, { status: 400, body: { error: /no header length was given/ } })
  for (const length of ['0', '-1', 'x', '1e3', '']) {
    const headers = { 'inference-header-content-length': length }
    t.match(await send(app, { inputs: json }, [], headers),
      { status: 400, body: { code: 'BAD_HEADER' } }, length)
  }
  const beyond = { 'inference-header-content-length': '1000' }
  t.match(await send(app, { inputs: json }, [], beyond),
    { status: 400, body: { code: 'BAD_BINARY' } })
  const large = { 'inference-header-content-length': '70000' }
  t.match(await send(app, { inputs: json }, [], large), { status: 413 })
  const as = (type: string) => send(app, { inputs: json }, [], { 'content-type': type })
  for (const type of ['text/plain', 'application/vnd.safetensors', 'multipart/form-data']) {
    t.match(await as(type), { status: 415, body: { error: /application\/octet-stream/ } })
  }
  t.match(await app.post('/v2/models/nothing/infer', { inputs: json }), { status: 404 })
  const small = await build(t, { BODY_BYTES_MAX: '2000' })
  const long = { id: 'x'.repeat(2000), inputs: json }
  const octets = { 'content-type': 'application/octet-stream' }
  t.match(await small.post(url, long, octets), { status: 413 }, 'JSON has its own limit')
  t.match(await small.post('/v1/losses/mse', ' '.repeat(3000), beyond), { status: 413 })
  t.equal((await send(small, long)).status, 200, 'binary bodies another')
  t.match(await app.send('PUT', url), { status: 405, headers: { allow: 'POST' } })
  t.match(await app.post(url, { inputs: json }, { accept: 'text/html' }), { status: 406 })
  t.match(await app.post(url, { inputs: json }, { 'content-encoding': 'gzip' }), { status: 415 })
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('large tensors, JSON and binary beside each other', async t => {
  const app = await build(t)
  const values = Array.from({ length: 150_000 }, (_, index) => Math.fround(Math.sin(index)))
  const zero = { name: 'target', shape: [150_000], datatype: 'FP32', data: values.map(() => 0) }
  const first = { name: 'input', shape: [150_000], datatype: 'FP32' }
  const asBytes = { ...first, parameters: { binary_data_size: 600_000 } }
  const expected = values.map(value => Math.fround(2 * value))
  const parameters = { reduction: 'sum' }
  for (const binary of [false, true]) {
    const outputs = [
      { name: 'grad_input', parameters: { binary_data: binary } },
      { name: 'loss', parameters: { binary_data: !binary } }
    ]
    const json = [{ ...first, data: values }, zero]
    const whole = await app.post(url, { inputs: json, parameters, outputs })
    t.same(outputsOf(whole)['grad_input'], [[150_000], expected])
    // The header has its limit, so what is large in it must be binary.
    const zeros = { ...zero, data: undefined, parameters: { binary_data_size: 600_000 } }
    const half = await send(app, { inputs: [asBytes, zeros], parameters, outputs },
      [floats(values), floats(zero.data)])
    t.same(outputsOf(half), outputsOf(whole))
    const mixed = await send(app, { inputs: [asBytes, zero], parameters, outputs },
      [floats(values)])
    t.match(mixed, { status: 413, body: { detail: /the limit is 65536 bytes/ } })
  }
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})
