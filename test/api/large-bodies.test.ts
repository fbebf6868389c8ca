// JSON bodies that are too large for the main thread: the pool reads them in the heap, and all that
// a small body is told, a large one is told too.

import { request } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type App, build } from '../app.ts'

const count = 20_000
const whole = Array.from({ length: count }, (_, index) => index % 10)
const input = Array.from(whole, index => Math.fround(Math.sin(index) / 3))
const target = Array.from(whole, index => Math.fround(index / 7))
const rows = Array.from({ length: count / 10 }, (_, row) => input.slice(row * 10, row * 10 + 10))

interface Slopes { loss: number, gradients: { input: number[] } }

function expected (): Slopes {
  const errors = input.map((value, index) => value - (target[index] ?? 0))
  return {
    loss: errors.reduce((sum, error) => sum + error * error, 0) / count,
    gradients: { input: errors.map(error => 2 * error / count) }
  }
}

function near (t: Test, body: Record<string, unknown>, scale = 1): void {
  const { loss, gradients } = body as unknown as Slopes
  const wanted = expected()
  t.ok(Math.abs(loss - wanted.loss) < 1e-6 * scale, `${loss}`)
  const flat = gradients.input.flat()
  t.equal(flat.length, count)
  const worst = flat.reduce((most, slope, index) =>
    Math.max(most, Math.abs(slope - (wanted.gradients.input[index] ?? 0))), 0)
  t.ok(worst < 1e-10 * scale, `${worst}`)
}

async function settled (app: App): Promise<void> {
  const { heap } = app.service
  for (let turn = 0; turn < 200 && heap.usedBytes > 0; turn++) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

t.test('a large body is read as a small one is', async t => {
  const app = await build(t)
  const forms: readonly unknown[] = [
    { input, target },
    { input: input.map(value => [value]), target: target.map(value => [value]) },
    { target: { datatype: 'FP32', shape: [count], data: target }, input },
    { options: { reduction: 'mean' }, target, input, gradients: ['input'] }
  ]
  for (const form of forms) {
    for (const indent of [0, 1]) {
      const { status, body } = await app.post('/v1/losses/mse', JSON.stringify(form, null, indent))
      t.equal(status, 200)
      if ('loss' in body && typeof body['loss'] === 'number') near(t, body)
    }
  }
  const classes = await app.post('/v1/losses/cross-entropy',
    { input: rows, target: whole.slice(0, rows.length) })
  t.match(classes, { status: 200, body: { loss: Number } })
  for (const datatype of ['UINT8', 'INT32', 'INT64']) {
    const data = whole.slice(0, rows.length)
    const typed = (data: number[]) => ({ input: rows, target: { datatype, shape: [2000], data } })
    const { status, body } = await app.post('/v1/losses/cross-entropy', typed(data))
    const tensor = body['loss'] as { data: number[] }
    t.equal(status, 200)
    t.equal(tensor.data[0], classes.body['loss'], datatype)
    t.match(await app.post('/v1/losses/cross-entropy', typed([...data.slice(1), 2 ** 40])), {
      status: 422, body: { errors: [{ pointer: /^\/target/, detail: /1099511627776|10\b/ }] }
    })
  }
  // Whole numbers, of which nobody knew that they would be real ones.
  const wholes = await app.post('/v1/losses/mse', { input: whole, target: [...whole].reverse() })
  const distance = whole.reduce((sum, value, index) =>
    sum + (value - (whole.at(-1 - index) ?? 0)) ** 2, 0)
  t.equal(wholes.body['loss'], distance / count)
  const exact = await app.post('/v1/losses/mse', { input, target, datatype: 'FP64' })
  const { loss } = exact.body as unknown as Slopes
  t.ok(Math.abs(loss - expected().loss) < 1e-14)
  await settled(app)
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})

t.test('numbers that are needed as another datatype are converted, slice by slice', async t => {
  const app = await build(t)
  const many = 150_000
  const flags = Array.from({ length: many }, (_, index) => index % 3 === 0)
  const sum = flags.filter(flag => flag).length
  const typed = (datatype: string, data: readonly unknown[]) =>
    ({ datatype, shape: [many], data: [...data] })
  const options = { reduction: 'sum' }
  for (const [datatype, data] of [
    ['INT32', flags.map(Number)], ['UINT8', flags.map(Number)], ['FP64', flags.map(Number)],
    ['BOOL', flags]
  ] as const) {
    const body = { input: typed(datatype, data), target: 0, options }
    t.match(await app.post('/v1/losses/mse', body),
      { status: 200, body: { loss: { data: [sum] } } }, datatype)
  }
  // The word may ask for FP64, so that all is read as such.
  const input = flags.map(flag => Number(flag) + 0.5)
  const text = JSON.stringify({ input, target: 0.5, options })
  const escaped = await app.post('/v1/losses/mse', text.replace('input', '\\u0069nput'))
  t.match(escaped, { status: 200, body: { loss: sum } })
  // Classes as Python writes floats, the first and the last, and what is none.
  const rows = flags.map(() => [1, 1])
  const reals = (last: string): string =>
    `[${flags.map(flag => flag ? '1.0' : '0.0').join()},${last}]`
  const classes = (last: string) => app.post('/v1/losses/cross-entropy',
    `{"input":${JSON.stringify([...rows, [1, 1]])},"target":${reals(last)},"gradients":[]}`)
  const found = await classes('1.0')
  t.equal(found.status, 200)
  t.ok(Math.abs(Number(found.body['loss']) - Math.LN2) < 1e-5, `${found.body['loss']}`)
  t.match(await classes('0.5'), {
    status: 422, body: { errors: [{ pointer: `/target/${many}`, detail: /0\.5 where a whole/ }] }
  })
  await settled(app)
  t.equal(app.service.heap.leases, 0)
})

t.test('what is wrong in a large body is told with its place', async t => {
  const app = await build(t)
  const text = JSON.stringify({ input, target })
  const post = async (body: unknown) => {
    const { status, body: { code, detail, errors } } = await app.post('/v1/losses/mse', body)
    return { status, code, detail, pointer: (errors as { pointer: string }[])[0]?.pointer }
  }
  t.match(await post(text.slice(0, -2)), { status: 400, detail: /the body ends at byte \d+ where/ })
  t.match(await post(`${text}x`),
    { status: 400, detail: new RegExp(`'x' at byte ${text.length} where the end of the body`) })
  t.match(await post(text.replace('],"target', ',01],"target')),
    { status: 400, detail: /'1' at byte \d+ where no digit \(a leading zero stands before\)/ })
  t.match(await post({ input: [...input, null], target }),
    { status: 422, pointer: `/input/${count}`, detail: /null where a number belongs/ })
  t.match(await post({ input: [...input, [1]], target }),
    { status: 422, pointer: `/input/${count}`, detail: /an array where a number belongs/ })
  t.match(await post({ input: [...rows, [1, 2]], target }),
    { status: 422, pointer: '/input/2000', detail: /has length 2; the one before has 10/ })
  t.match(await post({ input: [...input, { a: ['b\\"]', { c: 1 }] }], target }),
    { status: 422, pointer: `/input/${count}`, detail: /an object where a number belongs/ })
  t.match(await post({ input: [...input, true], target: [...target, 1] }),
    { status: 422, pointer: `/input/${count}`, detail: /true or false where a number belongs/ })
  t.match(await post({ input, target, name: 'x'.repeat(70_000) }), { status: 413 })
  t.match(await post(`${' '.repeat(70_000)}${text}`), { status: 413 })
  t.match(await post(`{"bogus":[${'[1],'.repeat(30_000)}"x"]}`), { status: 422 })
  t.match(await post(`["x",${'[1],'.repeat(30_000)}1]`), { status: 422, code: 'TENSORS_TOO_MANY' })
  t.match(await post(`[${'1,'.repeat(50_000)}1]`), { status: 422, code: 'BODY_INVALID' })
  t.match(await app.post('/v1/losses/cross-entropy', { input: rows, target: input.slice(0, 2000) }),
    { status: 422, body: { detail: /^\/target\/1: 0.28049034 where a whole number belongs/ } })
  await settled(app)
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('a body that does not fit is 503, and its memory is back', async t => {
  const app = await build(t, { MEMORY_MB: '16' })
  const body = `{"input":[${'1,'.repeat(3_000_000)}1],"target":[1]}`
  t.match(await app.post('/v1/losses/mse', body), { status: 503, body: { code: 'HEAP_FULL' } })
  await settled(app)
  t.equal(app.service.heap.usedBytes, 0)
  t.match(await app.post('/v1/losses/mse', { input, target }), { status: 200 })
})

t.test('chunks of any size, without an announced length, cut off in the middle', async t => {
  const app = await build(t)
  await app.service.listen('127.0.0.1', 0)
  const address = app.service.server.server.address()
  const port = typeof address === 'object' ? address?.port ?? 0 : 0
  const text = Buffer.from(JSON.stringify({ input, target }))
  for (const size of [1031, 64 << 10, 1 << 20]) {
    for (const announced of [true, false]) {
      const body = await send(port, text, size, announced)
      near(t, JSON.parse(body))
    }
  }
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST /v1/losses/mse HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${text.length}\r\n\r\n`)
  socket.write(text.subarray(0, text.length / 2))
  await new Promise(resolve => setTimeout(resolve, 100))
  t.ok(app.service.heap.usedBytes >= text.length, 'the text lies in the heap as it comes')
  socket.destroy()
  await settled(app)
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})

function send (port: number, text: Buffer, size: number, announced: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { 'content-type': 'application/json' }
    if (announced) headers['content-length'] = text.length
    const call = request({ port, method: 'POST', path: '/v1/losses/mse', headers }, reply => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => { chunks.push(chunk) })
      reply.on('end', () => { resolve(Buffer.concat(chunks).toString()) })
    })
    call.on('error', reject)
    for (let from = 0; from < text.length; from += size) {
      call.write(text.subarray(from, from + size))
    }
    call.end()
  })
}
