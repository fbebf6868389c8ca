// Bodies chunk by chunk: no chunk outlives its turn, no connection takes the turns of others, and
// what nobody wants is read to its end.

import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { discardRest, takeChunks } from '../../src/api/chunks.ts'

const body = Buffer.from(Array.from({ length: 8 << 20 }, (_, index) => index * index))

async function listen (t: Test, take: (payload: IncomingMessage) => void): Promise<Server> {
  const server = createServer((payload, reply) => {
    payload.once('end', () => { reply.end('read') })
    take(payload)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return server
}

async function send (server: Server, agent?: Agent): Promise<number | undefined> {
  const { port } = server.address() as AddressInfo
  const call = request({ port, host: '127.0.0.1', method: 'POST', agent })
  call.end(body)
  const [reply] = await once(call, 'response') as [IncomingMessage]
  reply.resume()
  await once(reply, 'end')
  return call.socket?.localPort
}

t.test('chunks come as they were sent, and are gone afterwards', async t => {
  const copies: Buffer[] = []
  const chunks: Buffer[] = []
  const server = await listen(t, payload => {
    takeChunks(payload, chunk => {
      copies.push(Buffer.from(chunk))
      chunks.push(chunk)
    })
  })
  await send(server)
  t.ok(Buffer.concat(copies).equals(body))
  const large = chunks.filter((_, index) => (copies[index]?.length ?? 0) >= 16 << 10)
  t.ok(large.length > 10 && large.every(({ length }) => length === 0))
})

t.test('several connections share a turn', async t => {
  let inTurn = 0
  let most = 0
  const turn = (): void => {
    inTurn = 0
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  t.teardown(() => { clearImmediate(timer) })
  const server = await listen(t, payload => {
    takeChunks(payload, chunk => {
      inTurn += chunk.length
      most = Math.max(most, inTurn)
    })
  })
  await Promise.all(Array.from({ length: 4 }, () => send(server)))
  // Each may have had a chunk on its way.
  t.ok(most > 0 && most <= 1 << 20, `${most} bytes in a turn`)
})

t.test('chunks of others are left as they are', async t => {
  const chunk = Buffer.alloc(64 << 10, 7)
  const payload = Readable.from([chunk])
  const taken: number[] = []
  takeChunks(payload, chunk => { taken.push(chunk.length) })
  await once(payload, 'end')
  t.same(taken, [64 << 10])
  t.equal(chunk.length, 64 << 10)
})

t.test('what is discarded leaves the connection to the next request', async t => {
  const server = await listen(t, discardRest)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  const first = await send(server, agent)
  t.type(first, 'number')
  t.equal(await send(server, agent), first)
})
