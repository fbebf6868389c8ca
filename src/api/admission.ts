// What is refused before a body is read: requests while the service is not ready, unknown paths and
// methods, media types, encodings, sizes. Each check is a few comparisons of strings.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LossdError, nearest, shown } from '../errors.ts'
import { formatOfType, formatsOf, headerLength, replyFormat } from './formats.ts'
import { bodyTooLarge, mediaTypeUnsupported } from './replies.ts'
import type { Routes } from './routes.ts'

/** Where the service is in its life. */
export interface Lifecycle {
  state: 'starting' | 'ready' | 'draining' | 'failed'
}

/** Refuses all but health until the service is ready, and paths that do not exist. */
export function admitRequests (app: FastifyInstance, lifecycle: Lifecycle, routes: Routes): void {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOf(request, reply, lifecycle, routes)
    if (refusal === undefined) done()
    // What a path answers is told, also to those who only ask.
    else if (request.method === 'OPTIONS' && refusal.code === 'METHOD_NOT_ALLOWED') {
      reply.code(204).send()
    } else done(refusal)
  })
}

/** Largest bodies, in bytes. */
export interface BodyLimits {
  readonly bodyBytesMax: number
  readonly binaryBytesMax: number
}

/**
 * In a scope of routes: refuses media types that a route does not take or give, large bodies, and
 * query parameters that its schema does not name.
 */
export function admitBodies (app: FastifyInstance, limits: BodyLimits): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { method } = request
    const refusal = acceptRefusal(request, reply) ?? queryRefusal(request) ??
      (method === 'GET' || method === 'HEAD' ? undefined : bodyRefusal(request, limits))
    if (refusal === undefined) done()
    else done(refusal)
  })
}

/** The error of the state the service is in; undefined when it is ready. */
export function stateRefusal ({ state }: Lifecycle): LossdError | undefined {
  if (state === 'ready') return undefined
  if (state === 'failed') {
    return new LossdError('SELF_TEST_FAILED', 'The kernels give wrong numbers on this machine')
  }
  return new LossdError(state === 'starting' ? 'STARTING' : 'DRAINING')
}

function refusalOf (
  request: FastifyRequest, reply: FastifyReply, lifecycle: Lifecycle, routes: Routes
): LossdError | undefined {
  const { state } = lifecycle
  if ((state === 'starting' || state === 'failed') && !isHealth(request.url)) {
    return stateRefusal(lifecycle)
  }
  // Clients of a draining service still get their reply, and then look for another one.
  if (state === 'draining') reply.header('connection', 'close')
  if (!request.is404) return undefined
  const path = request.url.split('?', 1)[0] ?? ''
  const methods = routes.methodsOf(path)
  if (methods.length === 0) return unknownPath(path, routes)
  reply.header('allow', methods.join(', '))
  return new LossdError('METHOD_NOT_ALLOWED',
    `${shown(path)} answers ${methods.join(', ')}, not ${request.method}`)
}

function isHealth (url: string): boolean {
  return url.startsWith('/health/') || url.startsWith('/v2/health/')
}

function unknownPath (path: string, routes: Routes): LossdError {
  const [, loss] = /^\/v1\/losses\/([^/]+)\/?$/.exec(path) ?? []
  if (loss !== undefined) return routes.unknownLoss(loss)
  const near = nearest(path, routes.paths())
  return new LossdError('ROUTE_UNKNOWN', `There is nothing at ${shown(path)}; ` +
    (near.length > 0 ? `nearest: ${near.join(', ')}` : 'the routes are listed at /docs'))
}

function acceptRefusal (request: FastifyRequest, reply: FastifyReply): LossdError | undefined {
  if (formatsOf(request).gives.length > 1) {
    const others = reply.getHeader('vary')
    reply.header('vary', others === undefined ? 'Accept' : `${others}, Accept`)
  }
  try {
    replyFormat(request)
    return undefined
  } catch (fault) {
    if (fault instanceof LossdError) return fault
    throw fault
  }
}

// A parameter that is not known must not be passed over: a client may count on what it says.
function queryRefusal ({ url, query, routeOptions }: FastifyRequest): LossdError | undefined {
  if (!url.includes('?')) return undefined
  const schema = (routeOptions.schema?.querystring ?? {}) as QuerySchema
  const { properties = {}, additionalProperties = false } = schema
  const known = Object.keys(properties)
  for (const [name, value] of Object.entries(query ?? {})) {
    const several = properties[name]?.type === 'array'
    const isKnown = known.includes(name) || additionalProperties
    if (isKnown && (typeof value === 'string' || several)) continue
    const expected = known.length > 0 ? `one of ${known.join(', ')}, each once` : 'left out here'
    return new LossdError('BAD_QUERY',
      `Query parameter ${shown(name)} must be ${expected}; got ${shown(String(value))}`)
  }
  return undefined
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
  readonly additionalProperties?: boolean
}

function bodyRefusal (
  request: FastifyRequest, { bodyBytesMax, binaryBytesMax }: BodyLimits
): LossdError | undefined {
  const { headers } = request
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new LossdError('CONTENT_ENCODING_UNSUPPORTED',
      `Content-Encoding must be identity; got ${shown(encoding)}`)
  }
  const { takes, untyped } = formatsOf(request)
  const type = headers['content-type']
  const format = type === undefined ? undefined : formatOfType(type, takes)
  const length = headers['content-length']
  // What has no header of its own is JSON, whatever its type says.
  const isBinary = format === 'safetensors' ||
    (takes.includes('inference') && headers[headerLength] !== undefined)
  const bytesMax = isBinary ? binaryBytesMax : bodyBytesMax
  if (length !== undefined && Number(length) > bytesMax) return bodyTooLarge(bytesMax, length)
  const empty = headers['transfer-encoding'] === undefined && (length ?? '0') === '0'
  if (type === undefined && (untyped || empty)) return undefined
  if (format === undefined) return mediaTypeUnsupported(request)
  return format === 'safetensors' && length === undefined
    ? new LossdError('LENGTH_REQUIRED')
    : undefined
}
