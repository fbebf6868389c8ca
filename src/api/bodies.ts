// What a request carries: its body, and the parameters of its path.

import type { FastifyRequest } from 'fastify'
import { createJsonReader, isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError } from '../errors.ts'

const reader = createJsonReader()
const noBody = Buffer.alloc(0)

export function bytesOf ({ body }: FastifyRequest): Buffer {
  return body instanceof Buffer ? body : noBody
}

/** The body as JSON. Its numbers can be read until the next body is. Throws BAD_JSON. */
export function bodyOf (request: FastifyRequest): Json { return reader.read(bytesOf(request)) }

/** The same, where it must be an object. Throws BODY_INVALID, too. */
export function objectOf (request: FastifyRequest): JsonObject {
  const body = bodyOf(request)
  if (isJsonObject(body)) return body
  throw new LossdError('BODY_INVALID', `The body must be a JSON object; got ${kindOf(body)}`)
}

/** A parameter of the path; empty if the path has none of that name. */
export function paramOf ({ params }: FastifyRequest, name: string): string {
  return String(new Map(Object.entries(params ?? {})).get(name) ?? '')
}
