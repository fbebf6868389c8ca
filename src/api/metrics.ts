// Measurements for Prometheus: gauges are read when somebody asks, requests counted as they end.

import type { FastifyInstance } from 'fastify'
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
    help: 'Time from the first byte of a request to the last of its reply',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry]
  })
  // Finding the row of three labels costs more than adding to it.
  const rows = new Map<string, ReturnType<typeof durations.labels>>()
  const metrics: Metrics = {
    registry,
    active: 0,
    observe (method, route, status, seconds) {
      const key = `${method} ${route} ${status}`
      let row = rows.get(key)
      if (row === undefined) {
        row = durations.labels(method, route, String(status))
        rows.set(key, row)
      }
      row.observe(seconds)
    }
  }
  return metrics
}

/** Counts every request under its route's template, unknown paths and methods under one name. */
export function countRequests (app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', (_request, _reply, done) => {
    metrics.active++
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    metrics.active--
    const { url } = request.routeOptions
    const known = url !== undefined && !request.is404
    metrics.observe(known ? request.method : '_OTHER', known ? url : '_OTHER',
      reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
}
