// A server with the session routes alone, on a small heap, closed with the test.

import { pino } from 'pino'
import type { Test } from 'tap'
import { admitBodies, type Lifecycle } from '../../src/api/admission.ts'
import { registerDocs } from '../../src/api/docs.ts'
import { createServer } from '../../src/api/server.ts'
import { registerSessionRoutes } from '../../src/api/session-routes.ts'
import type { Machine } from '../../src/compute/execute.ts'
import { Sessions, type SessionsSettings } from '../../src/sessions/store.ts'
import { machineOf } from './machine.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

export interface Client {
  readonly machine: Machine
  readonly sessions: Sessions
  /** A text among the headers is If-Match. */
  send (
    method: Method, path: string, body?: unknown,
    headers?: string | Readonly<Record<string, string>>
  ): Promise<Reply>
}

/** What lies in a reply's body at a path of names and indices; undefined if nothing does. */
export function at ({ body }: Pick<Reply, 'body'>, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => new Map(Object.entries(Object(value))).get(`${key}`),
    body)
}

/** All numbers of a value, row-major. */
export function numbersOf (value: unknown): number[] {
  return Array.isArray(value) ? value.flatMap(numbersOf) : [Number(value)]
}

const limits = {
  bodyBytesMax: 1 << 20, binaryBytesMax: 1 << 20, connectionsMax: 16, headersTimeoutMs: 1000,
  requestTimeoutMs: 2000,
  keepAliveTimeoutMs: 1000
}

export async function clientOf (t: Test, settings: SessionsSettings = {}): Promise<Client> {
  const machine = await machineOf(t)
  const sessions = new Sessions(machine, settings)
  const lifecycle: Lifecycle = { state: 'ready' }
  const logger = pino({ level: 'silent' })
  const server = createServer({ ...limits, logger, lifecycle, lossNames: [] })
  await registerDocs(server)
  await server.register(async json => {
    admitBodies(json, limits)
    registerSessionRoutes(json, { sessions, heap: machine.heap, deadlineMs: 10_000 })
  })
  t.teardown(async () => {
    await server.close()
    sessions.close()
  })
  return {
    machine,
    sessions,
    async send (method, url, body, given = {}) {
      const headers = typeof given === 'string' ? { 'if-match': given } : { ...given }
      if (body !== undefined) Object.assign(headers, { 'content-type': 'application/json' })
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
      const reply = await server.inject({ method, url, headers, ...payload })
      const { statusCode: status, payload: text } = reply
      return { status, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) }
    }
  }
}

/** A small classifier, and a batch for it. */
export const spec = {
  model: {
    type: 'Sequential',
    layers: [
      { type: 'Linear', in_features: 2, out_features: 4 }, { type: 'Tanh' },
      { type: 'Linear', in_features: 4, out_features: 3 }
    ]
  },
  loss: { type: 'CrossEntropyLoss', label_smoothing: 0.1 },
  optimizer: { type: 'SGD', lr: 0.1, momentum: 0.9 }
}
export const batch = { input: [[0.5, -1], [1, 2], [-0.25, 0.75]], target: [0, 2, 1] }

/** The path of a new session. */
export async function make ({ send }: Client, more: object = {}): Promise<string> {
  return `/v1/sessions/${at(await send('POST', '/v1/sessions', { ...spec, ...more }), 'id')}`
}
