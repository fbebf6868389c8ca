// What a request carries: its body, and the parameters of its path. A small body is kept as it came
// and read by its handler; a large one goes into the heap chunk by chunk, and is read there by the
// pool before its handler hears of it.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { Real } from '../codec/json-numbers.ts'
import { isJsonObject, type Json, type JsonObject, readJson } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LargeText } from '../codec/large-text.ts'
import { padTextMax } from '../codec/pad.ts'
import type { Safetensors } from '../codec/safetensors.ts'
import { codecWork } from '../compute/codec-work.ts'
import type { Machine } from '../compute/execute.ts'
import { LossdError } from '../errors.ts'
import { SafetensorsBody } from './binary-bodies.ts'
import { bodyTooLarge } from './replies.ts'
import { type TextFields, withTexts } from './text-fields.ts'

export interface BodySettings {
  readonly machine: Machine
  readonly bodyBytesMax: number
  readonly deadlineMs: number
}

/** A body whose numbers lie in the heap until its reply has left or its client has gone. */
class LargeBody {
  /** Its text, where the route keeps it. */
  readonly bytes: Buffer
  readonly #value: Json
  readonly #gone: AbortSignal

  constructor (value: Json, bytes: Buffer, gone: AbortSignal) {
    this.bytes = bytes
    this.#value = value
    this.#gone = gone
  }

  get value (): Json {
    if (this.#gone.aborted) throw new LossdError('CANCELLED')
    return this.#value
  }
}

/** In a scope of routes: bodies of JSON are received as said above. */
export function receiveJson (app: FastifyInstance, settings: BodySettings): void {
  const parse = jsonParser(app, settings)
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', parse)
}

/** What receives bodies of JSON in a scope of routes. */
export function jsonParser (app: FastifyInstance, settings: BodySettings): JsonParser {
  const responses = new WeakMap<FastifyRequest, ServerResponse>()
  app.addHook('onRequest', (request, reply, done) => {
    // Also true where no length is announced.
    if (!(lengthOf(request) <= padTextMax)) responses.set(request, reply.raw)
    done()
  })
  return (request, payload, done) => {
    const response = responses.get(request)
    if (response === undefined) receiveSmall(request, payload, done)
    else receiveLarge(request, payload, response, settings).then(body => done(null, body), done)
  }
}

type JsonParser = (
  request: FastifyRequest, payload: Readable, done: (fault: Error | null, body?: unknown) => void
) => void

export function bytesOf ({ body }: FastifyRequest): Buffer {
  if (body instanceof LargeBody) return body.bytes
  return body instanceof Buffer ? body : noBody
}

/**
 * A body as an object, with what texts may say beside it. Numbers with a point are kept as FP64
 * where `real` says so or the body has the word.
 */
export function objectOf (request: FastifyRequest, texts?: TextFields): JsonObject {
  const object = ownObject(request)
  return texts === undefined ? object : withTexts(object, request, texts)
}

function ownObject (request: FastifyRequest): JsonObject {
  const { body } = request
  if (body instanceof SafetensorsBody) return tensorsOf(body.content)
  return body instanceof LargeBody
    ? asObject(body.value)
    : readObject(bytesOf(request), keepsDoubles(request) ? 'FP64' : undefined)
}

const vectorPrefix = 'hessian_vector.'

// Each tensor under its own name; those of the Hessian's vectors stand together.
function tensorsOf ({ tensors }: Safetensors): JsonObject {
  const object: Record<string, Json> = Object.create(null)
  const vectors: Record<string, Json> = Object.create(null)
  for (const [name, tensor] of tensors) {
    if (name.startsWith(vectorPrefix)) vectors[name.slice(vectorPrefix.length)] = tensor
    else object[name] = tensor
  }
  if (Object.keys(vectors).length > 0) object['hessian_vector'] = vectors
  return object
}

/** A JSON object; its numbers can be read until the next one is. Throws BAD_JSON, BODY_INVALID. */
export function readObject (bytes: Buffer, real = realOf(bytes)): JsonObject {
  return asObject(readJson(bytes, real))
}

/** A parameter of the path; empty if the path has none of that name. */
export function paramOf ({ params }: FastifyRequest, name: string): string {
  return String(new Map(Object.entries(params ?? {})).get(name) ?? '')
}

const noBody = Buffer.alloc(0)
// Short ones are read as FP64 faster than they are searched.
const shortBytes = 1024

/** FP32, unless a body can ask for more: by the word FP64, perhaps in escapes. */
function realOf (bytes: Buffer): Real {
  if (bytes.length < shortBytes) return 'FP64'
  return bytes.includes('FP64') || bytes.includes('\\u') ? 'FP64' : 'FP32'
}

// What a session computes in was said when it was made.
function keepsDoubles ({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/sessions') === true
}

function asObject (body: Json): JsonObject {
  if (isJsonObject(body)) return body
  throw new LossdError('BODY_INVALID', `The body must be a JSON object; got ${kindOf(body)}`)
}

/** The length that is announced; NaN if none is. */
function lengthOf ({ headers }: FastifyRequest): number { return Number(headers['content-length']) }

function wrongLength (announced: number, bytes: number): LossdError {
  return new LossdError('BAD_REQUEST',
    `The body has ${bytes} bytes; Content-Length says ${announced}`)
}

function receiveSmall (
  request: FastifyRequest, payload: Readable, done: (fault: Error | null, body?: Buffer) => void
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  payload.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
  })
  payload.on('end', () => {
    const [first = noBody] = chunks
    const announced = lengthOf(request)
    if (bytes !== announced) done(wrongLength(announced, bytes))
    else done(null, chunks.length === 1 ? first : Buffer.concat(chunks, bytes))
  })
  payload.on('error', done)
}

async function receiveLarge (
  request: FastifyRequest, payload: Readable, response: ServerResponse, settings: BodySettings
): Promise<Buffer | LargeBody> {
  const { machine, deadlineMs, bodyBytesMax } = settings
  const { heap } = machine
  const announced = lengthOf(request)
  const lease = heap.lease()
  const elements = heap.lease()
  const controller = new AbortController()
  const leave = (): void => {
    controller.abort()
    lease.end()
    elements.end()
  }
  try {
    let text = announced > 0 ? new LargeText(heap, lease, announced) : undefined
    const chunks: Buffer[] = []
    const bytes = await receive(payload, announced > 0 ? announced : bodyBytesMax, chunk => {
      if (text === undefined) chunks.push(chunk)
      else text.write(chunk)
    })
    if (text === undefined) {
      if (bytes <= padTextMax) {
        leave()
        return Buffer.concat(chunks, bytes)
      }
      text = new LargeText(heap, lease, bytes)
      for (const chunk of chunks) {
        text.write(chunk)
        await otherWork()
      }
    } else if (bytes !== announced) {
      throw wrongLength(announced, bytes)
    }
    if (response.destroyed) throw new LossdError('CANCELLED')
    response.once('close', leave).once('finish', leave)
    const real = keepsDoubles(request) ? 'FP64' : realOf(text.bytes)
    const value = await codecWork(machine).read(text, elements, real,
      { deadlineMs, signal: controller.signal, lease })
    if (request.routeOptions.url !== '/v1/sessions') lease.end()
    return new LargeBody(value, text.bytes, controller.signal)
  } catch (fault) {
    leave()
    throw fault
  }
}

/** Hands on each chunk and resolves with the bytes received. Throws BODY_TOO_LARGE. */
function receive (
  payload: Readable, bytesMax: number, take: (chunk: Buffer) => void
): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    payload.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) {
        take(chunk)
        return
      }
      payload.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error')
      reject(bodyTooLarge(bytesMax, undefined))
    })
    payload.on('end', () => { resolve(bytes) })
    payload.on('error', reject)
  })
}
