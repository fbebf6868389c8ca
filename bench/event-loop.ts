// How long anybody waits for the main thread while large JSON bodies arrive on ten connections,
// well-meant and hostile ones. The service runs in this process, its clients in another. Beside the
// delay stands what of it the main thread computed: the rest is a machine that has other work.
// Arguments choose bodies by words of their names.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { digits, table } from './measure.ts'

const connections = 10
const memoryMb = 2048
const seconds = Number(process.env['SECONDS_EACH'] ?? 3)
const megabytes = Number(process.env['MEGABYTES'] ?? 8)

/** A body of about so many bytes: two arrays of the same elements, each written by its index. */
function twoArrays (element: (index: number) => string, open = '[', close = ']'): string {
  const parts: string[] = []
  for (let bytes = 0; bytes < megabytes * (1 << 19);) {
    const text = element(parts.length)
    parts.push(text)
    bytes += text.length + 1
  }
  const array = `${open}${parts.join()}${close}`
  return `{"input":${array},"target":${array}}`
}

/** A decimal of many digits that lies on the middle between two float64. */
function middle (index: number): string {
  const whole = (1n << 53n) + 2n * BigInt(index) + 1n
  return `${whole * 5n ** 20n}e-20`
}

const bodies: Readonly<Record<string, () => string>> = {
  'numbers of 17 digits': () => twoArrays(index => String(Math.fround(Math.sin(index)))),
  'rows of one': () => twoArrays(index => `[${Math.fround(Math.sin(index))}]`),
  'single digits': () => twoArrays(index => String(index % 10)),
  'middles between float64': () => twoArrays(middle),
  'numbers of 900 digits': () => twoArrays(index => `0.${String(index % 9 + 1).repeat(900)}`),
  'empty rows': () => twoArrays(() => '[]'),
  'deep rows': () => twoArrays(() => '[[[[[[[1]]]]]]]'),
  'mostly spaces': () => twoArrays(() => `1${' '.repeat(4000)}`),
  'whole numbers as real ones': () => {
    const count = megabytes << 19
    const data = Array.from({ length: count }, (_, index) => index % 10).join()
    return `{"input":{"datatype":"INT32","shape":[${count}],"data":[${data}]},"target":0}`
  },
  'a long shape': () => {
    const shape = '1,'.repeat(megabytes << 19)
    return `{"input":{"datatype":"FP32","shape":[${shape}1],"data":[1]},"target":0}`
  },
  'many keys': () => `{${Array.from({ length: 3000 }, (_, index) => `"key ${index}":1`).join()}}`,
  'escapes in a string': () => `{"input":"${'\\n'.repeat(30_000)}"}`,
  'one element wrong at the end': () => twoArrays(index => `${index}.5`, '[', ',null]'),
  'not closed': () => `{"input":[${'1.25,'.repeat(megabytes * 200_000)}`,
  'one long string': () => `{"input":"${'x'.repeat(megabytes << 20)}"}`,
  'strings among numbers': () => `{"input":[1,${'"a",'.repeat(megabytes * 200_000)}1]}`,
  'small arrays': () => `{"input":["x"${',[1]'.repeat(megabytes * 200_000)}]}`
}

if (process.argv[2] === 'client') await attack(String(process.argv[3]), Number(process.argv[4]))
else await measure()

async function measure (): Promise<void> {
  const config = readConfig({ MEMORY_MB: String(memoryMb), LOG_LEVEL: 'silent' })
  const service = await buildApp(config, { logger: pino({ level: 'silent' }), relaxed: false })
  await service.start()
  const address = await service.listen('127.0.0.1', 0)
  const rows: string[][] = []
  // The service touches its memory in the meantime, half a megabyte a millisecond.
  await wait(memoryMb * 6)
  try {
    const wanted = process.argv.slice(2)
    for (const name of [...Object.keys(bodies), 'nothing']) {
      if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue
      rows.push([name, ...await attacked(name, new URL(address).port)])
    }
  } finally {
    await service.close()
  }
  console.log(table(
    ['bodies', 'answered', 'delay ms, median', 'p99', 'max', 'computed, p99', 'max'], rows))
}

async function attacked (name: string, port: string): Promise<string[]> {
  const script = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [...process.execArgv, script, 'client', name, port],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', data => { output += data })
  const ended = once(child, 'exit')
  // Until the client has made its body.
  while (output === '' && child.exitCode === null) await wait(20)
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const stop = watch()
  await ended
  histogram.disable()
  const computed = stop()
  const ms = (nanoseconds: number): string => digits(nanoseconds / 1e6)
  return [output.trim().split('\n').at(-1) ?? '', ms(histogram.percentile(50)),
    ms(histogram.percentile(99)), ms(histogram.max),
    ms(computed[Math.floor(computed.length * 0.99)] ?? 0), ms(computed.at(-1) ?? 0)]
}

/** Looks every millisecond how long this thread has run: the times between looks, sorted. */
function watch (): () => number[] {
  const times: number[] = []
  let before = runtime()
  const timer = setInterval(() => {
    const now = runtime()
    times.push(now - before)
    before = now
  }, 1)
  return () => {
    clearInterval(timer)
    return times.sort((a, b) => a - b)
  }
}

/** Nanoseconds that the main thread has run, where the system tells. */
function runtime (): number {
  // The system counts at its own ticks, 4 ms apart, unless it is asked for the sum of all threads.
  process.cpuUsage()
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0])
}

/** Sends a body on all connections, over and over; prints what came of it. */
async function attack (name: string, port: number): Promise<void> {
  const text = Buffer.from(bodies[name]?.() ?? '')
  console.log('begin')
  const end = performance.now() + seconds * 1000
  const statuses = new Map<number, number>()
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      if (text.length === 0) {
        await wait(50)
        continue
      }
      const status = await send(port, text).catch(() => 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  console.log([...statuses].map(([status, count]) => `${count} × ${status}`).join(', ') || '-')
}

function send (port: number, text: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({
      port, method: 'POST', path: '/v1/losses/mse',
      headers: { 'content-type': 'application/json', 'content-length': text.length }
    }, reply => {
      reply.resume()
      reply.on('end', () => { resolve(reply.statusCode ?? 0) })
      reply.on('error', reject)
    })
    call.on('error', reject)
    call.end(text)
  })
}
