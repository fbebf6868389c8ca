// The pool as its callers see it: what it computes, what runs where, and how a job can end. Bounds
// on time are generous: the machine may be busy.

import { setMaxListeners } from 'node:events'
import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { Pool, type PoolSettings } from '../../src/compute/pool.ts'
import type { Program } from '../../src/kernels/program.ts'
import { busy, hang, programOf, record, relay, relayRun, step, trap, trapAfter } from './programs.ts'
import { comaWord, RoughWords } from './rough-words.ts'

const heapBytes = 32 << 20
const offload = { inlineAlwaysUs: 0, inlineBudgetUs: 0 }
const second = { chunks: 1, nanoseconds: 1e9 }

interface World {
  readonly heap: Heap
  readonly pool: Pool
  readonly faults: string[]
}

async function withPool (
  settings: Partial<PoolSettings>, body: (world: World) => Promise<void>
): Promise<void> {
  const heap = Heap.create({ bytes: heapBytes })
  await withHeap(heap, settings, body)
}

async function withHeap (
  heap: Heap, settings: Partial<PoolSettings>, body: (world: World) => Promise<void>
): Promise<void> {
  const faults: string[] = []
  const onFault = ({ kind }: { kind: string }): void => { faults.push(kind) }
  const pool = new Pool({ memory: heap.memory, threads: 2, onFault, ...offload, ...settings })
  await pool.ready
  try {
    await body({ heap, pool, faults })
  } finally {
    await pool.close()
  }
  t.equal(pool.stats().threads, 0)
  t.equal(heap.usedBytes, 0)
  t.equal(heap.leases, 0)
}

// Runs a program of one step with a lease of its own, that ends when the promise has settled.
async function run (
  { heap, pool }: World, program: Program,
  entry: { chunks: number, nanoseconds: number }, turns = 1, options = {}
): Promise<void> {
  const lease = heap.lease()
  try {
    const args = record(heap, bytes => lease.allocate(bytes), [entry], [turns])
    await pool.run(program, args, { ...options, lease })
  } finally {
    lease.end()
  }
}

async function until (isTrue: () => boolean, timeMs = 5000): Promise<number> {
  const start = performance.now()
  while (!isTrue() && performance.now() - start < timeMs) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return performance.now() - start
}

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
      t.match(pool.stats(), { done: 200, inline: 0, failed: 0, lost: 0, threads, queued: 0, posted: 0 })
      lease.end()
    })
  }
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
    const args = record(heap, bytes => lease.allocate(bytes), [{ chunks: 1, nanoseconds: 150_000 }], [1])
    const program = busy(1)
    const promises = Array.from({ length: 100 }, () => pool.run(program, args))
    await Promise.all(promises)
    const { inline, done } = pool.stats()
    t.ok(inline >= 10 && inline < 100, `${inline} inline`)
    t.equal(inline + done, 100)
    lease.end()
  })
})

t.test('a kernel that traps fails its job only, and the worker lives', async t => {
  await withPool({}, async world => {
    for (const program of [trap(), trapAfter()]) {
      await t.rejects(run(world, program, second), { code: 'KERNEL_TRAPPED' })
    }
    await run(world, busy(1), second)
    t.match(world.pool.stats(), { failed: 2, done: 1, respawns: 0, threads: 2 })
    await until(() => world.faults.length === 2)
    t.same(world.faults, ['trap', 'trap'])
  })
  await withPool({ inlineAlwaysUs: 1e9 }, async world => {
    await t.rejects(run(world, trap(), second), { code: 'KERNEL_TRAPPED', message: /unreachable/ })
    await t.rejects(run(world, trapAfter(), second), { code: 'KERNEL_TRAPPED' })
  })
})

t.test('a kernel that hangs loses its job; its worker is replaced, others go on', async t => {
  await withPool({ hangMs: 500 }, async world => {
    const program = busy(1)
    await run(world, program, second)
    const start = performance.now()
    let others = 0
    let isHanging = true
    const hung = run(world, hang(), second).catch((error: unknown) => error)
    hung.then(() => { isHanging = false })
    while (isHanging && others < 1e6) {
      await run(world, program, second)
      others++
    }
    t.match(await hung, { code: 'WORKER_LOST' })
    t.ok(performance.now() - start < 5000)
    t.ok(others > 5, `${others} others`)
    await until(() => world.pool.stats().respawns === 1)
    t.match(world.pool.stats(), { threads: 2, lost: 1, respawns: 1, zombies: 0 })
    await Promise.all(Array.from({ length: 20 }, () => run(world, program, second)))
  })
})

t.test('an aborted signal rejects at once, and the memory is soon back', async t => {
  await withPool({}, async world => {
    const long = { chunks: 10_000, nanoseconds: 1e6 }
    for (const [program, turns] of [[busy(1), 2e5], [hang(), 1]] as const) {
      const controller = new AbortController()
      const promise = run(world, program, long, turns, { signal: controller.signal })
      await new Promise(resolve => setTimeout(resolve, 20))
      const start = performance.now()
      controller.abort()
      await t.rejects(promise, { code: 'CANCELLED' })
      t.ok(performance.now() - start < 100, 'the caller need not wait')
      const ms = await until(() => world.heap.usedBytes === 0)
      t.ok(ms < 2000, `memory after ${Math.round(ms)} ms`)
    }
    t.throws(() => world.pool.run(busy(1), 0, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
    await until(() => world.pool.stats().respawns === 1)
    await run(world, busy(1), second)
  })
})

t.test('a deadline ends jobs that run and jobs that wait', async t => {
  await withPool({ threads: 1 }, async world => {
    const program = busy(1)
    const long = { chunks: 1e5, nanoseconds: 1e6 }
    const outcomes = await Promise.allSettled(Array.from({ length: 300 }, (_, index) =>
      run(world, program, long, 2e5, { deadlineMs: index === 299 ? 20 : 60 })))
    for (const outcome of outcomes) {
      t.match(outcome, { status: 'rejected', reason: { code: 'DEADLINE_EXCEEDED' } })
    }
    t.match(outcomes[299], { reason: { message: /20 ms/ } })
    await until(() => world.heap.usedBytes === 0)
    await run(world, program, second, 1, { deadlineMs: 10_000 })
  })
})

t.test('a full queue refuses at once', async t => {
  await withPool({ threads: 1, queueJobsMax: 10 }, async world => {
    const program = busy(1)
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const jobs = Array.from({ length: 266 }, () =>
      run(world, program, second, 1e5, { signal: controller.signal }))
    t.match(world.pool.stats(), { posted: 256, queued: 10 })
    await t.rejects(run(world, program, second), { code: 'QUEUE_FULL' })
    t.equal(world.pool.stats().refused, 1)
    await jobs[0]
    controller.abort()
    const outcomes = await Promise.allSettled(jobs)
    t.ok(outcomes.filter(({ status }) => status === 'rejected').length > 200)
    await run(world, program, second)
  })
})

t.test('waiting jobs are run in their turn', async t => {
  await withPool({}, async world => {
    const program = busy(1)
    await Promise.all(Array.from({ length: 1000 }, () => run(world, program, second)))
    t.match(world.pool.stats(), { done: 1000, posted: 0, queued: 0 })
  })
})

t.test('close lets jobs finish for a while, ends the rest, and takes no more', async t => {
  await withPool({}, async world => {
    const program = busy(1)
    const short = run(world, program, second, 1e4)
    const endless = run(world, hang(), second)
    const closing = world.pool.close({ graceMs: 300 })
    t.equal(world.pool.close(), closing)
    t.throws(() => world.pool.run(program, 0), { code: 'DRAINING' })
    await short
    await t.rejects(endless, { code: 'DRAINING' })
    await closing
    t.match(world.pool.stats(), { threads: 0, posted: 0, queued: 0 })
  })
})

t.test('close under load settles every job', async t => {
  await withPool({}, async world => {
    const program = busy(1)
    const jobs = Array.from({ length: 500 }, () => run(world, program, second, 1e5))
    await new Promise(resolve => setTimeout(resolve, 20))
    const outcomes = Promise.allSettled(jobs)
    await world.pool.close()
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'DRAINING' })
    }
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
    const args = record(heap, bytes => lease.allocate(bytes), [{ chunks: 1000, nanoseconds: 20_000 }], [cells])
    await pool.run(program, args)
    const counts = [...heap.i32.subarray(cells / 4, cells / 4 + 4)]
    t.equal(counts[0], 0, 'the main thread runs nothing that was offloaded')
    t.equal(counts.reduce((sum, count) => sum + count, 0), 1000)
    lease.end()
  })
})

t.test('a worker that survives its end is given up, and its memory kept until it ends', async t => {
  const heap = Heap.create({ bytes: heapBytes })
  const module = new URL(
    import.meta.url.endsWith('.ts') ? './rough-words.ts' : './rough-words.js', import.meta.url).href
  const words = { main: new RoughWords(heap.i32, 0), module }
  await withHeap(heap, { threads: 1, hangMs: 200, words }, async world => {
    const program = busy(1)
    await run(world, program, second)
    t.equal(world.pool.threadIndices, 2)
    heap.i32[comaWord] = 1
    await t.rejects(run(world, program, second), { code: 'WORKER_LOST' })
    t.ok(heap.usedBytes > 0, 'the thread may still write')
    await until(() => world.pool.stats().zombies === 1)
    t.match(world.pool.stats(), { zombies: 1, threadIndices: 3, threads: 1 })
    await run(world, program, second)
    t.ok(heap.usedBytes > 0)
    await until(() => world.pool.stats().zombies === 0)
    t.equal(heap.usedBytes, 0)
    t.ok(world.faults.includes('zombie'))
  })
})
