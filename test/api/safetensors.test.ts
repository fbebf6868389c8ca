// safetensors in and out: the same numbers as in JSON, options from query and metadata, and every
// way in which such a body can be wrong.

import t from 'tap'
import { type App, build } from '../app.ts'
import { bytesOf, decode, encode, type Entry, f32, f64, file, i64 } from '../safetensors.ts'

// A busy machine takes its time.
t.setTimeout(120_000)
const type = 'application/vnd.safetensors'
const input = f32([2, 3], [2, 0.5, -1, 0.1, 1.5, 0.3])
const target = i64([2], [0, 2])
const plain = { input: [[2, 0.5, -1], [0.1, 1.5, 0.3]], target: [0, 2] }

function post (
  { send }: App, path: string, body: Buffer, headers: Record<string, string> = {}
): ReturnType<App['send']> {
  return send('POST', path, { 'content-type': type, ...headers }, body)
}

t.test('a loss and its gradients are those of JSON', async t => {
  const app = await build(t)
  const path = '/v1/losses/cross-entropy'
  const { body } = await app.post(path, plain)
  const json = body as { loss: number, gradients: { input: number[][] } }
  const reply = await post(app, path, encode({ input, target }))
  t.match(reply, {
    status: 200,
    headers: {
      'content-type': type, vary: 'Accept',
      'content-disposition': 'attachment; filename="result.safetensors"'
    }
  })
  const { tensors, start } = decode(reply.bytes)
  t.equal(start % 16, 0, 'data begins at a multiple of 16')
  t.same(tensors['loss']?.shape, [])
  t.same(tensors['grad.input']?.shape, [2, 3])
  t.same(tensors['loss']?.values.map(short), [json.loss])
  t.same(tensors['grad.input']?.values.map(short), json.gradients.input.flat())
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
  const alias = await post(app, path, encode({ input, target }),
    { 'content-type': 'application/x-safetensors' })
  t.ok(alias.bytes.equals(reply.bytes), 'under its other name as well')
})

t.test('the reply is what Accept asks for, by default like the request', async t => {
  const app = await build(t)
  const path = '/v1/losses/cross-entropy'
  const body = encode({ input, target })
  const accepting = async (accept: string, request: Buffer | object = body) => {
    const { status, headers } = Buffer.isBuffer(request)
      ? await post(app, path, request, { accept })
      : await app.post(path, request, { accept })
    return status === 200 ? String(headers['content-type']).split(';')[0] : status
  }
  const json = 'application/json'
  t.equal(await accepting('*/*'), type)
  t.equal(await accepting('*/*', plain), json)
  t.equal(await accepting(json), json)
  t.equal(await accepting(type, plain), type)
  t.equal(await accepting('application/x-safetensors', plain), type)
  t.equal(await accepting('application/*'), type)
  t.equal(await accepting(`${json};q=0.5, ${type}`, plain), type)
  t.equal(await accepting(`${json}, ${type};q=0.5`), json)
  t.equal(await accepting(`${json};q=0, */*`, plain), type)
  t.equal(await accepting('text/html'), 406)
  t.equal(await accepting(`${type};q=0, ${json};q=0`), 406)
  const typed = await post(app, path, body, { accept: json })
  t.match(typed.body, {
    loss: { datatype: 'FP32', shape: [] }, gradients: { input: { datatype: 'FP32', shape: [2, 3] } }
  }, 'JSON for a binary request is typed')
})

t.test('options stand in the query or the metadata, tensors beside the others', async t => {
  const app = await build(t)
  const path = '/v1/losses/cross-entropy'
  const weight = f32([3], [1, 2, 3])
  const options = { reduction: 'sum', label_smoothing: 0.1, ignore_index: 1, weight: [1, 2, 3] }
  const { loss } = (await app.post(path, { ...plain, options })).body
  const query = '?reduction=sum&label_smoothing=0.1&ignore_index=1'
  const metadata = { reduction: 'sum', label_smoothing: '0.1', ignore_index: '1', format: 'pt' }
  const lossOf = ({ bytes }: { bytes: Buffer }) => decode(bytes).tensors['loss']?.values.map(short)
  t.same(lossOf(await post(app, path + query, encode({ input, target, weight }))), [loss])
  t.same(lossOf(await post(app, path, encode({ input, target, weight }, metadata))), [loss])
  const asQuery = await app.post(path + query, { ...plain, options: { weight: [1, 2, 3] } })
  t.equal(asQuery.body['loss'], loss, 'in the query of a JSON body too')
  const rows = await post(app, `${path}?reduction=none&gradients=`, encode({ input, target }))
  t.same(Object.keys(decode(rows.bytes).tensors), ['loss'])
  t.same(decode(rows.bytes).tensors['loss']?.shape, [2])
  const pair = { input, target: input }
  const both = await post(app, '/v1/losses/mse?gradients=input&gradients=target', encode(pair))
  t.same(Object.keys(decode(both.bytes).tensors).sort(), ['grad.input', 'grad.target', 'loss'])
  const listed = await post(app, '/v1/losses/mse', encode(pair, { gradients: 'input,target' }))
  t.ok(listed.bytes.equals(both.bytes))
})

t.test('what query and metadata say is checked', async t => {
  const app = await build(t)
  const path = '/v1/losses/cross-entropy'
  const tensors = { input, target }
  const twice = await post(app, `${path}?reduction=sum`, encode(tensors, { reduction: 'sum' }))
  t.match(twice, { status: 400, body: { code: 'BAD_QUERY', detail: /in the metadata as well/ } })
  t.match(await app.post(`${path}?reduction=sum`, { ...plain, options: { reduction: 'sum' } }),
    { status: 400, body: { code: 'BAD_QUERY', detail: /in the body as well/ } })
  t.match(await post(app, `${path}?reduction=sum&reduction=mean`, encode(tensors)),
    { status: 400, body: { code: 'BAD_QUERY', detail: /each once/ } })
  t.match(await post(app, `${path}?label_smothing=0.1`, encode(tensors)),
    { status: 400, body: { code: 'BAD_QUERY' } })
  t.match(await post(app, path, encode(tensors, { label_smothing: '0.1' })),
    { status: 422, body: { code: 'OPTION_UNKNOWN', detail: /label_smoothing/ } })
  t.match(await post(app, `${path}?label_smoothing=2`, encode(tensors)),
    { status: 422, body: { code: 'OPTION_INVALID' } })
  t.match(await post(app, `${path}?strict=maybe`, encode(tensors)),
    { status: 422, body: { code: 'FIELD_INVALID' } })
  t.match(await post(app, `${path}?gradients=target`, encode(tensors)),
    { status: 422, body: { code: 'GRADIENT_UNKNOWN' } })
})

t.test('every datatype is taken; halves become FP32, FP64 computes in float64', async t => {
  const app = await build(t)
  const half = (dtype: string, values: readonly number[]): Entry =>
    ({ dtype, shape: [3], bytes: bytesOf(Uint16Array.from(values)) })
  const loss = async (tensors: Readonly<Record<string, Entry>>) => {
    const { bytes, status, text } = await post(app, '/v1/losses/mse?reduction=sum', encode(tensors))
    if (status !== 200) throw new Error(text)
    return decode(bytes)
  }
  const zero = f32([3], [0, 0, 0])
  // 1, -2, 0.5
  const fp16 = await loss({ input: half('F16', [0x3c00, 0xc000, 0x3800]), target: zero })
  t.same(fp16.tensors['loss']?.values, [5.25])
  t.same(fp16.tensors['grad.input']?.values, [2, -4, 1])
  const bf16 = await loss({ input: half('BF16', [0x3f80, 0xc000, 0x3f00]), target: zero })
  t.same(bf16.tensors['loss']?.values, [5.25])
  const double = await loss({ input: f64([3], [0.1, 0, 0]), target: zero })
  t.equal(double.tensors['loss']?.dtype, 'F64')
  t.same(double.tensors['loss']?.values, [0.1 * 0.1])
  for (const [dtype, bytes] of [
    ['U8', Uint8Array.of(1, 2, 3)], ['I32', bytesOf(Int32Array.of(1, 2, 3))],
    ['I64', bytesOf(BigInt64Array.of(1n, 2n, 3n))]
  ] as const) {
    const whole = await loss({ input: zero, target: { dtype, shape: [3], bytes } })
    t.same(whole.tensors['loss']?.values, [14], dtype)
  }
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('large tensors of other datatypes are converted a slice at a time', async t => {
  const app = await build(t)
  const count = 600_001
  const pixels = Uint8Array.from({ length: count }, (_, index) => index % 2)
  const zero = f32([count], new Array(count).fill(0))
  const mask = { dtype: 'U8', shape: [count], bytes: pixels }
  const sum = '?reduction=sum'
  const one = decode((await post(app, `/v1/losses/mse${sum}`,
    encode({ input: zero, target: mask }))).bytes)
  t.same(one.tensors['loss']?.values, [300_000])
  t.ok(one.tensors['grad.input']?.values.every((value, index) => value === -2 * (index % 2)))
  const double = decode((await post(app, `/v1/losses/mse${sum}`,
    encode({ input: zero, target: f64([count], Array.from(pixels)) }))).bytes)
  t.equal(double.tensors['grad.input']?.dtype, 'F64')
  t.same(double.tensors['loss']?.values, [300_000])
  const terms = JSON.stringify([{ loss: 'mse' }, { loss: 'l1' }])
  const both = decode((await post(app, '/v1/losses',
    encode({ input: zero, target: mask }, { terms }))).bytes)
  t.equal(both.tensors['term.0']?.values[0], both.tensors['term.1']?.values[0])
  const tight = await build(t, { MEMORY_MB: '16' })
  const wide = { dtype: 'U8', shape: [2_500_000], bytes: new Uint8Array(2_500_000) }
  t.match(await post(tight, '/v1/losses/mse', encode({ input: wide, target: wide })),
    { status: 503, body: { code: 'HEAP_FULL' } }, 'it fits only as it came')
  t.equal(app.service.heap.usedBytes + tight.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases + tight.service.heap.leases, 0)
})

t.test('a body that is wrong is 400 or 422, and leaves nothing behind', async t => {
  const app = await build(t)
  const data = Buffer.alloc(16)
  const entry = (more: object = {}) =>
    ({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...more })
  const wrong: [number, string, RegExp, Buffer][] = [
    [400, 'BAD_BINARY', /at least 8 bytes/, Buffer.from('1234567')],
    [400, 'BAD_BINARY', /ends before its 0 bytes/, Buffer.alloc(0)],
    [400, 'BAD_BINARY', /does not begin/, file(' {}')],
    [400, 'BAD_BINARY', /does not begin/, file('')],
    [400, 'BAD_BINARY', /does not begin/, file('[]')],
    [400, 'BAD_BINARY', /not JSON/, file('{')],
    [400, 'BAD_BINARY', /not JSON/, file('{"a":1,"a":2}')],
    [400, 'BAD_BINARY', /not JSON/, file('{"__proto__":{}}')],
    [400, 'BAD_BINARY', /not JSON/, file('{}x')],
    [400, 'BAD_BINARY', /header has 108 bytes, the whole body 10/,
      Buffer.concat([Buffer.from([100, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')])],
    [413, 'BODY_TOO_LARGE', /the limit is 65536 bytes/,
      Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from('{}')])],
    [400, 'BAD_BINARY', /of texts/, file('{"__metadata__":[]}')],
    [400, 'BAD_BINARY', /under a where a text belongs/, file('{"__metadata__":{"a":1}}')],
    [400, 'BAD_BINARY', /where an object belongs/, file('{"a":1}')],
    [400, 'BAD_BINARY', /dtype/, file(JSON.stringify({ a: entry({ dtype: 1 }) }), [data])],
    [400, 'BAD_BINARY', /dtype F31/, file(JSON.stringify({ a: entry({ dtype: 'F31' }) }), [data])],
    [400, 'BAD_BINARY', /shape/, file(JSON.stringify({ a: entry({ shape: [1.5] }) }), [data])],
    [400, 'BAD_BINARY', /shape/, file(JSON.stringify({ a: entry({ shape: [-1] }) }), [data])],
    [400, 'BAD_BINARY', /shape/,
      file('{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', [data])],
    [400, 'BAD_BINARY', /shape/,
      file('{"a":{"dtype":"F32","shape":[5,[],0],"data_offsets":[0,0]}}')],
    [400, 'BAD_BINARY', /two whole numbers/,
      file(JSON.stringify({ a: entry({ data_offsets: [0] }) }), [data])],
    [400, 'BAD_BINARY', /the next one begins at 0/,
      file(JSON.stringify({ a: entry({ data_offsets: [8, 16] }) }), [data])],
    [400, 'BAD_BINARY', /the next one begins at 0/,
      file(JSON.stringify({ a: entry({ data_offsets: [8, 0] }) }), [data])],
    [400, 'BAD_BINARY', /the next one begins at 8/,
      file(JSON.stringify({ a: entry(), b: entry({ data_offsets: [4, 12] }) }), [data])],
    [400, 'BAD_BINARY', /needs 12/, file(JSON.stringify({ a: entry({ shape: [3] }) }), [data])],
    [400, 'BAD_BINARY', /the body/, file(JSON.stringify({ a: entry() }), [data])],
    [422, 'DATATYPE_MISMATCH', /I8 is not taken/,
      encode({ input: { dtype: 'I8', shape: [1], bytes: Uint8Array.of(1) } })],
    [422, 'TENSOR_INVALID', /element 1 is 2; a BOOL is 0 or 1/,
      encode({ input: { dtype: 'BOOL', shape: [2], bytes: Uint8Array.of(1, 2) } })],
    [422, 'TENSOR_INVALID', /9 axes/, encode({ input: f32(new Array(9).fill(1), [1]) })],
    [422, 'TENSOR_INVALID', /length/, encode({ input: f32([2 ** 31, 0], []) })],
    [422, 'TENSORS_TOO_MANY', /65 tensors/, encode(Object.fromEntries(
      Array.from({ length: 65 }, (_, index) => [`t${index}`, f32([], [1])])))],
    [422, 'ARGUMENT_MISSING', /needs target/, encode({ input })],
    [422, 'FIELD_UNKNOWN', /no field x/, encode({ input, target: input, x: input })],
    [422, 'SHAPE_MISMATCH', /./, encode({ input, target: f32([2, 4], new Array(8).fill(0)) })]
  ]
  for (const [status, code, detail, body] of wrong) {
    const reply = await post(app, '/v1/losses/mse', body)
    t.match(reply, { status, body: { code, detail } }, `${code} ${detail}`)
    t.equal(app.service.heap.usedBytes, 0)
    t.equal(app.service.heap.leases, 0)
  }
  t.match(await post(app, '/v1/losses/cross-entropy', encode({ input, target: i64([2], [0, 3]) })),
    { status: 422, body: { code: 'TARGET_RANGE' } })
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('formulas and sums of losses take and give them', async t => {
  const app = await build(t)
  const tensors = { input, target: f32([2, 3], [1, 1, 1, 1, 1, 1]) }
  const formula = 'd = input - target; scale * d * d'
  const query = new URLSearchParams({ formula, scale: '2' })
  const asQuery = decode((await post(app, `/v1/formulas?${query}`, encode(tensors))).bytes)
  const asMetadata = decode((await post(app, '/v1/formulas',
    encode(tensors, { formula, scale: '2', explain: 'true' }))).bytes)
  t.same(asQuery.tensors, asMetadata.tensors)
  t.equal(typeof JSON.parse(asMetadata.metadata['explain'] ?? '').wat, 'string')
  const twice = decode((await post(app, '/v1/losses/mse', encode(tensors))).bytes)
  const [once = 0] = twice.tensors['loss']?.values ?? []
  t.same(asQuery.tensors['loss']?.values, [2 * once])
  const terms = JSON.stringify([{ loss: 'mse', scale: 2 }, { loss: 'l1', scale: 0 }])
  const sum = decode((await post(app, '/v1/losses', encode(tensors, { terms }))).bytes)
  t.same(sum.tensors['loss']?.values, [2 * once])
  t.same(sum.tensors['term.0']?.values, [once])
  t.same(sum.tensors['grad.input'], asQuery.tensors['grad.input'])
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('sessions: a step, parameters out and in again', async t => {
  const app = await build(t)
  const made = await app.post('/v1/sessions', {
    model: { type: 'Sequential', layers: [{ type: 'Linear', in_features: 3, out_features: 3 }] },
    loss: { type: 'CrossEntropyLoss' }, optimizer: { type: 'SGD', lr: 0.1 }
  })
  const path = `/v1/sessions/${String(made.body['id'])}`
  const accept = { accept: type }
  const before = await app.get(`${path}/parameters`, accept)
  t.match(before, { status: 200, headers: { 'content-type': type, etag: '"0"' } })
  t.same(Object.keys(decode(before.bytes).tensors).sort(), ['0.bias', '0.weight'])
  t.equal(decode(before.bytes).metadata['format'], 'pt')
  const query = '?lr=0.05&return=outputs&return=grad_input,gradients'
  const step = await post(app, `${path}/step${query}`, encode({ input, target }))
  t.match(step, { status: 200, headers: { 'content-type': type, etag: '"1"' } })
  const { tensors, metadata } = decode(step.bytes)
  t.same(Object.keys(tensors).sort(),
    ['grad.0.bias', 'grad.0.weight', 'grad_input', 'loss', 'outputs'])
  t.match(metadata, { seq: '1', step: '1', examples: '2', lr: '0.05', durable: 'false' })
  const put = await app.send('PUT', `${path}/parameters`, { 'content-type': type }, before.bytes)
  t.match(put, { status: 200, body: { seq: 2, step: 1 } })
  const after = await app.get(`${path}/parameters`, accept)
  t.same(decode(after.bytes).tensors, decode(before.bytes).tensors)
  const json = await app.post(`${path}/step`, { ...plain, lr: 0.05 })
  t.equal(json.body['loss'], short(tensors['loss']?.values[0] ?? 0))
  t.match(await post(app, `${path}/step?lr=x`, encode({ input, target })),
    { status: 422, body: { code: 'FIELD_INVALID' } })
  t.match(await post(app, '/v1/sessions', encode({ input })), { status: 415 })
  t.equal((await app.send('DELETE', path)).status, 204)
  t.equal(app.service.heap.usedBytes, 0)
})

/** The number that JSON has for a float32. */
function short (value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === value) return text
  }
  return value
}
