// Binary bodies of requests: each piece that the socket gives goes to its place in the heap. What
// is wrong with a body is told when all of it has come, since a client that is still sending may
// not see a reply; its memory goes back at once.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { type Safetensors, safetensorsFrame } from '../codec/safetensors.ts'
import { type Frame, Scatter } from '../codec/scatter.ts'
import { LossdError } from '../errors.ts'
import { takeChunks } from './chunks.ts'
import { mediaTypes } from './formats.ts'

/** A body whose tensors lie in the heap, until its reply is sent or longer if someone uses them. */
export class BinaryBody<Content> {
  readonly content: Content
  readonly lease: Lease

  constructor (content: Content, lease: Lease) {
    this.content = content
    this.lease = lease
  }
}

/** A body of safetensors. */
export class SafetensorsBody extends BinaryBody<Safetensors> {}

export interface BinaryLimits {
  readonly heap: Heap
  readonly tensorsMax: number
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True where a body may have as many tensors as its header can name. */
    manyTensors?: boolean
  }
}

/** Reads safetensors bodies in a scope of routes. */
export function takeSafetensors (app: FastifyInstance, { heap, tensorsMax }: BinaryLimits): void {
  const few = safetensorsFrame(tensorsMax)
  const many = safetensorsFrame(Infinity)
  app.addContentTypeParser([...mediaTypes.safetensors], (request, payload, done) => {
    const frame = request.routeOptions.config.manyTensors === true ? many : few
    scatter(request, payload, heap, frame).then(
      ([content, lease]) => { done(null, new SafetensorsBody(content, lease)) },
      (fault: Error) => { done(fault) })
  })
}

/** A body's content and the lease of its tensors. @throws what Scatter throws, CANCELLED. */
export function scatter<Content> (
  { headers }: FastifyRequest, payload: IncomingMessage, heap: Heap, frame: Frame<Content>
): Promise<[Content, Lease]> {
  return new Promise((resolve, reject) => {
    const lease = heap.lease()
    const body = new Scatter(frame, heap, lease, Number(headers['content-length']))
    let fault: unknown
    // Of several faults the first counts.
    const attempt = <Result>(step: () => Result): Result | undefined => {
      if (fault !== undefined) return undefined
      try {
        return step()
      } catch (reason) {
        fault = reason
        lease.end()
        return undefined
      }
    }
    takeChunks(payload, piece => { attempt(() => body.write(piece)) })
    let ended = false
    payload.once('end', () => {
      ended = true
      const content = attempt(() => body.end())
      if (content === undefined) reject(fault)
      else resolve([content, lease])
    })
    // The client is gone, or too slow.
    const leave = (reason: Error): void => {
      attempt(() => { throw reason })
      reject(fault)
    }
    payload.once('error', reason => { if (!ended) leave(reason) })
    payload.once('close', () => { if (!ended) leave(new LossdError('CANCELLED')) })
  })
}
