// Clients of binary bodies that leave, dawdle or say the wrong length, through a real port: their
// memory comes back, and nobody else notices.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { type App, build } from '../app.ts'
import { decode, encode, f32 } from '../safetensors.ts'

// A busy machine takes its time.
t.setTimeout(120_000)
const count = 500_000
const values = Array.from({ length: count }, (_, index) => index % 7)
const body = encode({
  input: f32([count], values), target: f32([count], values.map(value => value + 1))
})

async function listen (app: App): Promise<number> {
  return Number(new URL(await app.service.listen('127.0.0.1', 0)).port)
}

async function open (port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function head (length: number | undefined, headers = ''): string {
  const size = length === undefined ? '' : `Content-Length: ${length}\r\n`
  return 'POST /v1/losses/mse HTTP/1.1\r\nHost: x\r\n' +
    `Content-Type: application/vnd.safetensors\r\n${headers}${size}\r\n`
}

/** All that comes back until the server closes. */
async function answer (port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = await open(port)
  let answer = ''
  socket.setEncoding('latin1').on('data', (data: string) => { answer += data })
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return answer
}

const idle = { SHUTDOWN_DELAY_MS: '0' }

t.test('large bodies in pieces, many at a time, are answered and leave nothing', async t => {
  const app = await build(t, idle)
  const port = await listen(app)
  const replies = await Promise.all(Array.from({ length: 6 }, async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/losses/mse?reduction=sum`, {
      method: 'POST', body, headers: { 'content-type': 'application/vnd.safetensors' }
    })
    return decode(Buffer.from(await reply.arrayBuffer()))
  }))
  for (const { tensors } of replies) {
    t.same(tensors['loss']?.values, [count])
    t.ok(tensors['grad.input']?.values.every(value => value === -2))
  }
  await until(() => app.service.heap.usedBytes === 0)
  t.equal(app.service.heap.leases, 0)
})

t.test('a client that leaves in the middle leaves nothing behind', async t => {
  const app = await build(t, idle)
  const port = await listen(app)
  const { heap } = app.service
  for (const sent of [0, 4, 20, 130, 1000, 100_000, 2_000_000, body.length - 1, body.length]) {
    const socket = await open(port)
    socket.write(head(body.length))
    socket.write(body.subarray(0, sent))
    if (sent >= 1000 && sent < body.length) await until(() => heap.usedBytes > 0)
    socket.destroy()
    await until(() => heap.leases === 0)
    t.equal(heap.usedBytes, 0, `after ${sent} bytes`)
  }
  const { text } = await app.get('/metrics')
  t.notMatch(text, /status="5/, 'the service did not fail')
})

t.test('a slow client is told so, and its memory comes back', async t => {
  const limits = { HEADERS_TIMEOUT_MS: '200', REQUEST_TIMEOUT_MS: '600', ...idle }
  const app = await build(t, limits)
  const port = await listen(app)
  const { heap } = app.service
  const late = answer(port, head(body.length), body.subarray(0, 1_000_000))
  await until(() => heap.usedBytes > 0)
  t.match(await late, /^HTTP\/1.1 408 .*"code":"REQUEST_TIMEOUT"/s)
  await until(() => heap.leases === 0)
  t.equal(heap.usedBytes, 0)
})

t.test('lengths: none, too large, more than the header says', async t => {
  const app = await build(t, { BINARY_BYTES_MAX: '100000', ...idle })
  const port = await listen(app)
  const close = 'Connection: close\r\n'
  const chunked = `${close}Transfer-Encoding: chunked\r\n`
  t.match(await answer(port, head(undefined, chunked), '1\r\nx\r\n0\r\n\r\n'),
    /^HTTP\/1.1 411 .*"code":"LENGTH_REQUIRED"/s)
  t.match(await answer(port, head(100_001, `${close}Expect: 100-continue\r\n`)),
    /^HTTP\/1.1 413 .*100001 bytes; the limit is 100000 bytes/s)
  const small = encode({ input: f32([1], [1]), target: f32([1], [2]) })
  t.match(await answer(port, head(small.length + 5, close), small, 'extra'),
    /^HTTP\/1.1 400 .*"code":"BAD_BINARY".*the body \d+/s)
  t.match(await answer(port, head(small.length, `${close}Expect: 100-continue\r\n`), small),
    /^HTTP\/1.1 100 Continue.*HTTP\/1.1 200 /s)
  const inference = `${close}Expect: 100-continue\r\nInference-Header-Content-Length: 50\r\n`
  t.match(await answer(port, head(100_001, inference)), /^HTTP\/1.1 413 .*the limit is 100000/s)
  // What is wrong is told after the last byte: a client that sends it all first sees the reply.
  const wrong = Buffer.concat([encode({ input: f32([2], [1, 2]) }), Buffer.alloc(80_000)])
  t.match(await answer(port, head(wrong.length, close), wrong), /^HTTP\/1.1 400 /)
  t.equal(app.service.heap.usedBytes, 0)
  t.equal(app.service.heap.leases, 0)
})

t.test('what does not fit into the heap is 503, and the next one is served', async t => {
  const app = await build(t, { MEMORY_MB: '16', ...idle })
  const large = encode({
    input: f32([3_000_000], new Array(3_000_000).fill(1)),
    target: f32([3_000_000], new Array(3_000_000).fill(1))
  })
  const type = { 'content-type': 'application/vnd.safetensors' }
  t.match(await app.send('POST', '/v1/losses/mse', type, large), {
    status: 503, headers: { 'retry-after': /^[1-3]$/ }, body: { code: 'HEAP_FULL', retryable: true }
  })
  t.equal(app.service.heap.usedBytes, 0)
  t.equal((await app.send('POST', '/v1/losses/mse', type, body)).status, 200)
  t.equal(app.service.heap.usedBytes, 0)
})

async function until (holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it did not come to that within 10 s')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
