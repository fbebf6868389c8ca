// How a job can end other than well, and that nothing else suffers. Bounds on time are generous:
// the machine may be busy.

import { setMaxListeners } from 'node:events'
import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { busy, hang, trap, trapAfter } from './programs.ts'
import { comaWord, RoughWords } from './rough-words.ts'
import { heapBytes, run, second, until, withHeap, withPool } from './with-pool.ts'

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
      const outcome = promise.catch((fault: unknown) => fault)
      controller.abort()
      const turn = new Promise(resolve => setImmediate(resolve, 'later'))
      t.match(await Promise.race([outcome, turn]), { code: 'CANCELLED' }, 'told at once')
      const ms = await until(() => world.heap.usedBytes === 0)
      t.ok(ms < 2000, `memory after ${Math.round(ms)} ms`)
    }
    const signal = AbortSignal.abort()
    t.throws(() => world.pool.run(busy(1), 0, { signal }), { code: 'CANCELLED' })
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
    // The first is long enough that a busy machine has posted them all meanwhile.
    const jobs = Array.from({ length: 266 }, (_, index) =>
      run(world, program, second, index === 0 ? 1e8 : 1e7, { signal: controller.signal }))
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
    await until(() => world.pool.stats().zombies === 0 && heap.usedBytes === 0)
    t.equal(heap.usedBytes, 0)
    t.ok(world.faults.includes('zombie'))
  })
})
