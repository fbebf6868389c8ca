// Measurements for Prometheus: gauges are read when somebody asks, requests counted as they end.

import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** A number that is read when the metrics are asked for. */
export interface Reading {
  readonly name: string
  readonly help: string
  readonly read: () => number
}

export interface Metrics {
  readonly registry: Registry
  /** Requests whose replies have not ended. */
  active: number
  /** Counts one request by its route, method and status. */
  readonly observe: (method: string, route: string, status: number, seconds: number) => void
}

export function createMetrics (readings: readonly Reading[]): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const active: Reading = {
    name: 'http_server_active_requests',
    help: 'Requests whose replies have not ended',
    read: () => metrics.active
  }
  for (const { name, help, read } of [...readings, active]) {
    const collect = (): void => { gauge.set(read()) }
    const gauge = new Gauge({ name, help, registers: [registry], collect })
  }
  const durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the headers of a request to its reply being handed over',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry]
  })
  // Finding the row of three labels costs more than adding to it.
  const rows = new Map<string, Map<string, Map<number, Row>>>()
  const rowOf = (method: string, route: string, status: number): Row => {
    const ofRoute = getOrAdd(rows, route, () => new Map<string, Map<number, Row>>())
    const ofMethod = getOrAdd(ofRoute, method, () => new Map<number, Row>())
    return getOrAdd(ofMethod, status, () => durations.labels(method, route, String(status)))
  }
  const metrics: Metrics = {
    registry,
    active: 0,
    observe (method, route, status, seconds) {
      rowOf(method, route, status).observe(seconds)
    }
  }
  return metrics
}

type Row = Histogram.Internal<'method' | 'route' | 'status'>

function getOrAdd<Key, Value> (map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers had been read. */
    startedMs: number
  }
}

/**
 * Counts the requests of the routes registered after it, and those to unknown paths as one. A
 * request ends here when its reply is handed over: listening for its last byte would cost more than
 * all the rest. What is returned counts one that leaves without Fastify.
 */
export function countRequests (
  app: FastifyInstance, metrics: Metrics
): (request: FastifyRequest, reply: FastifyReply) => void {
  const end = (request: FastifyRequest, reply: FastifyReply, method: string, url: string): void => {
    metrics.observe(method, url, reply.statusCode, (performance.now() - request.startedMs) / 1000)
  }
  const count = (request: FastifyRequest, reply: FastifyReply, url: string): void => {
    metrics.active--
    end(request, reply, request.method, url)
  }
  app.decorateRequest('startedMs', 0)
  app.addHook('onRoute', route => {
    const countSent: onSendHookHandler = (request, reply, payload, done) => {
      count(request, reply, route.url)
      done(null, payload)
    }
    route.onSend = [countSent, ...[route.onSend ?? []].flat()]
  })
  app.addHook('onRequest', (request, reply, done) => {
    request.startedMs = performance.now()
    if (!request.is404) metrics.active++
    else reply.raw.once('finish', () => end(request, reply, '_OTHER', '_OTHER'))
    done()
  })
  return (request, reply) => { count(request, reply, request.routeOptions.url ?? '') }
}
