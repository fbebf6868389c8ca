// All sessions, in memory: made, found, listed, ended by their clients or by time. Ended sessions
// give their memory back; the ids of expired ones are remembered for a while.

import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../codec/json-reader.ts'
import type { Machine } from '../compute/execute.ts'
import { LossdError, shown } from '../errors.ts'
import type { Doer } from '../kernels/apart.ts'
import { readDescription } from './description.ts'
import { OperationMemory } from './memory.ts'
import type { FindLoss } from './objective.ts'
import { Session, type Turn } from './session.ts'
import { StepPrograms } from './step-programs.ts'

export interface SessionsSettings {
  readonly sessionsMax?: number
  /** Operations that may wait in one session. */
  readonly queueMax?: number
  readonly ttlSecondsMax?: number
  /** Bytes of one session's tensors; a step needs as many again while it runs. */
  readonly bytesMax?: number
  /** Most elements of the outputs that a step returns. */
  readonly resultElementsMax?: number
  readonly programsMax?: number
  /** Whether kernels may fuse multiply and add. */
  readonly relaxed?: boolean
  /** Losses beside those of the table, by name. */
  readonly findLoss?: FindLoss
  /** Who compiles steps. */
  readonly doer?: Doer
  /** For tests: the time. */
  readonly nowMs?: () => number
}

export interface Page {
  readonly sessions: readonly Session[]
  /** The id after which the next page begins; null at the end. */
  readonly next: string | null
}

const sweepMs = 1000
const expiredMax = 10_000

export class Sessions {
  readonly programs: StepPrograms
  readonly #machine: Machine
  readonly #settings: Required<Omit<SessionsSettings, 'programsMax' | 'relaxed' | 'doer'>>
  readonly #sessions = new Map<string, Session>()
  /** Ids of expired sessions, and when that was. */
  readonly #expired = new Map<string, number>()
  readonly #sweeper: NodeJS.Timeout

  constructor (machine: Machine, settings: SessionsSettings = {}) {
    const { programsMax = 256, relaxed = false, doer, ...rest } = settings
    this.#machine = machine
    this.#settings = {
      sessionsMax: 1000, queueMax: 64, ttlSecondsMax: 30 * 86_400, bytesMax: 2 ** 28,
      resultElementsMax: 2 ** 21, findLoss: () => undefined,
      nowMs: Date.now, ...rest
    }
    const onDrop = (program: number): void => machine.pool.forget(program)
    this.programs = new StepPrograms({ programsMax, relaxed, onDrop, doer })
    this.#sweeper = setInterval(() => this.sweep(), sweepMs).unref()
  }

  get count (): number { return this.#sessions.size }

  /** Memory for one operation; its lease must be ended when the reply is written. */
  memory (): OperationMemory { return new OperationMemory(this.#machine.heap) }

  /** A new session from the body of a request and its bytes. Throws 413, 422, 429, 503. */
  create (body: JsonObject, raw: Buffer): Session {
    const { sessionsMax, queueMax, resultElementsMax, nowMs } = this.#settings
    if (this.#sessions.size >= sessionsMax) this.sweep()
    if (this.#sessions.size >= sessionsMax) {
      throw new LossdError('SESSIONS_TOO_MANY', `There are ${sessionsMax} sessions, the limit`)
    }
    const memory = this.memory()
    try {
      const description = readDescription(body, raw, this.#settings, memory)
      const parts = {
        machine: this.#machine, programs: this.programs, queueMax, resultElementsMax
      }
      const session = new Session(randomUUID(), description, nowMs(), parts, memory)
      this.#sessions.set(session.id, session)
      return session
    } finally {
      memory.lease.end()
    }
  }

  /** A session, its lease renewed. Throws SESSION_UNKNOWN, SESSION_EXPIRED. */
  find (id: string): Session {
    const nowMs = this.#settings.nowMs()
    const session = this.#sessions.get(id)
    if (session !== undefined && this.#expire(session, nowMs)) throw this.#expiry(id)
    if (session === undefined || session.closed) {
      throw this.#expired.has(id)
        ? this.#expiry(id)
        : new LossdError('SESSION_UNKNOWN', `There is no session ${shown(id)}`)
    }
    session.renew(nowMs)
    return session
  }

  /** Ends a session when its turn comes. */
  async end (id: string, turn: Turn = {}): Promise<void> {
    await this.find(id).end(turn)
    this.#sessions.delete(id)
  }

  /** Up to `limit` sessions in order of creation, after one of them. */
  list (limit: number, after: string | null): Page {
    this.sweep()
    const all = [...this.#sessions.values()].filter(({ closed }) => !closed)
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
    const sessions = all.slice(start, start + limit)
    const more = start + limit < all.length
    return { sessions, next: more ? sessions.at(-1)?.id ?? null : null }
  }

  /** Ends what has expired; called every second. */
  sweep (): void {
    const nowMs = this.#settings.nowMs()
    for (const session of this.#sessions.values()) this.#expire(session, nowMs)
  }

  /** Gives all memory back, once no operation runs. */
  close (): void {
    clearInterval(this.#sweeper)
    for (const session of this.#sessions.values()) if (session.idle) session.close()
    this.#sessions.clear()
  }

  // True if the session is past its time. One that works is not.
  #expire (session: Session, nowMs: number): boolean {
    if (nowMs < session.expiresAtMs || !session.idle) return false
    session.close()
    this.#sessions.delete(session.id)
    this.#expired.set(session.id, session.expiresAtMs)
    const [oldest] = this.#expired.keys()
    if (this.#expired.size > expiredMax && oldest !== undefined) this.#expired.delete(oldest)
    return true
  }

  #expiry (id: string): LossdError {
    const time = new Date(this.#expired.get(id) ?? 0).toISOString()
    return new LossdError('SESSION_EXPIRED', `The session ${id} expired at ${time}`)
  }
}
