// What is refused before a body is read: requests while the service is not ready, unknown paths and
// methods, media types, encodings, sizes. Each check is a few comparisons of strings.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LossdError, nearest, shown } from '../errors.ts'
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
    else done(refusal)
  })
}

/**
 * In a scope of routes that take and give JSON: refuses other media types, large bodies, and query
 * parameters that the route's schema does not name.
 */
export function admitJson (app: FastifyInstance, bodyBytesMax = Infinity): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request
    const refusal = acceptRefusal(headers.accept) ?? queryRefusal(request) ??
      (method === 'GET' || method === 'HEAD' ? undefined : bodyRefusal(request, bodyBytesMax))
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
  if ((state === 'starting' || state === 'failed') && !request.url.startsWith('/health/')) {
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

function unknownPath (path: string, routes: Routes): LossdError {
  const [, loss] = /^\/v1\/losses\/([^/]+)\/?$/.exec(path) ?? []
  if (loss !== undefined) return routes.unknownLoss(loss)
  const near = nearest(path, routes.paths())
  return new LossdError('ROUTE_UNKNOWN', `There is nothing at ${shown(path)}; ` +
    (near.length > 0 ? `nearest: ${near.join(', ')}` : 'the routes are listed at /docs'))
}

function acceptRefusal (accept: string | undefined): LossdError | undefined {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return undefined
  if (accept.trim() === '') return undefined
  const ranges = accept.toLowerCase().split(',').map(range => {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim())
    return { type, refused: parameters.some(part => /^q=0(\.0*)?$/.test(part)) }
  })
  // The range that names JSON most closely decides.
  for (const wanted of ['application/json', 'application/*', '*/*']) {
    const range = ranges.find(({ type }) => type === wanted)
    if (range?.refused === false) return undefined
    if (range?.refused === true) break
  }
  return new LossdError('NOT_ACCEPTABLE',
    `Replies are application/json; Accept was ${shown(accept)}`)
}

// A parameter that is not known must not be passed over: a client may count on what it says.
function queryRefusal ({ url, query, routeOptions }: FastifyRequest): LossdError | undefined {
  if (!url.includes('?')) return undefined
  const { properties = {} } = (routeOptions.schema?.querystring ?? {}) as QuerySchema
  const known = Object.keys(properties)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (known.includes(name) && typeof value === 'string') continue
    const expected = known.length > 0 ? `one of ${known.join(', ')}, each once` : 'left out here'
    return new LossdError('BAD_QUERY',
      `Query parameter ${shown(name)} must be ${expected}; got ${shown(String(value))}`)
  }
  return undefined
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, unknown>>
}

function bodyRefusal ({ headers }: FastifyRequest, bytesMax: number): LossdError | undefined {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new LossdError('CONTENT_ENCODING_UNSUPPORTED',
      `Content-Encoding must be identity; got ${shown(encoding)}`)
  }
  const length = headers['content-length']
  if (length !== undefined && Number(length) > bytesMax) return bodyTooLarge(bytesMax, length)
  const type = headers['content-type']
  if (type === 'application/json') return undefined
  const empty = headers['transfer-encoding'] === undefined && (length ?? '0') === '0'
  if (type === undefined && empty) return undefined
  return isJsonType(type) ? undefined : mediaTypeUnsupported(type)
}

function isJsonType (type = ''): boolean {
  const [media = '', ...parameters] = type.toLowerCase().split(';').map(part => part.trim())
  return media === 'application/json' && parameters.every(parameter =>
    !parameter.startsWith('charset') || /^charset\s*=\s*"?utf-?8"?$/.test(parameter))
}
