// The formats of bodies and replies: which a route takes and gives, which one a request has, and
// which one its reply gets.

import type { FastifyContextConfig, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import { LossdError, shown } from '../errors.ts'

export type FormatName = 'json' | 'safetensors' | 'inference'

/** The media types of a format, the one that replies carry first. */
export const mediaTypes: Readonly<Record<FormatName, readonly string[]>> = {
  json: ['application/json'],
  safetensors: ['application/vnd.safetensors', 'application/x-safetensors'],
  inference: ['application/octet-stream']
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Formats of bodies and of replies; JSON alone if nothing is said. */
    takes?: readonly FormatName[]
    gives?: readonly FormatName[]
    /** Where a body without a Content-Type is read all the same. */
    untyped?: boolean
  }
}

/** JSON and safetensors, both ways. */
export const tensorFormats = {
  takes: ['json', 'safetensors'], gives: ['json', 'safetensors']
} as const satisfies FastifyContextConfig

const jsonOnly: readonly FormatName[] = ['json']

/** The formats that a route takes, and those that it gives. */
export function formatsOf (
  { routeOptions: { config } }: FastifyRequest
): { takes: readonly FormatName[], gives: readonly FormatName[], untyped: boolean } {
  const { takes = jsonOnly, gives = jsonOnly, untyped = false } = config
  return { takes, gives, untyped }
}

/** The format that a Content-Type names among those taken; undefined if it is none of them. */
export function formatOfType (
  type: string, takes: readonly FormatName[]
): FormatName | undefined {
  const exact = takes.find(name => mediaTypes[name].includes(type))
  if (exact !== undefined) return exact
  const [media = '', ...parameters] = type.toLowerCase().split(';').map(part => part.trim())
  const format = takes.find(name => mediaTypes[name].includes(media))
  return format !== 'json' || parameters.every(isUtf8) ? format : undefined
}

function isUtf8 (parameter: string): boolean {
  return !parameter.startsWith('charset') || /^charset\s*=\s*"?utf-?8"?$/.test(parameter)
}

/** True where a body may be one that is read into the heap, by its type or its header's length. */
export function isBinary (headers: IncomingHttpHeaders): boolean {
  const { 'content-type': type = '', [headerLength]: length } = headers
  return length !== undefined || formatOfType(type, binaryFormats) !== undefined
}

/** The header that says how long the JSON header of a binary body is. */
export const headerLength = 'inference-header-content-length'

const binaryFormats: readonly FormatName[] = ['safetensors', 'inference']

/** The format of a request's reply. Throws NOT_ACCEPTABLE. */
export function replyFormat (request: FastifyRequest): FormatName {
  const { accept, 'content-type': type } = request.headers
  if (accept === 'application/json') return 'json'
  const { takes, gives } = formatsOf(request)
  const exact = gives.find(name => mediaTypes[name][0] === accept)
  if (exact !== undefined) return exact
  const own = type === undefined ? undefined : formatOfType(type, takes)
  const like = gives.find(name => name === own) ?? 'json'
  if (accept === undefined || accept === '*/*' || accept.trim() === '') return like
  const chosen = mostWanted(accept, [like, ...gives.filter(name => name !== like)])
  if (chosen !== undefined) return chosen
  throw new LossdError('NOT_ACCEPTABLE',
    `Replies are ${typesOf(gives)}; Accept was ${shown(accept)}`)
}

/** Media types of formats, for a sentence. */
export function typesOf (formats: readonly FormatName[]): string {
  return formats.map(name => mediaTypes[name][0]).join(' or ')
}

// The first of the formats that no other has more weight than; undefined if all have none.
function mostWanted (
  accept: string, formats: readonly FormatName[]
): FormatName | undefined {
  const ranges = accept.toLowerCase().split(',').map(range => {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim())
    const weights = parameters.flatMap(part => /^q\s*=\s*([\d.]+)$/.exec(part)?.[1] ?? [])
    return { type, weight: Number(weights[0] ?? 1) }
  })
  // The range that names a type most closely decides.
  const weightOf = (name: FormatName): number => {
    for (const type of [...mediaTypes[name], 'application/*', '*/*']) {
      const range = ranges.find(each => each.type === type)
      if (range !== undefined) return range.weight
    }
    return 0
  }
  let chosen: FormatName | undefined
  let most = 0
  for (const name of formats) {
    const weight = weightOf(name)
    if (weight > most) [chosen, most] = [name, weight]
  }
  return chosen
}
