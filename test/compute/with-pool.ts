// What the pool's tests share: a pool that leaves nothing behind, and a job with memory of its own.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { Pool, type PoolSettings } from '../../src/compute/pool.ts'
import type { Program } from '../../src/kernels/program.ts'
import { record } from './programs.ts'

export const heapBytes = 32 << 20
const offload = { inlineAlwaysUs: 0, inlineBudgetUs: 0 }
/** Long by its estimate, so that it is offloaded; short in truth. */
export const second = { chunks: 1, nanoseconds: 1e9 }

export interface World {
  readonly heap: Heap
  readonly pool: Pool
  readonly faults: string[]
}

/** Afterwards no thread, no lease and no byte is left. */
export async function withPool (
  settings: Partial<PoolSettings>, body: (world: World) => Promise<void>
): Promise<void> {
  const heap = Heap.create({ bytes: heapBytes })
  await withHeap(heap, settings, body)
}

export async function withHeap (
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

/** Runs a program of one step with a lease of its own, that ends when the promise has settled. */
export async function run (
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

/** Waits until something is true; returns how long it took in milliseconds. */
export async function until (isTrue: () => boolean, timeMs = 5000): Promise<number> {
  const start = performance.now()
  while (!isTrue() && performance.now() - start < timeMs) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return performance.now() - start
}
