// The pool as its callers see it: what it computes, what runs where, what threads know.

import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import t from 'tap'
import { busy, programOf, record, relay, relayRun, step } from './programs.ts'
import { run, second, withPool } from './with-pool.ts'

t.test('jobs of many phases give the right result on any number of threads', async t => {
  const program = relay(4)
  for (const threads of [1, 2, 5]) {
    await withPool({ threads }, async ({ heap, pool }) => {
      const lease = heap.lease()
      const runs = [[1, 1, 1, 1], [7, 0, 1, 100], [0, 0, 0, 3], [100, 3, 900, 1000]].map(chunks =>
        relayRun(heap, bytes => lease.allocate(bytes), { chunks, turns: 50, nanoseconds: 1000 }))
      let wrong = 0
      for (let repeat = 0; repeat < 50; repeat++) {
        await Promise.all(runs.map(run => {
          run.reset()
          return pool.run(program, run.args)
        }))
        for (const run of runs) wrong += run.wrong()
      }
      t.equal(wrong, 0)
      t.match(pool.stats(), { done: 200, inline: 0, failed: 0, lost: 0, threads, posted: 0 })
      lease.end()
    })
  }
})

const ofThreads = process.platform === 'linux' ? false : 'a thread has no priority of its own here'

t.test('workers let the main thread go first', { skip: ofThreads }, async t => {
  const behind = (): number => readdirSync('/proc/self/task').filter(task => {
    // The 19th field: those before are a number and a name in parentheses.
    const fields = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ').at(-1) ?? ''
    return Number(fields.split(' ')[16]) > getPriority()
  }).length
  t.equal(behind(), 0)
  await withPool({ threads: 2 }, async () => { t.equal(behind(), 2) })
})

t.test('short jobs run at once on the calling thread, with the same result', async t => {
  await withPool({ inlineAlwaysUs: 20, inlineBudgetUs: 200 }, async ({ heap, pool }) => {
    const lease = heap.lease()
    const program = relay(3)
    const short = relayRun(heap, bytes => lease.allocate(bytes),
      { chunks: [3, 0, 5], turns: 1, nanoseconds: 100 })
    t.equal(pool.run(program, short.args), undefined)
    t.equal(short.wrong(), 0)
    const long = relayRun(heap, bytes => lease.allocate(bytes),
      { chunks: [3, 0, 5], turns: 1, nanoseconds: 1e6 })
    const promise = pool.run(program, long.args)
    t.type(promise, Promise)
    await promise
    t.equal(long.wrong(), 0)
    t.match(pool.stats(), { inline: 1, done: 1 })
    lease.end()
  })
})

t.test('what is not short runs inline only while the main thread has time', async t => {
  await withPool({ inlineAlwaysUs: 20, inlineBudgetUs: 200 }, async ({ heap, pool }) => {
    const lease = heap.lease()
    const entry = { chunks: 1, nanoseconds: 150_000 }
    const args = record(heap, bytes => lease.allocate(bytes), [entry], [1])
    const program = busy(1)
    const promises = Array.from({ length: 100 }, () => pool.run(program, args))
    await Promise.all(promises)
    const { inline, done } = pool.stats()
    t.ok(inline >= 10 && inline < 100, `${inline} inline`)
    t.equal(inline + done, 100)
    lease.end()
  })
})

t.test('waiting jobs are run in their turn', async t => {
  await withPool({}, async world => {
    const program = busy(1)
    await Promise.all(Array.from({ length: 1000 }, () => run(world, program, second)))
    t.match(world.pool.stats(), { done: 1000, posted: 0, queued: 0 })
  })
})

t.test('threads keep a bounded number of programs, and forget when told to', async t => {
  await withPool({ programsMax: 16, threads: 1 }, async world => {
    const first = busy(1)
    await run(world, first, second)
    for (let count = 0; count < 200; count++) await run(world, busy(1), second)
    t.equal(world.pool.stats().programs, 16)
    await run(world, first, second)
    world.pool.forget(first.id)
    t.equal(world.pool.stats().programs, 15)
    const under = run(world, first, second, 1e5)
    world.pool.forget(first.id)
    t.equal(world.pool.stats().programs, 16, 'not while a job needs it')
    await under
    t.equal(world.pool.stats().programs, 15)
    world.pool.forget(first.id)
    await run(world, first, second)
  })
})

t.test('each thread knows its index', async t => {
  // Counts itself in the cell of its thread.
  const program = programOf(step(0, `
    (drop (call $burn (i32.const 20000)))
    (drop (i32.atomic.rmw.add
      (i32.add (i32.load offset=32 (local.get $args)) (i32.shl (global.get $thread) (i32.const 2)))
      (i32.const 1)))`), 1)
  await withPool({ threads: 3 }, async ({ heap, pool }) => {
    const lease = heap.lease()
    const cells = lease.allocate(4 * pool.threadIndices)
    heap.i32.fill(0, cells / 4, cells / 4 + 4)
    const entry = { chunks: 1000, nanoseconds: 20_000 }
    const args = record(heap, bytes => lease.allocate(bytes), [entry], [cells])
    await pool.run(program, args)
    const counts = [...heap.i32.subarray(cells / 4, cells / 4 + 4)]
    t.equal(counts[0], 0, 'the main thread runs nothing that was offloaded')
    t.equal(counts.reduce((sum, count) => sum + count, 0), 1000)
    lease.end()
  })
})
