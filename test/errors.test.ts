// The table of errors: every row is raised by the sources, provoked by a test, and becomes a
// problem of RFC 9457; what is no row never shows its insides.

import { readdirSync, readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import type { Lifecycle } from '../src/api/admission.ts'
import { createServer } from '../src/api/server.ts'
import { Heap } from '../src/buffer/heap.ts'
import { Pool } from '../src/compute/pool.ts'
import { errorRows, type ErrorCode, LossdError, nearest } from '../src/errors.ts'
import { busy, record, trap } from './compute/programs.ts'

const codes = Object.keys(errorRows) as ErrorCode[]
const sources = textsOf('src').filter(([path]) => path !== 'src/errors.ts')
const tests = textsOf('test')

t.test('every row says what it means', async t => {
  for (const [code, { status, title, sentence, retryable }] of Object.entries(errorRows)) {
    t.match(code, /^[A-Z]+(_[A-Z]+)*$/)
    t.ok(status >= 400 && status < 600, code)
    t.ok(title.length > 5 && sentence.length > 10, code)
    t.equal(retryable && status === 422, false, `${code}: what is wrong stays wrong`)
  }
})

t.test('every row is raised by a source and provoked by a test', async t => {
  for (const code of codes) {
    const quoted = new RegExp(`['"]${code}['"]`)
    const names = (texts: [string, string][]) => texts.some(([, text]) => quoted.test(text))
    t.ok(names(sources), `${code} is raised`)
    t.ok(names(tests), `${code} is provoked`)
  }
})

t.test('an error has its places', async t => {
  t.same(new LossdError('STARTING').message, 'The service is starting')
  t.same(new LossdError('BAD_JSON', 'no').errors, [])
  t.same(new LossdError('BAD_JSON', 'no', { pointer: '/a' }).errors,
    [{ pointer: '/a', detail: 'no' }])
  t.same(new LossdError('BAD_JSON', 'no', { pointer: '', position: 3 }).errors,
    [{ pointer: '', detail: 'no', position: 3 }])
  const cause = new Error('why')
  t.equal(new LossdError('INTERNAL', 'no', { cause }).cause, cause)
})

t.test('every error becomes a problem, and a fault of ours shows nothing', async t => {
  const lines: string[] = []
  const stream = new Writable({
    write (line, _encoding, done) {
      lines.push(String(line))
      done()
    }
  })
  const lifecycle: Lifecycle = { state: 'ready' }
  const server = createServer({
    logger: pino({ level: 'debug' }, stream), lifecycle, lossNames: [],
    bodyBytesMax: 1024, binaryBytesMax: 1024, connectionsMax: 1,
    headersTimeoutMs: 100, requestTimeoutMs: 200, keepAliveTimeoutMs: 100
  })
  let thrown: unknown
  server.get('/', () => { throw thrown })
  for (const code of codes) {
    thrown = new LossdError(code, 'what and where', { pointer: '/x' })
    const { status, title, retryable } = errorRows[code]
    const reply = await server.inject('/')
    t.equal(reply.statusCode, status)
    t.match(reply.headers['content-type'], /^application\/problem\+json/)
    t.equal('retry-after' in reply.headers, [429, 503, 504].includes(status), code)
    t.match(JSON.parse(reply.payload), {
      type: `urn:lossd:error:${code}`, title, status, code, retryable,
      detail: 'what and where', error: 'what and where',
      errors: [{ pointer: '/x', detail: 'what and where' }], instance: /^urn:lossd:request:/
    })
  }
  for (thrown of [new Error('secret'), new TypeError('secret'), 'secret']) {
    lines.length = 0
    const reply = await server.inject('/')
    t.equal(reply.statusCode, 500)
    t.match(JSON.parse(reply.payload), { code: 'INTERNAL', retryable: false })
    t.notMatch(reply.payload, /secret|\.ts|\.js/)
    t.match(lines.join(''), /secret/, 'the log has it')
  }
  t.match(lines.map(line => JSON.parse(line)),
    [{ level: 50 }, { msg: 'request', method: 'GET', status: 500 }])
  await server.close()
})

t.test('a kernel that traps and a queue that is full', async t => {
  const heap = Heap.create({ bytes: 4 << 20 })
  const pool = new Pool({
    memory: heap.memory, threads: 1, queueJobsMax: 1, inlineAlwaysUs: 0, inlineBudgetUs: 0
  })
  await pool.ready
  const one = { chunks: 1, nanoseconds: 1_000_000 }
  const allocate = (bytes: number): number => heap.allocate(bytes)
  const trapping = record(heap, allocate, [one], [])
  await t.rejects(async () => pool.run(trap(), trapping), { code: 'KERNEL_TRAPPED' })
  const slow = busy(1)
  const jobs: unknown[] = []
  const full = (): void => {
    for (let index = 0; index < 300; index++) {
      jobs.push(pool.run(slow, record(heap, allocate, [one], [2_000_000]))?.catch(() => {}))
    }
  }
  t.throws(full, { code: 'QUEUE_FULL' })
  await pool.close()
  await Promise.all(jobs)
  t.throws(() => pool.run(slow, trapping), { code: 'DRAINING' })
})

t.test('the nearest names', async t => {
  const names = ['mse', 'l1', 'cross-entropy', 'bce', 'bce-with-logits', 'huber']
  t.same(nearest('hubr', names), ['huber'])
  t.same(nearest('crossentropy', names), ['cross-entropy'])
  t.same(nearest('BCE', names)[0], 'bce')
  t.same(nearest('x'.repeat(10_000), names), [])
  t.same(nearest('', ['abcdef']), [])
})

function textsOf (folder: string): [path: string, text: string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `${folder}/${name}`)
    .map(path => [path, readFileSync(path, 'utf8')])
}
