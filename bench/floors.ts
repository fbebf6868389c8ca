// The floors that a service on Node cannot go below, each as a process of its own: a bare node:http
// server that reads the body and answers a fixed one of the same size, and a Fastify that parses
// the body and does the same. Usage: node dist/bench/floors.js node-http|fastify; prints its port.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'

const bodyBytesMax = 64 << 20
const answers = new Map<number, Buffer>()

const started = process.argv[2] === 'fastify' ? startFastify() : startNodeHttp()
console.log(JSON.stringify({ port: await started }))

/** An answer of the size that `?reply=BYTES` asks for. */
function answerFor (url: string): Buffer {
  const bytes = Number(/\breply=(\d+)/.exec(url)?.[1] ?? 2)
  const answer = answers.get(bytes) ?? Buffer.alloc(bytes, ' ')
  answers.set(bytes, answer)
  return answer
}

function startNodeHttp (): Promise<number> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const answer = answerFor(request.url ?? '')
      const headers = { 'content-type': 'application/json', 'content-length': answer.length }
      response.writeHead(200, headers).end(answer)
    })
  })
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function startFastify (): Promise<number> {
  const app = fastify({ bodyLimit: bodyBytesMax })
  app.post('*', (request, reply) => {
    reply.type('application/json; charset=utf-8').send(answerFor(request.url))
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}
