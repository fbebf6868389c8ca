// A server with the session routes alone, on a small heap, closed with the test.

import { pino } from 'pino'
import type { Test } from 'tap'
import { admitJson, type Lifecycle } from '../../src/api/admission.ts'
import { createServer } from '../../src/api/server.ts'
import { registerSessionRoutes } from '../../src/api/session-routes.ts'
import { registerDocs } from '../../src/api/docs.ts'
import type { Machine } from '../../src/compute/execute.ts'
import { Sessions, type SessionsSettings } from '../../src/sessions/store.ts'
import { machineOf } from './machine.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: a reply is what the test says it is.
  readonly body: any
}

export interface Client {
  readonly machine: Machine
  readonly sessions: Sessions
  send (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
}

export async function clientOf (t: Test, settings: SessionsSettings = {}, bytes?: number): Promise<Client> {
  const machine = await machineOf(t, {}, bytes)
  const sessions = new Sessions(machine, settings)
  const lifecycle: Lifecycle = { state: 'ready' }
  const server = createServer({
    logger: pino({ level: 'silent' }), lifecycle, lossNames: [], bodyBytesMax: 1 << 20, connectionsMax: 16,
    headersTimeoutMs: 1000, requestTimeoutMs: 2000, keepAliveTimeoutMs: 1000
  })
  await registerDocs(server)
  await server.register(async json => {
    admitJson(json)
    registerSessionRoutes(json, { sessions, heap: machine.heap, deadlineMs: 10_000 })
  })
  t.teardown(async () => {
    await server.close()
    sessions.close()
  })
  return {
    machine,
    sessions,
    async send (method, path, body, headers = {}) {
      const reply = await server.inject({
        method,
        url: path,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) })
      })
      return {
        status: reply.statusCode,
        headers: reply.headers,
        body: reply.payload === '' ? undefined : JSON.parse(reply.payload)
      }
    }
  }
}
