// The real process: it starts, answers, drains on SIGTERM with requests in flight, exits at once on
// a second signal, and says in one line why it cannot start.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
const quick = {
  HOST: '127.0.0.1', PORT: '0', MEMORY_MB: '64', THREADS: '1', SHUTDOWN_DELAY_MS: '100'
}
const json = { 'content-type': 'application/json' }
const small = JSON.stringify({ input: [[1], [2.5], [0]], target: [[1.2], [2.2], [0.5]] })

t.setTimeout(120_000)

interface Running {
  readonly child: ChildProcess
  readonly origin: string
  readonly log: () => string
  readonly ended: Promise<number | null>
}

function run (t: Test, settings: Readonly<Record<string, string>>) {
  const env = { PATH: process.env['PATH'] ?? '', ...quick, ...settings }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => { log += text })
  }
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  t.teardown(() => { child.kill('SIGKILL') })
  return { child, ended, log: () => log }
}

/** Starts the service and waits until it is ready. */
async function start (t: Test, settings: Readonly<Record<string, string>> = {}): Promise<Running> {
  const { child, ended, log } = run(t, settings)
  for (;;) {
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(log()) ?? []
    if (origin !== undefined && (await fetch(`${origin}/health/ready`)).ok) {
      return { child, origin, ended, log }
    }
    if (child.exitCode !== null) throw new Error(log())
    await pause(10)
  }
}

/** Whether a page answers with the status within a second: a signal waits for its turn. */
async function becomes (status: number, url: string): Promise<boolean> {
  const end = performance.now() + 1000
  do {
    if ((await fetch(url)).status === status) return true
    await pause(10)
  } while (performance.now() < end)
  return false
}

t.test('it starts, answers, and ends with 0 on SIGTERM', async t => {
  const begin = performance.now()
  const { child, origin, ended, log } = await start(t)
  t.comment(`ready after ${Math.round(performance.now() - begin)} ms`)
  const reply = await post(origin, small)
  t.match(await reply.json(), { loss: 0.12666667 })
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  for (const line of log().trim().split('\n')) t.doesNotThrow(() => JSON.parse(line), line)
})

t.test('SIGTERM lets requests in flight finish and loses none', async t => {
  const { child, origin, ended } = await start(t, { SHUTDOWN_DELAY_MS: '2500' })
  const status = async (body: string) => {
    const reply = await post(origin, body)
    await reply.arrayBuffer()
    return reply.status
  }
  const input = Array.from({ length: 200_000 }, (_, index) => index / 7)
  const long = status(JSON.stringify({ input, target: input, options: { reduction: 'none' } }))
  await pause(20)
  child.kill('SIGTERM')
  t.ok(await becomes(503, `${origin}/health/ready`), 'not ready while draining')
  const during = []
  for (let index = 0; index < 20; index++) during.push(await status(small))
  t.same(new Set(during), new Set([200]), 'requests are still served in the first moments')
  t.equal(await long, 200)
  t.equal(await ended, 0)
})

t.test('an idle connection does not keep it alive', async t => {
  const { child, origin, ended } = await start(t)
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  await once(socket, 'connect')
  const begin = performance.now()
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.ok(performance.now() - begin < 3000)
  socket.destroy()
})

t.test('a second signal exits at once', async t => {
  const { child, ended } = await start(t, { SHUTDOWN_DELAY_MS: '20000' })
  child.kill('SIGTERM')
  await pause(100)
  const begin = performance.now()
  child.kill('SIGTERM')
  t.equal(await ended, 1)
  t.ok(performance.now() - begin < 10_000, 'long before its delay')
})

t.test('a port that is taken is told in one line', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const { ended, log } = run(t, { PORT: String(port), START_WAIT_MS: '300' })
  t.equal(await ended, 1)
  t.match(log(), `Cannot listen on HOST 127.0.0.1, PORT ${port}: another process listens there`)
  other.close()
})

t.test('a port that is set free in time is taken', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  setTimeout(() => other.close(), 500)
  const { origin } = await start(t, { PORT: String(port), START_WAIT_MS: '5000' })
  t.equal(new URL(origin).port, String(port))
})

t.test('bad settings are told by their variables, and nothing starts', async t => {
  const { ended, log } = run(t, { THREADS: 'many', MEMORY_MB: '1' })
  t.equal(await ended, 1)
  t.same(log().trim().split('\n'), [
    'THREADS must be a whole number from 1 to 32; got "many"',
    'MEMORY_MB must be a whole number from 16 to 4095; got "1"'
  ])
})

t.test('relaxed SIMD is a setting', async t => {
  const { origin } = await start(t, { RELAXED_SIMD: 'on' })
  t.match(await (await fetch(`${origin}/health/ready`)).json(), { relaxed_simd: 'on' })
  t.equal((await post(origin, small)).status, 200)
})

function post (origin: string, body: string): Promise<Response> {
  return fetch(`${origin}/v1/losses/MSELoss`, { method: 'POST', headers: json, body })
}

function pause (milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
