// The environment as one frozen object. Every setting and every limit is a row: its variable (the
// unit last), default, bounds and a sentence. Only app.ts and main.ts read it; rooms get arguments.

import { availableParallelism } from 'node:os'

interface Row<T> {
  readonly variable: string
  readonly default: T
  /** What a value must be, for the message when it is not. */
  readonly expected: string
  readonly sentence: string
  /** The value of a text, or undefined when the text is none. */
  readonly read: (text: string) => T | undefined
}

/** All settings, in the order in which the documentation shows them. */
export const configRows = {
  host: text('HOST', '127.0.0.1', 'Address to listen on; 0.0.0.0 for every interface'),
  port: whole('PORT', 8080, 0, 65_535, 'Port to listen on; 0 for any free one'),
  logLevel: choice('LOG_LEVEL', 'info',
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'Least serious log line that is written; debug has one line a request'),

  threads: whole('THREADS', Math.min(availableParallelism(), 32), 1, 32,
    'Worker threads that compute'),
  memoryMb: whole('MEMORY_MB', 512, 16, 4095, 'Shared heap in MiB, reserved at start'),
  inlineBudgetUs: whole('INLINE_BUDGET_US', 200, 0, 1_000_000,
    'Longest job in µs that the main thread runs itself while it has time'),
  pinThreads: choice('PIN_THREADS', 'off', ['on', 'off'],
    'Pin each worker to a CPU (Linux); only where the CPUs are this service’s own'),
  relaxedSimd: choice('RELAXED_SIMD', 'auto', ['auto', 'on', 'off'],
    'Fused multiply-add in kernels: faster, bits depend on the CPU; auto: where Node has it'),

  bodyBytesMax: whole('BODY_BYTES_MAX', 16 << 20, 1024, 1 << 30, 'Largest JSON body in bytes'),
  binaryBytesMax: whole('BINARY_BYTES_MAX', 64 << 20, 1024, 1 << 30,
    'Largest binary body in bytes'),
  tensorsMax: whole('TENSORS_MAX', 64, 1, 1024, 'Most tensors in a request'),
  resultElementsMax: whole('RESULT_ELEMENTS_MAX', 1 << 21, 1, 1 << 28,
    'Most elements in one reply tensor'),
  deadlineMs: whole('DEADLINE_MS', 30_000, 1, 3_600_000,
    'Time a request may take; the header Request-Timeout-Ms lowers it'),
  queueJobsMax: whole('QUEUE_JOBS_MAX', 1024, 1, 65_536,
    'Most jobs waiting for a worker, beside the 256 that workers may hold'),
  programsMax: whole('PROGRAMS_MAX', 512, 8, 65_536, 'Most compiled programs kept'),
  compileMsMax: whole('COMPILE_MS_MAX', 5000, 1, 600_000,
    'Longest time in ms that compiling one program may take'),
  formulasMax: whole('FORMULAS_MAX', 1000, 0, 100_000, 'Most formulas kept under a name'),

  sessionsMax: whole('SESSIONS_MAX', 1000, 0, 1_000_000, 'Most sessions at a time'),
  sessionBytesMax: whole('SESSION_BYTES_MAX', 1 << 28, 1024, 2 ** 32,
    'Most bytes of one session’s parameters and optimizer states'),
  sessionQueueMax: whole('SESSION_QUEUE_MAX', 64, 1, 10_000,
    'Most operations waiting in one session'),
  sessionTtlSecondsMax: whole('SESSION_TTL_SECONDS_MAX', 30 * 86_400, 1, 365 * 86_400,
    'Longest time in seconds a session may rest'),

  corsOrigins: text('CORS_ORIGINS', 'off',
    'Origins whose pages may call this service, between commas; * for all'),
  connectionsMax: whole('CONNECTIONS_MAX', 4096, 1, 1_000_000, 'Most open connections'),
  headersTimeoutMs: whole('HEADERS_TIMEOUT_MS', 10_000, 100, 600_000,
    'Time for the headers to arrive'),
  requestTimeoutMs: whole('REQUEST_TIMEOUT_MS', 30_000, 200, 3_600_000,
    'Time for headers and body to arrive; above HEADERS_TIMEOUT_MS'),
  keepAliveTimeoutMs: whole('KEEP_ALIVE_TIMEOUT_MS', 75_000, 100, 3_600_000,
    'Time an idle connection is kept; above the load balancer’s own'),
  shutdownDelayMs: whole('SHUTDOWN_DELAY_MS', 500, 0, 600_000,
    'Time between "not ready" and closing, so that load balancers look away'),
  shutdownDrainMs: whole('SHUTDOWN_DRAIN_MS', 25_000, 100, 600_000,
    'Time for requests in flight to finish at shutdown'),
  startWaitMs: whole('START_WAIT_MS', 3000, 0, 600_000,
    'Time to wait for a port another process holds')
}

type Rows = typeof configRows

export type Config = { readonly [Name in keyof Rows]: Rows[Name]['default'] }

/** A start that cannot be: one line for each variable at fault. */
export class ConfigError extends Error {
  constructor (lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigError'
  }
}

/** The environment's settings, frozen; an empty variable counts as missing. Throws ConfigError. */
export function readConfig (environment: Readonly<Record<string, string | undefined>>): Config {
  const lines: string[] = []
  const entries = Object.entries<Row<string | number>>(configRows).map(([name, row]) => {
    const given = environment[row.variable]?.trim() ?? ''
    const value = given === '' ? row.default : row.read(given)
    if (value === undefined) {
      lines.push(`${row.variable} must be ${row.expected}; got ${JSON.stringify(given)}`)
    }
    return [name, value]
  })
  // The table's rows and its type have the same names and kinds; fromEntries cannot know it.
  const config = Object.fromEntries(entries) as Config
  if (lines.length === 0 && config.requestTimeoutMs <= config.headersTimeoutMs) {
    lines.push(`REQUEST_TIMEOUT_MS (${config.requestTimeoutMs}) must be above ` +
      `HEADERS_TIMEOUT_MS (${config.headersTimeoutMs})`)
  }
  if (lines.length > 0) throw new ConfigError(lines)
  return Object.freeze(config)
}

function text (variable: string, value: string, sentence: string): Row<string> {
  return { variable, default: value, expected: 'a text', sentence, read: given => given }
}

function whole (
  variable: string, value: number, min: number, max: number, sentence: string
): Row<number> {
  const read = (given: string): number | undefined => {
    const number = Number(given)
    return /^\d+$/.test(given) && number >= min && number <= max ? number : undefined
  }
  const expected = `a whole number from ${min} to ${max}`
  return { variable, default: value, expected, sentence, read }
}

function choice<T extends string> (
  variable: string, value: NoInfer<T>, choices: readonly T[], sentence: string
): Row<T> {
  const read = (given: string): T | undefined => choices.find(each => each === given.toLowerCase())
  return { variable, default: value, expected: `one of ${choices.join(', ')}`, sentence, read }
}
