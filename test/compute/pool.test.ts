// The pool as its callers see it: what it computes, what runs where, and how a job can end.

import t from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { Pool } from '../../src/compute/pool.ts'
import { relay, relayRun } from './programs.ts'

const heapBytes = 32 << 20

t.test('jobs of many phases give the right result on any number of threads', async t => {
  for (const threads of [1, 2, 5]) {
    const heap = Heap.create({ bytes: heapBytes })
    const pool = new Pool({ memory: heap.memory, threads, inlineAlwaysUs: 0, inlineBudgetUs: 0 })
    const lease = heap.lease()
    const program = relay(4)
    const runs = [[1, 1, 1, 1], [7, 0, 1, 100], [0, 0, 0, 3], [100, 3, 900, 1000]].map(chunks =>
      relayRun(heap, bytes => lease.allocate(bytes), { chunks, turns: 100, nanoseconds: 1000 }))
    for (let repeat = 0; repeat < 50; repeat++) {
      await Promise.all(runs.map(run => {
        run.reset()
        return pool.run(program, run.args)
      }))
      for (const run of runs) if (run.wrong() > 0) t.fail(`${threads} threads, repeat ${repeat}`)
    }
    t.match(pool.stats(), { done: 200, inline: 0, failed: 0, lost: 0, threads, queued: 0, posted: 0 })
    await pool.close()
    t.equal(pool.stats().threads, 0)
    lease.end()
    t.equal(heap.usedBytes, 0)
  }
})
