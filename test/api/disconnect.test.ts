// Clients that leave: their job is dropped, its memory comes back, nobody else notices. Through a
// real port, since only a socket can be closed.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { type App, build } from '../app.ts'
import { encode, f32 } from '../safetensors.ts'
import { good } from './bad-requests.ts'

async function listen (app: App): Promise<number> {
  return Number(new URL(await app.service.listen('127.0.0.1', 0)).port)
}

function request (body: string, headers = ''): string {
  return 'POST /v1/losses/mse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
    `${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

async function open (port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** All that comes back until the server closes. */
async function answer (port: number, text: string): Promise<string> {
  const socket = await open(port)
  let answer = ''
  socket.setEncoding('latin1').on('data', (data: string) => { answer += data })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

t.test('a client that leaves while its job runs is forgotten at once', async t => {
  const app = await build(t, { INLINE_BUDGET_US: '0', SHUTDOWN_DELAY_MS: '0' })
  const port = await listen(app)
  const { heap, pool } = app.service
  // 10^10 pairs: some seconds of work. Of a binary body it is the only job.
  const ones = new Array(100_000).fill(1)
  const body = encode({ input: f32([100_000], ones), target: f32([100_000, 1], ones) })
  const socket = await open(port)
  socket.write('POST /v1/losses/mse HTTP/1.1\r\nHost: x\r\n' +
    `Content-Type: application/vnd.safetensors\r\nContent-Length: ${body.length}\r\n\r\n`)
  socket.write(body)
  while (pool.stats().posted === 0) await pause(5)
  t.ok(heap.usedBytes > 0)
  socket.destroy()
  const left = performance.now()
  while (heap.usedBytes > 0 && performance.now() - left < 5000) await pause(5)
  const took = performance.now() - left
  t.ok(took < 1000, `the memory is back after ${Math.round(took)} ms`)
  t.equal(pool.stats().cancelled, 1)
  t.equal((await app.post('/v1/losses/mse', good)).status, 200)
  t.match((await app.get('/metrics')).text, /^http_server_active_requests 1$/m)
})

t.test('a client that leaves while it sends leaves nothing behind', async t => {
  const app = await build(t, { SHUTDOWN_DELAY_MS: '0' })
  const port = await listen(app)
  for (let index = 0; index < 20; index++) {
    const socket = await open(port)
    socket.write(request(JSON.stringify(good)).slice(0, 20 + 9 * index))
    await pause(2)
    socket.destroy()
  }
  await pause(50)
  const { text } = await app.get('/metrics')
  t.match(text, /^http_server_request_duration_seconds_count.*status="499"/m)
  t.notMatch(text, /status="5/, 'the service did not fail')
  t.equal((await app.post('/v1/losses/mse', good)).status, 200)
  t.equal(app.service.heap.usedBytes, 0)
})

t.test('what is no HTTP is told so, and the connection closed', async t => {
  const app = await build(t, {
    HEADERS_TIMEOUT_MS: '300', REQUEST_TIMEOUT_MS: '600', SHUTDOWN_DELAY_MS: '0'
  })
  const port = await listen(app)
  t.match(await answer(port, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400 .*"code":"BAD_REQUEST"/s)
  t.match(await answer(port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 .*"code":"HEADERS_TOO_LARGE"/s)
  const smuggled = request('{}', 'Transfer-Encoding: chunked\r\n')
  t.match(await answer(port, smuggled), /^HTTP\/1.1 400 .*"code":"BAD_REQUEST"/s)
  t.match(await answer(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\n'),
    /^HTTP\/1.1 408 .*"code":"REQUEST_TIMEOUT"/s, 'headers that do not end')
  t.match(await answer(port, request('{"input":1,"target":2}').slice(0, -5)),
    /^HTTP\/1.1 408 /, 'a body that does not end')
})

t.test('a body too large is refused before it is sent', async t => {
  const app = await build(t, { BODY_BYTES_MAX: '2048', SHUTDOWN_DELAY_MS: '0' })
  const port = await listen(app)
  const head = request('', 'Expect: 100-continue\r\nConnection: close\r\n')
    .replace('Content-Length: 0', 'Content-Length: 1000000')
  const refused = await answer(port, head)
  t.match(refused, /^HTTP\/1.1 413 .*"code":"BODY_TOO_LARGE"/s)
  t.notMatch(refused, /100 Continue/)
  const chunked = 'POST /v1/losses/mse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
    `Transfer-Encoding: chunked\r\n\r\n1000\r\n${' '.repeat(0x1000)}\r\n`
  t.match(await answer(port, chunked), /^HTTP\/1.1 413 /, 'chunked, without a length')
})

function pause (milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
