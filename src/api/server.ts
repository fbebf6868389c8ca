// The Fastify instance: limits, hooks that hold for every route, and what becomes of errors. Routes
// are registered on it by the other files of this folder; app.ts puts them together.

import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { type ErrorCode, LossdError } from '../errors.ts'
import { admitRequests, type Lifecycle } from './admission.ts'
import { isBinary } from './formats.ts'
import { countRequests, type Metrics } from './metrics.ts'
import { admitOrigins } from './origins.ts'
import { GatheredResponse } from './outbox.ts'
import { mediaTypeUnsupported, problemOf, problemType, sendProblem } from './replies.ts'
import { gatherRoutes } from './routes.ts'

export interface ServerSettings {
  readonly logger: Logger
  readonly lifecycle: Lifecycle
  readonly metrics?: Metrics
  /** Names and aliases, for what an unknown loss is told. */
  readonly lossNames: readonly string[]
  /** Names of the formulas that are kept now. */
  readonly keptNames?: () => readonly string[]
  /** Whose pages are let in: `off`, `*`, or origins between commas. */
  readonly corsOrigins?: string
  readonly bodyBytesMax: number
  readonly binaryBytesMax: number
  readonly connectionsMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

/** The server, for those who may not see Fastify. */
export type Server = FastifyInstance

declare module 'fastify' {
  interface FastifyInstance {
    /** Where faults of the service are logged. */
    readonly faultLog: Logger
    /** Closes connections that have never sent a byte: they do not count as idle. */
    closeUnused (): void
    /** Counts a reply that leaves without Fastify. */
    handedOver (request: FastifyRequest, reply: FastifyReply): void
  }
}

export function createServer (settings: ServerSettings): Server {
  const { requestTimeoutMs, headersTimeoutMs, keepAliveTimeoutMs } = settings
  const { bodyBytesMax, binaryBytesMax } = settings
  const app = fastify({
    // A logger for every request would cost more than reading its body: faultLog is one for all.
    logger: false,
    bodyLimit: bodyBytesMax,
    // All three together: with one alone a slow client is never cut off.
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: 500,
      ServerResponse: GatheredResponse
    },
    keepAliveTimeout: keepAliveTimeoutMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error, request, reply) => { sendProblem(request, reply, error) },
    clientErrorHandler
  })
  app.decorate('faultLog', settings.logger)
  app.server.maxConnections = settings.connectionsMax
  app.server.maxHeadersCount = 100
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // A body that will be refused for its size is not asked for.
    const bytesMax = isBinary(request.headers) ? binaryBytesMax : bodyBytesMax
    if (!(Number(request.headers['content-length']) > bytesMax)) response.writeContinue()
    app.server.emit('request', request, response)
  })

  // Bodies are read by codec, and so are their values: no schema is compiled.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => value => JSON.stringify(value))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' },
    (_request, body, done) => { done(null, body) })
  app.addContentTypeParser('*', (request, _body, done) => { done(mediaTypeUnsupported(request)) })

  const sockets = new Set<Socket>()
  app.server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.decorate('closeUnused', () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  })

  // Before anything can be refused, so that every request is counted.
  const { metrics, corsOrigins = 'off' } = settings
  app.decorate('handedOver', metrics === undefined ? () => {} : countRequests(app, metrics))
  if (corsOrigins !== 'off') admitOrigins(app, corsOrigins)
  const routes = gatherRoutes(app, settings.lossNames, settings.keptNames ?? (() => []))
  admitRequests(app, settings.lifecycle, routes)
  app.setErrorHandler((error, request, reply) => { sendProblem(request, reply, error) })
  app.setNotFoundHandler((request, reply) => {
    sendProblem(request, reply, new LossdError('ROUTE_UNKNOWN'))
  })
  if (settings.logger.isLevelEnabled('debug')) logRequests(app, settings.logger)
  return app
}

function logRequests (app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', ({ id, method, url }, reply, done) => {
    const { statusCode: status, elapsedTime: milliseconds } = reply
    logger.debug({ request: id, method, url, status, milliseconds }, 'request')
    done()
  })
}

interface ClientFault extends Error {
  readonly code?: string
  readonly reason?: string
}

const clientErrors: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE'
}

/** Answers what Node could not read as HTTP, and closes the connection. */
function clientErrorHandler (fault: ClientFault, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || socket.destroyed) return
  const code = clientErrors[fault.code ?? ''] ?? 'BAD_REQUEST'
  const error = code === 'BAD_REQUEST'
    ? new LossdError(code, `The request is not well-formed HTTP: ${fault.reason ?? fault.code}`)
    : new LossdError(code)
  const problem = problemOf(error, 'urn:lossd:request:none')
  const body = JSON.stringify(problem)
  if (socket.writable) {
    socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${problemType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
  }
}
