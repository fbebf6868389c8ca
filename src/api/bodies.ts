// What a request carries: its body, and the parameters of its path.

import type { FastifyRequest } from 'fastify'
import { createJsonReader, isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import type { Safetensors } from '../codec/safetensors.ts'
import { LossdError } from '../errors.ts'
import { SafetensorsBody } from './binary-bodies.ts'
import { type TextFields, withTexts } from './text-fields.ts'

const reader = createJsonReader()
const noBody = Buffer.alloc(0)

export function bytesOf ({ body }: FastifyRequest): Buffer {
  return body instanceof Buffer ? body : noBody
}

/** A body as an object, with what texts may say beside it. Throws BAD_JSON, BODY_INVALID. */
export function objectOf (request: FastifyRequest, texts?: TextFields): JsonObject {
  const { body } = request
  const object = body instanceof SafetensorsBody
    ? tensorsOf(body.content)
    : readObject(bytesOf(request))
  return texts === undefined ? object : withTexts(object, request, texts)
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
export function readObject (bytes: Buffer): JsonObject {
  const body = reader.read(bytes)
  if (isJsonObject(body)) return body
  throw new LossdError('BODY_INVALID', `The body must be a JSON object; got ${kindOf(body)}`)
}

/** A parameter of the path; empty if the path has none of that name. */
export function paramOf ({ params }: FastifyRequest, name: string): string {
  return String(new Map(Object.entries(params ?? {})).get(name) ?? '')
}
