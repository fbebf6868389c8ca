// The composition root: heap, pool, losses, sessions, routes, put together from one config; and the
// life of the whole: starting, ready, draining. main.ts and the tests build it alike.

import type { Logger } from 'pino'
import { setTimeout as wait } from 'node:timers/promises'
import type { Lifecycle } from './api/admission.ts'
import { KeptFormulas } from './api/kept-formulas.ts'
import { lossNames } from './losses/index.ts'
import { createMetrics, type Reading } from './api/metrics.ts'
import { common, heavy, selfTest } from './api/self-test.ts'
import { createServer, type Server } from './api/server.ts'
import { registerRoutes } from './api/register.ts'
import { Heap } from './buffer/heap.ts'
import { startCodec } from './compute/codec-work.ts'
import { Pool } from './compute/pool.ts'
import { Workshop } from './compute/workshop.ts'
import { type Config, ConfigError } from './config.ts'
import { enableRelaxedSimd, hasRelaxedSimd } from './kernels/assemble.ts'
import type { Doer } from './kernels/apart.ts'
import { lossWork } from './kernels/loss-compile.ts'
import { LossPrograms } from './kernels/loss-program.ts'
import { Sessions } from './sessions/store.ts'

export interface Surroundings {
  readonly logger: Logger
  /** True if kernels may use relaxed SIMD. */
  readonly relaxed: boolean
  /** Who compiles, if several services share it; else the service has a workshop of its own. */
  readonly workshop?: Workshop
}

/** The whole service, listening or not. */
export interface Service {
  readonly server: Server
  readonly heap: Heap
  readonly pool: Pool
  readonly lifecycle: Lifecycle
  /** What /health/ready tells. */
  readonly facts: Readonly<Record<string, string | number>>
  /** The OpenAPI document of all routes. */
  openapi (): object
  /** Listens and resolves with the address. */
  listen (host: string, port: number): Promise<string>
  /** Warms the common programs, tests the kernels, and is ready. */
  start (): Promise<void>
  /** Drains and ends everything: requests in flight, connections, threads. */
  close (): Promise<void>
}

/** Builds the service: all routes registered, not yet ready. */
export async function buildApp (config: Config, surroundings: Surroundings): Promise<Service> {
  const { logger, relaxed } = surroundings
  const lifecycle: Lifecycle = { state: 'starting' }
  const heap = Heap.create({ bytes: config.memoryMb * 2 ** 20, touch: true })
  const pool = new Pool({
    memory: heap.memory,
    threads: config.threads,
    queueJobsMax: config.queueJobsMax,
    inlineBudgetUs: config.inlineBudgetUs,
    pin: config.pinThreads === 'on',
    programsMax: config.programsMax,
    onFault: fault => logger.warn({ fault }, 'a worker thread was lost')
  })
  const workshop = surroundings.workshop ?? openWorkshop(config)
  // A start holds nobody up: the self-test compiles here. What it compiled warms the thread later.
  const early: (() => Promise<unknown>)[] = []
  const doer: Doer = (work, given) => {
    if (lifecycle.state !== 'starting') return workshop.do(work, given)
    early.push(() => workshop.do(work, given))
    return work.run(given)
  }
  const programs = new LossPrograms({
    relaxed,
    doer,
    programsMax: config.programsMax,
    forget: program => pool.forget(program.id)
  })
  const machine = { heap, pool, programs }
  const kept = new KeptFormulas(config.formulasMax)
  const sessions = new Sessions(machine, {
    findLoss: name => kept.findLoss(name),
    sessionsMax: config.sessionsMax,
    bytesMax: config.sessionBytesMax,
    resultElementsMax: config.resultElementsMax,
    queueMax: config.sessionQueueMax,
    ttlSecondsMax: config.sessionTtlSecondsMax,
    programsMax: config.programsMax,
    relaxed,
    doer
  })
  const facts = { threads: config.threads, relaxed_simd: relaxed ? 'on' : 'off' }
  const metrics = createMetrics(readings(heap, pool, workshop, sessions))
  const server = createServer({
    ...config, logger, lifecycle, lossNames, keptNames: () => kept.names, metrics
  })
  await registerRoutes(
    server, { ...config, heap, machine, doer, sessions, kept, lifecycle, metrics, facts })
  await server.ready()
  return {
    server,
    heap,
    pool,
    lifecycle,
    facts,
    openapi: () => server.swagger(),
    listen: (host, port) => server.listen({ host, port }),
    async start () {
      await Promise.all([startCodec(machine), pool.ready])
      const wrong = await selfTest({ machine }, common)
      if (wrong.length > 0) logger.fatal({ wrong }, 'the self-test of the kernels failed')
      lifecycle.state = wrong.length > 0 ? 'failed' : 'ready'
      // A workshop that was there before is warm.
      if (surroundings.workshop === undefined) {
        for (const again of early) again().catch(() => {})
        selfTest({ machine }, heavy).then(wrong => {
          const isOver = lifecycle.state !== 'ready'
          if (wrong.length > 0 && !isOver) logger.warn({ wrong }, 'losses failed their test')
        }, () => {})
      }
      early.length = 0
    },
    async close () {
      lifecycle.state = 'draining'
      if (server.server.listening) await drain(server, config)
      else await server.close()
      sessions.close()
      if (surroundings.workshop === undefined) await workshop.close()
      await pool.close({ graceMs: 1000 })
      heap.close()
    }
  }
}

/** Where programs are compiled. */
export function openWorkshop ({ compileMsMax }: Pick<Config, 'compileMsMax'>): Workshop {
  return new Workshop({ limitMs: compileMsMax, modules: [lossWork.module] })
}

/** Whether kernels may use relaxed SIMD; `on` sets Node's flag for it. Throws ConfigError. */
export function relaxedSimd ({ relaxedSimd: setting }: Config): boolean {
  if (setting !== 'on') return setting === 'auto' && hasRelaxedSimd()
  if (enableRelaxedSimd()) return true
  throw new ConfigError(
    ['RELAXED_SIMD is on, but this version of Node does not have it; use auto or off'])
}

/** Not ready → load balancers look away → no new connections → the last request has ended. */
async function drain (server: Server, config: Config): Promise<void> {
  await wait(config.shutdownDelayMs)
  let ticks = 0
  const timer = setInterval(() => {
    // A connection that becomes idle after close() would stay open until its client leaves.
    server.server.closeIdleConnections()
    if (++ticks > 10) server.closeUnused()
  }, 50)
  const end = setTimeout(() => server.server.closeAllConnections(), config.shutdownDrainMs)
  await server.close()
  clearInterval(timer)
  clearTimeout(end)
}

function readings (
  heap: Heap, pool: Pool, workshop: Workshop, sessions: Sessions
): Reading[] {
  const stat = (name: string, help: string, read: () => number): Reading => ({ name, help, read })
  return [
    stat('heap_used_bytes', 'Bytes of the shared heap that are lent now', () => heap.usedBytes),
    stat('heap_capacity_bytes', 'Bytes of the shared heap', () => heap.capacityBytes),
    stat('heap_leases', 'Requests and sessions that hold memory', () => heap.leases),
    stat('queue_depth', 'Jobs waiting for a worker', () => pool.stats().queued),
    stat('jobs_posted', 'Jobs that workers have', () => pool.stats().posted),
    stat('jobs_inline_total', 'Jobs run on the main thread', () => pool.stats().inline),
    stat('jobs_done_total', 'Jobs finished by workers', () => pool.stats().done),
    stat('jobs_failed_total', 'Jobs whose kernel trapped', () => pool.stats().failed),
    stat('jobs_cancelled_total', 'Jobs ended by deadline or client', () => pool.stats().cancelled),
    stat('jobs_lost_total', 'Jobs lost with their worker', () => pool.stats().lost),
    stat('jobs_refused_total', 'Jobs refused by a full queue', () => pool.stats().refused),
    stat('worker_threads', 'Worker threads alive', () => pool.stats().threads),
    stat('worker_restarts_total', 'Worker threads replaced', () => pool.stats().respawns),
    stat('programs', 'Compiled programs kept', () => pool.stats().programs),
    stat('compilations', 'Programs that are compiled now or wait for it', () =>
      workshop.outstanding),
    stat('session_count', 'Sessions that are active', () => sessions.count)
  ]
}
