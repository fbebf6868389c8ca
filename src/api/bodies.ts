// What a request carries: its body, and the parameters of its path. A small body is kept as it came
// and read by its handler; a large one goes into the heap chunk by chunk, and is read there by the
// pool before its handler hears of it.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Real } from '../codec/json-numbers.ts'
import { isJsonObject, type Json, type JsonObject, readJson } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { padTextMax } from '../codec/pad.ts'
import type { Safetensors } from '../codec/safetensors.ts'
import { inTurn } from '../codec/turns.ts'
import { LossdError } from '../errors.ts'
import { SafetensorsBody } from './binary-bodies.ts'
import {
  type BodySettings, LargeBody, lengthOf, realOf, receiveLarge, wrongLength
} from './large-bodies.ts'
import { type TextFields, withTexts } from './text-fields.ts'

export type { BodySettings } from './large-bodies.ts'

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

/** A body as an object, with what texts may say beside it. */
export function objectOf (request: FastifyRequest, texts?: TextFields): JsonObject {
  const object = ownObject(request)
  return texts === undefined ? object : withTexts(object, request, texts)
}

function ownObject (request: FastifyRequest): JsonObject {
  const { body } = request
  if (body instanceof SafetensorsBody) return tensorsOf(body.content)
  return body instanceof LargeBody
    ? asObject(body.value)
    : readObject(bytesOf(request), realOf(request, bytesOf(request)))
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
export function readObject (bytes: Buffer, real: Real = 'FP64'): JsonObject {
  return asObject(readJson(bytes, real))
}

/** A parameter of the path; empty if the path has none of that name. */
export function paramOf ({ params }: FastifyRequest, name: string): string {
  return String(new Map(Object.entries(params ?? {})).get(name) ?? '')
}

const noBody = Buffer.alloc(0)

function asObject (body: Json): JsonObject {
  if (isJsonObject(body)) return body
  throw new LossdError('BODY_INVALID', `The body must be a JSON object; got ${kindOf(body)}`)
}

// From here on what is no number may take a millisecond to read.
const longBytes = 16 << 10

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
    const body = (): Buffer => chunks.length === 1 ? first : Buffer.concat(chunks, bytes)
    if (bytes !== announced) done(wrongLength(announced, bytes))
    else if (bytes < longBytes) done(null, body())
    else inTurn(() => { done(null, body()) })
  })
  payload.on('error', done)
}
