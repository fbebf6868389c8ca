// The service over HTTP against two floors in the same run: servers that read the same body, do no
// work and answer the same number of bytes. They take turns under the same load; medians of rounds.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { digits, median, table } from './measure.ts'
import { requestWorkloads, type Values, type Workload } from './workloads.ts'

const rounds = 3
const seconds = 2
const connections = 10

interface Server {
  readonly name: string
  readonly process: ChildProcess
  readonly origin: string
}

const servers = await Promise.all([
  start('lossd', '../src/main.js', []),
  start('Fastify floor', './floors.js', ['fastify']),
  start('node:http floor', './floors.js', ['node-http'])
])
try {
  console.log(await compare(servers))
} finally {
  for (const server of servers) server.process.kill('SIGTERM')
}

/** A table of requests a second, and lossd's share of each floor. */
async function compare (servers: readonly Server[]): Promise<string> {
  const [service] = servers
  if (service === undefined) throw new Error('no service')
  const rows: string[][] = []
  await warmUp(servers)
  for (const workload of requestWorkloads()) {
    const body = requestOf(workload)
    const path = `/v1/losses/${workload.loss}`
    const { bytes, elapsed } = await check(service.origin + path, body, workload)
    const rates = new Map(servers.map(({ name }) => [name, [] as number[]]))
    const tails = new Map(servers.map(({ name }) => [name, [] as number[]]))
    for (let round = 0; round < rounds; round++) {
      for (const { name, origin } of servers) {
        const url = `${origin}${path}${name === service.name ? '' : `?reply=${bytes}`}`
        const result = await load(url, body)
        rates.get(name)?.push(result['2xx'] / result.duration)
        tails.get(name)?.push(result.latency.p99)
      }
    }
    const [rate = 0, ...floors] = servers.map(({ name }) => median(rates.get(name) ?? []))
    const p99 = median(tails.get(service.name) ?? [])
    rows.push([`${workload.loss} (${workload.title})`, String(body.length), String(bytes),
      digits(rate), ...floors.map(digits), ...floors.map(floor => (rate / floor).toFixed(2)),
      String(p99), digits(elapsed)])
  }
  return table(['request', 'bytes in', 'bytes out', ...servers.map(({ name }) => `${name} /s`),
    ...servers.slice(1).map(({ name }) => `of ${name}`), 'p99 ms', 'alone ms'], rows)
}

/** Long enough for the compilers to be done, and the service with touching its memory's pages. */
async function warmUp (servers: readonly Server[]): Promise<void> {
  const [workload] = requestWorkloads()
  if (workload === undefined) throw new Error('no workload')
  for (const { origin } of servers) {
    await load(`${origin}/v1/losses/${workload.loss}`, requestOf(workload))
  }
}

/** One load: the same request over and over on some connections. */
function load (url: string, body: string): Promise<autocannon.Result> {
  return autocannon({
    url, method: 'POST', headers: { 'content-type': 'application/json' }, body, connections,
    duration: seconds
  })
}

/** Asks once and makes sure that the answer is one; its size and the time it took alone. */
async function check (
  url: string, body: string, workload: Workload
): Promise<{ bytes: number, elapsed: number }> {
  const ask = () => fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body
  })
  const reply = await ask()
  const text = await reply.text()
  const answer = JSON.parse(text) as { loss: number, gradients: { input: unknown[] } }
  if (reply.status !== 200 || !Number.isFinite(answer.loss) ||
    answer.gradients.input.length !== workload.input.shape[0]) throw new Error(`${url}: ${text}`)
  const times: number[] = []
  for (let call = 0; call < 30; call++) {
    const from = performance.now()
    await (await ask()).arrayBuffer()
    times.push(performance.now() - from)
  }
  return { bytes: Buffer.byteLength(text), elapsed: median(times) }
}

/** Starts a server in a process of its own; resolves when it answers. */
async function start (name: string, file: string, words: readonly string[]): Promise<Server> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [path, ...words], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with code ${code}`)
  })
  const port = await Promise.race([portOf(child), failed])
  failed.catch(() => undefined)
  const origin = `http://127.0.0.1:${port}`
  if (name === 'lossd') await ready(origin)
  return { name, process: child, origin }
}

async function ready (origin: string): Promise<void> {
  let reply = await fetch(`${origin}/health/ready`)
  while (reply.status !== 200) reply = await fetch(`${origin}/health/ready`)
}

/** The port in the first line that names one. */
async function portOf (child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(line)
    if (found !== null) {
      child.stdout.resume()
      return Number(found[1] ?? found[2])
    }
  }
  throw new Error('the output named no port')
}

function requestOf ({ input, target }: Workload): string {
  return JSON.stringify({ input: nested(input), target: nested(target) })
}

/** Plain JSON: arrays in arrays, as the shape says. */
function nested ({ shape, data }: Values): unknown {
  const flat: unknown[] = Array.from(data, Number)
  return shape.slice(1).reduceRight((values, length) =>
    Array.from({ length: values.length / length }, (_, index) =>
      values.slice(index * length, (index + 1) * length)), flat)
}
