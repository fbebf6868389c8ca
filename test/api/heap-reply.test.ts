// Replies that lie in the heap: their bytes arrive as they are, and their memory comes back when
// the last byte has left or the client has, not before.

import { once } from 'node:events'
import { connect } from 'node:net'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createMetrics } from '../../src/api/metrics.ts'
import { HeapReply, sendAnswer } from '../../src/api/replies.ts'
import { createServer } from '../../src/api/server.ts'
import { Heap } from '../../src/buffer/heap.ts'

const lines: string[] = []
const logger = pino({ level: 'debug' }, { write: (line: string) => { lines.push(line) } })

/** A server that answers GET /{bytes} with so many bytes of its heap. */
async function serve (t: Test): Promise<{ heap: Heap, port: number, text: () => Promise<string> }> {
  const heap = Heap.create({ bytes: 64 << 20 })
  const metrics = createMetrics([])
  const server = createServer({
    logger, lifecycle: { state: 'ready' }, metrics, lossNames: [],
    bodyBytesMax: 1000, binaryBytesMax: 1000, connectionsMax: 100,
    headersTimeoutMs: 1000, requestTimeoutMs: 2000, keepAliveTimeoutMs: 1000
  })
  server.get('/:bytes', (request, reply) => {
    const bytes = Number((request.params as { bytes: string }).bytes)
    const lease = heap.lease()
    const address = lease.allocate(bytes)
    for (let index = 0; index < bytes; index++) heap.u8[address + index] = index * 7
    const pieces = [Buffer.from('head'), Buffer.from(heap.memory.buffer, address, bytes)]
    const answer = new HeapReply('application/x-test', pieces, lease, { 'x-extra': 'yes' })
    lease.end()
    sendAnswer(request, reply, bytes % 2 === 0 ? answer : Promise.resolve(answer))
  })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  return { heap, port: Number(new URL(origin).port), text: () => metrics.registry.metrics() }
}

t.test('small and large ones arrive as they are', async t => {
  const { heap, port, text } = await serve(t)
  for (const bytes of [0, 1, 1000, 65_000, 65_536, 1_000_001, 20_000_000]) {
    const reply = await fetch(`http://127.0.0.1:${port}/${bytes}`)
    const body = Buffer.from(await reply.arrayBuffer())
    t.equal(reply.headers.get('content-type'), 'application/x-test')
    t.equal(reply.headers.get('content-length'), String(bytes + 4))
    t.equal(reply.headers.get('x-extra'), 'yes')
    t.equal(body.length, bytes + 4)
    t.equal(body.subarray(0, 4).toString(), 'head')
    t.ok(body.subarray(4).every((byte, index) => byte === (index * 7 & 255)), `${bytes} bytes`)
  }
  await until(() => heap.usedBytes === 0)
  t.equal(heap.leases, 0)
  t.match(await text(), /_count\{method="GET",route="\/:bytes",status="200"\} 7/)
  t.equal(lines.filter(line => line.includes('"status":200')).length, 7, 'each has its log line')
})

t.test('HEAD has the headers and no body', async t => {
  const { heap, port } = await serve(t)
  const reply = await fetch(`http://127.0.0.1:${port}/100000`, { method: 'HEAD' })
  t.equal(reply.headers.get('content-length'), '100004')
  t.equal((await reply.arrayBuffer()).byteLength, 0)
  await until(() => heap.usedBytes === 0)
})

t.test('memory is held while a slow client reads, and comes back when it leaves', async t => {
  const { heap, port } = await serve(t)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /20000000 HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'readable')
  socket.pause()
  await new Promise(resolve => setTimeout(resolve, 200))
  t.ok(heap.usedBytes >= 20_000_000, 'nothing is given back while it waits')
  socket.destroy()
  await until(() => heap.usedBytes === 0)
  t.equal(heap.leases, 0)
})

async function until (holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it did not come to that within 5 s')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
