// The pool on real threads, under delays at every atomic operation, with workers that die anywhere,
// with jobs cancelled at any time: right answers or WORKER_LOST, never wrong, never hung.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { Pool } from '../../src/compute/pool.ts'
import { LossdError } from '../../src/errors.ts'
import { relay, type Relay, relayRun } from './programs.ts'
import { deathWord, delayWord, RoughWords } from './rough-words.ts'

const heapBytes = 16 << 20
const module = new URL(
  import.meta.url.endsWith('.ts') ? './rough-words.ts' : './rough-words.js', import.meta.url).href

interface Rough {
  readonly heap: Heap
  readonly pool: Pool
  readonly lost: string[]
}

function rough (threads: number): Rough {
  const heap = Heap.create({ bytes: heapBytes })
  const lost: string[] = []
  const pool = new Pool({
    memory: heap.memory,
    threads,
    inlineAlwaysUs: 0,
    inlineBudgetUs: 0,
    words: { main: new RoughWords(heap.i32, 0), module },
    onFault: ({ kind }) => lost.push(kind)
  })
  return { heap, pool, lost }
}

const program = relay(4)
const shapes = [[1, 1, 1, 1], [3, 0, 2, 7], [40, 1, 60, 13], [0, 5, 9, 0]]

// Clients that run jobs one after the other until the time is over; each has memory of its own.
async function runClients (
  { heap, pool }: Rough, count: number, timeMs: number, cancelled: number
): Promise<Record<string, number>> {
  const counts: Record<string, number> = { right: 0, wrong: 0 }
  const untilMs = performance.now() + timeMs
  await Promise.all(Array.from({ length: count }, async (_, client) => {
    while (performance.now() < untilMs) {
      const lease = heap.lease()
      const run = relayRun(heap, bytes => lease.allocate(bytes), {
        chunks: shapes[client % shapes.length] ?? [],
        turns: client % 3 === 0 ? 2000 : 1,
        // The estimate decides how the work is cut: one claim, some, or many.
        nanoseconds: [1, 20_000, 200_000][client % 3] ?? 1
      })
      const outcome = await attempt(pool, run, lease, Math.random() < cancelled)
      counts[outcome] = (counts[outcome] ?? 0) + 1
      lease.end()
    }
  }))
  return counts
}

async function attempt (
  pool: Pool, run: Relay, lease: { hold (): void, release (): void }, isCancelled: boolean
): Promise<string> {
  const controller = new AbortController()
  if (isCancelled) setTimeout(() => controller.abort(), Math.random() * 2)
  try {
    await pool.run(program, run.args, { signal: controller.signal, lease })
    return run.wrong() === 0 ? 'right' : 'wrong'
  } catch (error) {
    return error instanceof LossdError ? error.code : String(error)
  }
}

async function settled (heap: Heap): Promise<void> {
  for (let waited = 0; heap.usedBytes > 0 && waited < 3000; waited += 10) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

// The thread that takes the place of the last one that died needs a while to start.
async function whole (pool: Pool, threads: number): Promise<void> {
  for (let waited = 0; pool.stats().threads < threads && waited < 10_000; waited += 10) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

t.test('delays before every operation change nothing', async t => {
  for (const threads of [1, 2, 5]) {
    const world = rough(threads)
    await world.pool.ready
    world.heap.i32[delayWord] = 20
    const counts = await runClients(world, 24, 1500, 0)
    t.match(counts, { wrong: 0 })
    t.same(Object.keys(counts), ['right', 'wrong'])
    t.ok((counts['right'] ?? 0) > 24)
    t.comment(threads, counts)
    await world.pool.close()
    t.equal(world.heap.usedBytes, 0)
  }
})

t.test('jobs cancelled at any time give their memory back, others are right', async t => {
  const world = rough(3)
  await world.pool.ready
  world.heap.i32[delayWord] = 50
  const counts = await runClients(world, 24, 1500, 0.5)
  t.match(counts, { wrong: 0 })
  t.same(Object.keys(counts).sort(), ['CANCELLED', 'right', 'wrong'])
  t.comment(counts)
  await settled(world.heap)
  t.equal(world.heap.usedBytes, 0)
  await world.pool.close()
})

t.test('workers that die at any operation lose only jobs that say so', async t => {
  const world = rough(3)
  await world.pool.ready
  world.heap.i32[deathWord] = 2000
  world.heap.i32[delayWord] = 100
  const counts = await runClients(world, 24, 5000, 0.1)
  t.match(counts, { wrong: 0 })
  t.ok((counts['WORKER_LOST'] ?? 0) > 0)
  t.same(Object.keys(counts).sort(), ['CANCELLED', 'WORKER_LOST', 'right', 'wrong'])
  t.comment(counts, world.pool.stats())
  world.heap.i32[deathWord] = 0
  await whole(world.pool, 3)
  // On a machine with much to do each of the clients may get one answer in half a second.
  const after = await runClients(world, 24, 2500, 0)
  t.match(after, { wrong: 0 })
  t.ok((after['right'] ?? 0) > 24)
  await settled(world.heap)
  t.equal(world.heap.usedBytes, 0)
  t.match(world.pool.stats(), { threads: 3, zombies: 0, queued: 0, posted: 0 })
  await world.pool.close()
})
