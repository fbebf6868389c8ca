// What a request carries: its body, and the parameters of its path.

import type { FastifyRequest } from 'fastify'
import { createJsonReader, isJsonObject, type JsonObject } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError } from '../errors.ts'

const reader = createJsonReader()
const noBody = Buffer.alloc(0)

export function bytesOf ({ body }: FastifyRequest): Buffer {
  return body instanceof Buffer ? body : noBody
}

export function objectOf (request: FastifyRequest): JsonObject {
  return readObject(bytesOf(request))
}

/** A JSON object; its numbers can be read until the next one is. Throws BAD_JSON, BODY_INVALID. */
export function readObject (bytes: Buffer): JsonObject {
  const body = reader.read(bytes)
  if (isJsonObject(body)) return body
  throw new LossdError('BODY_INVALID', `The body must be a JSON object; got ${kindOf(body)}`)
}

/** A parameter of the path; empty if the path has none of that name. */
export function paramOf ({ params }: FastifyRequest, name: string): string {
  return String(new Map(Object.entries(params ?? {})).get(name) ?? '')
}
