// Every reply leaves here: JSON as prebuilt text or bytes, and errors as problem+json (RFC 9457).
// The one place where an error of the table, or of Fastify, becomes a status and a body.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OutgoingHttpHeader } from 'node:http'
import type { Lease } from '../buffer/lease.ts'
import { Printout } from '../codec/printout.ts'
import { codecOf } from '../compute/codec-work.ts'
import { type ErrorPlace, LossdError, shown } from '../errors.ts'
import { BinaryBody } from './binary-bodies.ts'
import { discardRest } from './chunks.ts'
import { formatsOf, typesOf } from './formats.ts'

/** The body of an error reply. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly errors: readonly ErrorPlace[]
  readonly retryable: boolean
  /** The detail again: clients of the Open Inference Protocol show this member. */
  readonly error: string
}

export const jsonType = 'application/json; charset=utf-8'
export const problemType = 'application/problem+json; charset=utf-8'

/** Sends JSON that is text or bytes already. */
export function sendJson (
  reply: FastifyReply, body: string | Buffer, status = reply.statusCode
): void {
  endBody(reply.request)
  reply.code(status).header('content-type', jsonType).send(body)
}

/**
 * A reply whose pieces may be views of the heap: it goes to the socket without a copy, and their
 * lease is held until the last byte has left or the connection is gone. Whoever makes one ends the
 * lease as always, and has to hand the reply on: nothing else gives its memory back.
 */
export class HeapReply {
  readonly type: string
  readonly pieces: readonly Buffer[]
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  #lease: Lease | undefined

  /** `lease` is that of the views. */
  constructor (
    type: string, pieces: readonly Buffer[], lease: Lease, headers: HeapReply['headers'] = {}
  ) {
    this.type = type
    this.pieces = pieces
    this.headers = headers
    this.bytes = pieces.reduce((bytes, piece) => bytes + piece.length, 0)
    this.#lease = lease
    lease.hold()
  }

  /** The views are no longer read; a second call does nothing. */
  release (): void {
    this.#lease?.release()
    this.#lease = undefined
  }
}

/** What a request is answered with: JSON as text or bytes, or what lies in the heap. */
export type Answer = string | Buffer | HeapReply

/** JSON as an answer: what is large is printed by the pool. Throws HEAP_FULL, QUEUE_FULL. */
export function jsonAnswer (written: string | Buffer | Printout): Answer | Promise<Answer> {
  return written instanceof Printout ? printLarge(written) : written
}

async function printLarge (printout: Printout): Promise<HeapReply> {
  const { heap } = printout
  const lease = heap.lease()
  try {
    return new HeapReply(jsonType, await codecOf(heap).print(printout, lease), lease)
  } finally {
    lease.end()
  }
}

/** Sends an answer that is there, or will be: a small one without a turn of the loop. */
export function sendAnswer (
  request: FastifyRequest, reply: FastifyReply, answer: Answer | Promise<Answer>
): void {
  if (answer instanceof Promise) {
    answer.then(
      made => { send(request, reply, made) },
      (fault: unknown) => { sendProblem(request, reply, fault) })
  } else {
    send(request, reply, answer)
  }
}

function send (request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
  if (answer instanceof HeapReply) sendHeap(request, reply, answer)
  else sendJson(reply, answer)
}

/** Sends a reply of the heap. A small one is copied: it leaves in one piece with the headers. */
export function sendHeap (request: FastifyRequest, reply: FastifyReply, answer: HeapReply): void {
  endBody(request)
  const { type, headers, pieces, bytes } = answer
  reply.header('content-type', type).headers(headers)
  if (bytes <= copiedBytesMax) {
    const body = Buffer.concat(pieces, bytes)
    answer.release()
    reply.send(body)
    return
  }
  const { raw } = reply
  reply.hijack()
  request.server.handedOver(request, reply)
  if (raw.destroyed) {
    answer.release()
    return
  }
  // After the last byte, and as well when the client leaves.
  raw.once('close', () => { answer.release() })
  const lines: OutgoingHttpHeader[] = ['content-length', bytes]
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) lines.push(name, value)
  }
  raw.writeHead(reply.statusCode, lines)
  raw.cork()
  for (const piece of pieces) raw.write(piece)
  raw.end()
}

const copiedBytesMax = 64 << 10

/** Sends an error as problem+json; what is no error of the table is logged and becomes INTERNAL. */
export function sendProblem (request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
  endBody(request)
  discardRest(request.raw)
  const error = errorOf(thrown, request)
  const status = statusFor(error, request)
  if (status >= 500 && !error.row.retryable) {
    request.server.faultLog.error({ err: thrown, request: request.id }, error.message)
  }
  if (status === 429 || status === 503 || status === 504) {
    // Spread over a few seconds, so that refused clients do not come back all at once.
    reply.header('retry-after', String(1 + Math.floor(Math.random() * 3)))
  }
  if (error.code === 'CONTENT_ENCODING_UNSUPPORTED') reply.header('accept-encoding', 'identity')
  reply.code(status).header('content-type', problemType)
    .send(JSON.stringify({ ...problemOf(error, `urn:lossd:request:${request.id}`), status }))
}

// The Open Inference Protocol has 400 for what is 422 elsewhere.
function statusFor ({ row: { status } }: LossdError, { url }: FastifyRequest): number {
  return status === 422 && url.startsWith('/v2/') ? 400 : status
}

// The tensors of a binary body are needed no longer, unless what is sent lies among them.
function endBody ({ body }: FastifyRequest): void {
  if (body instanceof BinaryBody) body.lease.end()
}

/** An error as the body of a reply. */
export function problemOf (error: LossdError, instance: string): Problem {
  const { status, title, retryable } = error.row
  const { code, message: detail } = error
  const errors = error.errors.map(place => ({ ...place, pointer: shortened(place.pointer) }))
  const type = `urn:lossd:error:${code}`
  return { type, title, status, detail, instance, code, errors, retryable, error: detail }
}

// Only a name that is unknown can be long.
function shortened (pointer: string): string {
  return pointer.length > 60 ? pointer.split('/').map(shown).join('/') : pointer
}

/** Any thrown thing as an error of the table. */
export function errorOf (thrown: unknown, request: FastifyRequest): LossdError {
  if (thrown instanceof LossdError) return thrown
  const { code, statusCode, message } = thrown as Partial<FastifyFault>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return bodyTooLarge(request.routeOptions.bodyLimit, request.headers['content-length'])
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new LossdError('ROUTE_UNKNOWN', `There is nothing at ${shown(request.url)}`)
  }
  if (typeof code === 'string' && code.startsWith('FST_ERR_') && statusCode !== undefined &&
      statusCode >= 400 && statusCode < 500) {
    return new LossdError('BAD_REQUEST', `The request is not well-formed: ${message}`)
  }
  // Node's error of a body that ends with its connection.
  if (code === 'ECONNRESET' && !request.raw.complete) return new LossdError('CANCELLED')
  return new LossdError('INTERNAL', undefined, { cause: thrown })
}

/** BODY_TOO_LARGE with the limit and, where the client says it, the actual size. */
export function bodyTooLarge (limit: number, length: string | undefined): LossdError {
  const actual = length === undefined ? 'more' : `${length} bytes`
  return new LossdError('BODY_TOO_LARGE', `The body has ${actual}; the limit is ${limit} bytes`)
}

/** MEDIA_TYPE_UNSUPPORTED with the types that the request's route takes. */
export function mediaTypeUnsupported (request: FastifyRequest): LossdError {
  const type = shown(request.headers['content-type'] ?? '') || 'none'
  return new LossdError('MEDIA_TYPE_UNSUPPORTED',
    `Content-Type must be ${typesOf(formatsOf(request).takes)}; got ${type}`)
}

interface FastifyFault {
  readonly code: string
  readonly statusCode: number
  readonly message: string
}
