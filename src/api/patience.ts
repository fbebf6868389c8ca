// How long a request may take, and whether its client is still there. Fastify's handlerTimeout and
// request.signal do not work on requests with a body; so the pool is told the milliseconds and has
// a signal of our own, which costs nothing until a job really leaves the main thread.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Patience } from '../compute/when-finished.ts'
import { LossdError, shown } from '../errors.ts'

/**
 * The patience of a request: the service's deadline, lowered by Request-Timeout-Ms, and a signal
 * that is aborted when the client leaves before its reply is complete.
 */
export function patienceOf (
  request: FastifyRequest, reply: FastifyReply, deadlineMs: number
): Patience {
  const asked = request.headers['request-timeout-ms']
  return {
    deadlineMs: asked === undefined ? deadlineMs : lowered(asked, deadlineMs),
    signal: new ClientSignal(reply.raw)
  }
}

function lowered (asked: string | string[], deadlineMs: number): number {
  const milliseconds = typeof asked === 'string' && /^\d{1,15}$/.test(asked) ? Number(asked) : 0
  if (milliseconds > 0) return Math.min(milliseconds, deadlineMs)
  throw new LossdError('BAD_HEADER',
    'Header Request-Timeout-Ms must be a whole number of milliseconds, 1 or more; ' +
      `got ${shown(String(asked))}`)
}

type Listener = Parameters<AbortSignal['addEventListener']>

/**
 * Aborted when a client leaves before its response is complete. It becomes a real AbortSignal
 * (5 µs) when somebody listens.
 */
export class ClientSignal implements AbortSignal {
  readonly onabort = null
  readonly #raw: FastifyReply['raw']
  #controller: AbortController | undefined

  constructor (raw: FastifyReply['raw']) { this.#raw = raw }

  get aborted (): boolean { return this.#raw.destroyed && !this.#raw.writableFinished }

  get reason (): unknown { return this.#real.reason }

  throwIfAborted (): void { this.#real.throwIfAborted() }

  addEventListener (...listener: Listener): void { this.#real.addEventListener(...listener) }

  removeEventListener (...listener: Listener): void { this.#real.removeEventListener(...listener) }

  dispatchEvent (event: Event): boolean { return this.#real.dispatchEvent(event) }

  get #real (): AbortSignal {
    this.#controller ??= controllerOf(this.#raw)
    return this.#controller.signal
  }
}

function controllerOf (raw: FastifyReply['raw']): AbortController {
  const controller = new AbortController()
  if (raw.destroyed) controller.abort()
  else raw.once('close', () => { if (!raw.writableFinished) controller.abort() })
  return controller
}
