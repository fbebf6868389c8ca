// Work done apart: what is made comes back, so do errors; the limit ends a piece and nothing else;
// what many ask for is made once; whoever has no patience left does not wait.

import t, { type Test } from 'tap'
import { whenFinished } from '../../src/compute/when-finished.ts'
import { Workshop, type WorkshopSettings } from '../../src/compute/workshop.ts'
import { LossdError } from '../../src/errors.ts'
import { doHere, Results, Unfinished } from '../../src/kernels/apart.ts'
import { closure, double, fail, hoard, leave, refuse, spin } from './works.ts'

function open (t: Test, settings: Partial<WorkshopSettings> = {}): Workshop {
  const workshop = new Workshop({ limitMs: 60_000, ...settings })
  t.teardown(() => workshop.close())
  return workshop
}

t.test('what is made comes back, and so does every error', async t => {
  const workshop = open(t)
  const pieces = Array.from({ length: 20 }, (_, index) => workshop.do(double, index))
  t.equal(workshop.outstanding, 20)
  t.same(await Promise.all(pieces), Array.from({ length: 20 }, (_, index) => 2 * index))
  await t.rejects(workshop.do(refuse, 'no'), {
    code: 'VALUE_REFUSED', message: 'no', errors: [{ pointer: '/options/p', detail: 'no' }]
  })
  await t.rejects(workshop.do(fail, 'a bug'), /TypeError: a bug/)
  await t.rejects(workshop.do(closure, null), /could not be cloned/)
  t.equal(await workshop.do(double, 21), 42)
  t.equal(workshop.outstanding, 0)
})

t.test('a piece that takes too long is ended; what waits behind it is not', async t => {
  const workshop = open(t, { limitMs: 8000 })
  const startMs = performance.now()
  const slow = workshop.do(spin, 1e9)
  const next = workshop.do(spin, 2500)
  const behind = workshop.do(double, 1).then(() => performance.now())
  await t.rejects(slow, { code: 'COMPILE_TIMEOUT', message: /8000 ms, the limit.*COMPILE_MS_MAX/ })
  const endMs = performance.now()
  t.ok(endMs - startMs >= 8000)
  t.ok(await behind < endMs, 'another thread has served it meanwhile')
  t.equal(await next, 2500, 'what is heavy waits for the thread')
  t.equal(await workshop.do(double, 2), 4)
})

t.test('a thread without memory and one that ends are replaced', async t => {
  const workshop = open(t)
  await t.rejects(workshop.do(hoard, null), { code: 'FORMULA_TOO_LARGE', message: /MiB/ })
  await t.rejects(workshop.do(leave, null), { code: 'WORKER_LOST' })
  t.equal(await workshop.do(double, 2), 4)
})

t.test('the queue is bounded, and closing ends all', async t => {
  const workshop = open(t, { queueMax: 2 })
  const waiting = [workshop.do(spin, 1e9), workshop.do(double, 1)].map(each =>
    t.rejects(each, { code: 'DRAINING' }))
  await t.rejects(workshop.do(double, 1), { code: 'QUEUE_FULL', message: /2 programs/ })
  await workshop.close()
  await Promise.all(waiting)
  await t.rejects(workshop.do(double, 1), { code: 'DRAINING' })
})

t.test('what many ask for is made once, and kept; a refusal too', async t => {
  const results = new Results<number>(2)
  let made = 0
  const make = (outcome: () => number) => () => {
    made++
    return new Promise<number>((resolve, reject) => setImmediate(() => {
      try {
        resolve(outcome())
      } catch (fault) {
        reject(fault)
      }
    }))
  }
  const ask = (key: string, outcome: () => number): number | Promise<number> =>
    whenFinished({}, () => results.get(key, make(outcome)))
  t.same(await Promise.all([ask('a', () => 1), ask('a', () => 2), ask('a', () => 3)]), [1, 1, 1])
  t.equal(ask('a', () => 4), 1, 'at once when it is there')
  t.equal(made, 1)
  const refusal = () => { throw new LossdError('VALUE_REFUSED') }
  await t.rejects(async () => ask('b', refusal), { code: 'VALUE_REFUSED' })
  t.throws(() => ask('b', refusal), { code: 'VALUE_REFUSED' })
  t.equal(made, 2)
  const lost = () => { throw new LossdError('WORKER_LOST') }
  for (const times of [3, 4]) {
    await t.rejects(async () => ask('c', lost), { code: 'WORKER_LOST' })
    t.equal(made, times, 'what may succeed later is tried again')
  }
  t.equal(results.get('d', () => 5), 5, 'made here')
  t.equal(results.size, 2)
  const again = await whenFinished({}, () => results.get('a', make(() => 6)))
  t.equal(again, 6, 'the oldest was forgotten')
  t.equal(doHere(double, 4), 8)
})

t.test('patience ends before the work does', async t => {
  const never = new Unfinished(new Promise(() => {}))
  const ask = (): never => { throw never }
  await t.rejects(async () => whenFinished({ deadlineMs: 20 }, ask),
    { code: 'DEADLINE_EXCEEDED', message: /20 ms/ })
  const client = new AbortController()
  setTimeout(() => client.abort(), 20)
  await t.rejects(async () => whenFinished({ signal: client.signal }, ask), { code: 'CANCELLED' })
  await t.rejects(async () => whenFinished({ signal: client.signal }, ask), { code: 'CANCELLED' })
  let left = Infinity
  const twice = ((times = 0) => ({ deadlineMs = 0 }) => {
    if (times++ === 0) throw new Unfinished(new Promise(resolve => setTimeout(resolve, 30)))
    left = deadlineMs
    return 7
  })()
  t.equal(await whenFinished({ deadlineMs: 60_000 }, twice), 7)
  t.ok(left < 59_980 && left > 1000)
})
