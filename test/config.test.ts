// The environment as settings: defaults, bounds, and one clear line for each variable at fault.

import t from 'tap'
import { ConfigError, configRows, readConfig } from '../src/config.ts'

t.test('an empty environment gives the defaults, frozen', async t => {
  const config = readConfig({ PORT: '', UNKNOWN: 'x' })
  t.match(config, { host: '127.0.0.1', port: 8080, memoryMb: 512, deadlineMs: 30_000 })
  t.equal(Object.isFrozen(config), true)
  for (const [name, row] of Object.entries(configRows)) {
    t.equal(config[name as keyof typeof config], row.default, name)
    t.match(row.variable, /^[A-Z][A-Z_]*$/)
    t.ok(row.sentence.length > 10, `${row.variable} has its sentence`)
  }
})

t.test('every default is within its own bounds', async t => {
  const environment = Object.fromEntries(
    Object.values(configRows).map(row => [row.variable, String(row.default)]))
  t.same(readConfig(environment), readConfig({}))
})

t.test('settings are read from their variables', async t => {
  const config = readConfig({ HOST: '0.0.0.0', PORT: '0', RELAXED_SIMD: 'ON', THREADS: '3' })
  t.match(config, { host: '0.0.0.0', port: 0, relaxedSimd: 'on', threads: 3 })
})

t.test('all variables at fault are named, each in a line', async t => {
  const wrong = {
    PORT: '70000', THREADS: '0', MEMORY_MB: 'many', RELAXED_SIMD: 'maybe', DEADLINE_MS: '1.5',
    LOG_LEVEL: 'loud', QUEUE_JOBS_MAX: '-1', BODY_BYTES_MAX: '1e6'
  }
  try {
    readConfig(wrong)
    t.fail('accepted')
  } catch (error) {
    t.type(error, ConfigError)
    const lines = (error as ConfigError).message.split('\n')
    t.same(lines.map(line => line.split(' ')[0]).sort(), Object.keys(wrong).sort())
    t.ok(lines.includes('PORT must be a whole number from 0 to 65535; got "70000"'))
    t.ok(lines.includes('RELAXED_SIMD must be one of auto, on, off; got "maybe"'))
  }
  t.throws(() => readConfig({ REQUEST_TIMEOUT_MS: '5000' }),
    /REQUEST_TIMEOUT_MS \(5000\) must be above HEADERS_TIMEOUT_MS \(10000\)/)
})
