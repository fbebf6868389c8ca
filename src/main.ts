// The process: environment to config, config to service, listen, and close on a signal. The only
// file that sees the process: its environment, its terminal, its signals.

import closeWithGrace from 'close-with-grace'
import { setTimeout as wait } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { buildApp, relaxedSimd, type Service } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'

async function main (): Promise<void> {
  const { config, relaxed } = settingsOrExit()
  const logger = createLogger(config)
  const service = await buildApp(config, { logger, relaxed })
  const grace = closeWithGrace(
    { delay: config.shutdownDelayMs + config.shutdownDrainMs + 2000, logger: false },
    async ({ signal, err }) => {
      if (err === undefined) logger.info(`${signal ?? 'close'}: draining`)
      else logger.fatal({ err }, 'uncaught: draining, then exit 1')
      await service.close()
      logger.info('closed')
    })
  try {
    logger.info(`listening on ${await listen(service, config)}`)
    await service.start()
    logger.info({ ...service.facts, state: service.lifecycle.state }, 'started')
  } catch (fault) {
    logger.fatal(fault instanceof StartFault ? fault.message : { err: fault }, 'not started')
    grace.uninstall()
    process.exitCode = 1
    await service.close()
  }
}

/** A reason for which the service cannot start, told in one sentence. */
class StartFault extends Error {}

function settingsOrExit (): { config: Config, relaxed: boolean } {
  try {
    const config = readConfig(process.env)
    // Before the first module is compiled.
    return { config, relaxed: relaxedSimd(config) }
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
    console.error(fault.message)
    process.exit(1)
  }
}

/** Pretty lines on a terminal, JSON everywhere else. */
function createLogger ({ logLevel }: Config): Logger {
  const settings = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return process.stdout.isTTY
    ? pino(settings, pretty({ translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname', sync: true }))
    : pino(settings)
}

/** Listens; waits a little for a port that a dying process still holds. */
async function listen (service: Service, { host, port, startWaitMs }: Config): Promise<string> {
  const endMs = performance.now() + startWaitMs
  for (;;) {
    try {
      return await service.listen(host, port)
    } catch (fault) {
      const { code } = fault as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' && performance.now() < endMs) {
        await wait(100)
        continue
      }
      const reason = code === 'EADDRINUSE' ? 'another process listens there' : String(fault)
      throw new StartFault(`Cannot listen on HOST ${host}, PORT ${port}: ${reason}`)
    }
  }
}

await main()
