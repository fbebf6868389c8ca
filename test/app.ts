// The whole service inside the test's own process, without a port: closed with the test, which
// shows that everything borrowed from the heap came back.

import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp, openWorkshop, type Service } from '../src/app.ts'
import { readConfig } from '../src/config.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly bytes: Buffer
  /** The body as JSON; undefined if it is empty. */
  readonly body: Record<string, unknown>
}

export interface App {
  readonly service: Service
  get (path: string, headers?: Record<string, string>): Promise<Answer>
  /** A body that is text or bytes goes out as it is. */
  post (path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  send (
    method: Method, path: string, headers?: Record<string, string>, payload?: string | Buffer
  ): Promise<Answer>
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

// One for all services of a test: its thread is warm from the second on.
const workshop = openWorkshop({ compileMsMax: 60_000 })

/** Builds and starts the service with a few settings changed. */
export async function build (
  t: Test, settings: Readonly<Record<string, string>> = {}
): Promise<App> {
  const app = await buildIdle(t, settings)
  await app.service.start()
  return app
}

/** The service as it is before it is ready. */
export async function buildIdle (
  t: Test, settings: Readonly<Record<string, string>> = {}
): Promise<App> {
  const config = readConfig({ MEMORY_MB: '64', THREADS: '1', ...settings })
  const logger = pino({ level: 'silent' })
  const service = await buildApp(config, 'COMPILE_MS_MAX' in settings
    ? { logger, relaxed: false }
    : { logger, relaxed: false, workshop })
  t.teardown(() => service.close())
  const send: App['send'] = async (method, url, headers = {}, payload) => {
    const reply = await service.server.inject({
      method, url, headers, ...(payload === undefined ? {} : { payload })
    })
    const json = /json/.test(String(reply.headers['content-type']))
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.payload,
      bytes: reply.rawPayload,
      body: json && reply.payload !== '' ? JSON.parse(reply.payload) : {}
    }
  }
  return {
    service,
    send,
    get: (path, headers) => send('GET', path, headers),
    post (path, body, headers) {
      const ready = typeof body === 'string' || Buffer.isBuffer(body)
      return send('POST', path, { 'content-type': 'application/json', ...headers },
        ready ? body : JSON.stringify(body))
    }
  }
}
