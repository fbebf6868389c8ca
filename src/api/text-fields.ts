// Fields of a body that are given as texts: in the query of any request, and in the metadata of a
// safetensors body. They join the body's own fields, so that whoever reads a body need not know.

import type { FastifyRequest } from 'fastify'
import { isJsonObject, type Json, type JsonObject, readJson } from '../codec/json-reader.ts'
import { LossdError, shown } from '../errors.ts'
import { SafetensorsBody } from './binary-bodies.ts'

/** A text is read as it is, as number, true, false or text, as names between commas, as JSON. */
export type TextKind = 'text' | 'value' | 'names' | 'json'

/** The fields that texts may give. */
export interface TextFields {
  readonly fields: Readonly<Record<string, TextKind>>
  /** Where other names belong: among the options, or nowhere. */
  readonly others: 'options' | 'fields'
  /** False where metadata says nothing about the request. */
  readonly metadata?: boolean
}

/** A body with the fields of its texts. Throws BAD_QUERY for what is given twice. */
export function withTexts (
  object: JsonObject, request: FastifyRequest, { fields, others, metadata = true }: TextFields
): JsonObject {
  const texts = textsOf(request, metadata)
  if (texts.size === 0) return object
  const own: Record<string, Json> = Object.assign(Object.create(null), object)
  const options: Record<string, Json> = Object.create(null)
  const given = object.options ?? null
  if (isJsonObject(given)) Object.assign(options, given)
  let hasOptions = false
  for (const [name, values] of texts) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined
    const isOption = kind === undefined && others === 'options'
    const target = isOption ? options : own
    if (name in target) throw twice(name, 'in the body')
    if (kind === 'json' && !(request.body instanceof SafetensorsBody)) throw misplaced(name)
    target[name] = readText(values, kind ?? 'value')
    hasOptions ||= isOption
  }
  if (hasOptions) own['options'] = options
  return own
}

function textsOf (
  { body, query, url }: FastifyRequest, metadata: boolean
): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, readonly string[]>()
  if (metadata && body instanceof SafetensorsBody) {
    for (const [name, text] of body.content.metadata) {
      // What libraries write of themselves.
      if (name !== 'format') texts.set(name, [text])
    }
  }
  if (!url.includes('?')) return texts
  for (const [name, value] of Object.entries(query ?? {})) {
    if (texts.has(name)) throw twice(name, 'in the metadata')
    texts.set(name, [value].flat().map(String))
  }
  return texts
}

function readText (values: readonly string[], kind: TextKind): Json {
  if (kind === 'names') return values.flatMap(value => value.split(',')).filter(name => name !== '')
  const [text = ''] = values
  if (kind === 'text') return text
  if (kind === 'json') return readJson(Buffer.from(text))
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text)
  return text === 'true' || text === 'false' ? text === 'true' : text
}

// The numbers of one JSON text last until the next is read.
function misplaced (name: string): LossdError {
  return new LossdError('BAD_QUERY',
    `Query parameter ${name} must be left out here; it belongs into the body`)
}

function twice (name: string, where: string): LossdError {
  return new LossdError('BAD_QUERY',
    `Query parameter ${shown(name)} must be given once; it stands ${where} as well`)
}
