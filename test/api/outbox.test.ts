// Small replies wait for the end of the turn of the event loop; many, large and unfinished ones do
// not.

import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { GatheredResponse } from '../../src/api/outbox.ts'

const response = (): GatheredResponse<IncomingMessage> =>
  new GatheredResponse(new IncomingMessage(new Socket()))

const turn = async (): Promise<void> => await new Promise(resolve => { setImmediate(resolve) })

t.test('a small reply leaves at the end of the turn', async t => {
  const replies = [response(), response()]
  t.equal(replies[0]?.end('small'), replies[0])
  replies[1]?.end(Buffer.from('as small'))
  await Promise.resolve()
  t.same(replies.map(reply => reply.writableEnded), [false, false])
  await turn()
  t.same(replies.map(reply => reply.writableEnded), [true, true])
})

t.test('sixteen leave at once, and the next waits again', async t => {
  const replies = Array.from({ length: 17 }, response)
  for (const reply of replies) reply.end('small')
  t.equal(replies.filter(reply => reply.writableEnded).length, 16)
  t.notOk(replies.at(-1)?.writableEnded)
  await turn()
  t.ok(replies.at(-1)?.writableEnded)
})

t.test('what is large or was written before leaves at once', async t => {
  const large = response()
  large.end(Buffer.alloc((64 << 10) + 1))
  t.ok(large.writableEnded)
  const pieces = response()
  pieces.write('a piece')
  pieces.end()
  t.ok(pieces.writableEnded)
})

t.test('a client gets it, and who waits for its end is told', async t => {
  let told = 0
  const server = createServer({ ServerResponse: GatheredResponse }, (_request, reply) => {
    reply.end('small', 'utf8', () => { told++ })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  const replies = await Promise.all([1, 2, 3].map(async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/`)
    return await reply.text()
  }))
  t.same(replies, ['small', 'small', 'small'])
  t.equal(told, 3)
  server.closeAllConnections()
})
