// The pool: how long a round trip to the workers takes, how many jobs a second pass, what inline
// costs, and what a second thread brings. With programs that only burn time.

import { fileURLToPath } from 'node:url'
import { Heap } from '../src/buffer/heap.ts'
import { Pool, type PoolSettings } from '../src/compute/pool.ts'
import type { Program } from '../src/kernels/program.ts'
import { busy, record } from '../test/compute/programs.ts'
import { digits, median, table } from './measure.ts'

const jobsUs = [0, 10, 100, 1000]
const outstandings = [1, 16, 256]
const largeUs = [200, 1000, 4000, 16_000]

export interface Row {
  readonly what: string
  readonly us: number
  readonly outstanding: number
  readonly p50Us: number
  readonly p99Us: number
  readonly jobsPerSecond: number
}

/** All measurements; some ten seconds. */
export async function run (): Promise<Row[]> {
  const turnNs = await calibrate()
  const rows: Row[] = []
  await withBench({ threads: 2, inlineAlwaysUs: 0, inlineBudgetUs: 0 }, turnNs, async bench => {
    for (const us of jobsUs) {
      for (const outstanding of outstandings) {
        rows.push(await measure('two workers', bench, { us, chunks: 1, outstanding }))
      }
    }
  })
  await withBench({ threads: 1, inlineAlwaysUs: Infinity }, turnNs, async bench => {
    for (const us of jobsUs) {
      rows.push(await measure('inline', bench, { us, chunks: 1, outstanding: 1 }))
    }
  })
  for (const [what, threads, pin] of divided) {
    await withBench({ threads, pin, inlineAlwaysUs: 0, inlineBudgetUs: 0 }, turnNs, async bench => {
      for (const us of largeUs) {
        rows.push(await measure(what, bench, { us, chunks: us / 10, outstanding: 1 }))
      }
    })
  }
  return rows
}

const divided: readonly (readonly [string, number, boolean])[] = [
  ['divided, one thread', 1, false],
  ['divided, two threads', 2, false],
  ['divided, one pinned', 1, true],
  ['divided, two pinned', 2, true]
]

interface Bench {
  readonly pool: Pool
  readonly program: Program
  /** A record of one step whose chunks take so long in all. */
  recordOf (us: number, chunks: number): number
}

async function withBench (
  settings: Omit<PoolSettings, 'memory'>, turnNs: number, body: (bench: Bench) => Promise<void>
): Promise<void> {
  const heap = Heap.create({ bytes: 16 << 20 })
  const pool = new Pool({ memory: heap.memory, ...settings })
  await pool.ready
  const recordOf = (us: number, chunks: number): number => {
    const nanoseconds = Math.max(1, us * 1000 / chunks)
    return record(heap, bytes => heap.allocate(bytes), [{ chunks, nanoseconds }],
      [Math.max(1, Math.round(nanoseconds / turnNs))])
  }
  await body({ pool, program: busy(1), recordOf })
  await pool.close()
}

// Nanoseconds a turn of the burning loop, measured inline.
async function calibrate (): Promise<number> {
  const turns = 1e6
  let nanoseconds = Infinity
  const settings = { threads: 1, inlineAlwaysUs: Infinity }
  await withBench(settings, 1, async ({ pool, program, recordOf }) => {
    const args = recordOf(turns / 1000, 1)
    for (let repeat = 0; repeat < 20; repeat++) {
      const start = performance.now()
      await pool.run(program, args)
      nanoseconds = Math.min(nanoseconds, (performance.now() - start) * 1e6)
    }
  })
  return nanoseconds / turns
}

async function measure (
  what: string, { pool, program, recordOf }: Bench,
  { us, chunks, outstanding }: { us: number, chunks: number, outstanding: number }
): Promise<Row> {
  const args = Array.from({ length: outstanding }, () => recordOf(us, chunks))
  const timesUs: number[] = []
  let jobs = 0
  const client = async (address: number, untilMs: number): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < untilMs; jobs++) {
      await pool.run(program, address)
      const endMs = performance.now()
      timesUs.push((endMs - nowMs) * 1000)
      nowMs = endMs
    }
  }
  await Promise.all(args.map(address => client(address, performance.now() + 100)))
  jobs = timesUs.length = 0
  const startMs = performance.now()
  await Promise.all(args.map(address => client(address, startMs + 400)))
  const seconds = (performance.now() - startMs) / 1000
  timesUs.sort((a, b) => a - b)
  return {
    what,
    us,
    outstanding,
    p50Us: median(timesUs),
    p99Us: timesUs[Math.floor(timesUs.length * 0.99)] ?? Number.NaN,
    jobsPerSecond: jobs / seconds
  }
}

function print (rows: readonly Row[]): string {
  return table(['', 'job, µs', 'outstanding', 'p50, µs', 'p99, µs', 'jobs/s'], rows.map(row => [
    row.what, String(row.us), String(row.outstanding), digits(row.p50Us), digits(row.p99Us),
    digits(row.jobsPerSecond)
  ]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(print(await run()))
