// Runs a compiled program on tensors that lie in the heap: fills its record (lengths, addresses,
// numbers, cuts) and hands it to the pool. All the memory it needs is one block of the lease.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Compiled, Fit } from '../kernels/program.ts'
import { stepOffset } from '../kernels/record.ts'
import type { Pool, RunOptions } from './pool.ts'

/** What a program computes on: everything by name, addresses in bytes. */
export interface Operands {
  readonly lengths: ReadonlyMap<string, number>
  readonly inputs: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, number>
  readonly outputs: ReadonlyMap<string, number>
}

/** The machine programs run on. */
export interface Machine {
  readonly heap: Heap
  readonly pool: Pool
}

/**
 * Runs all steps; undefined if they have ended already, on this thread.
 * @throws HEAP_FULL, QUEUE_FULL; the promise: WORKER_LOST, DEADLINE_EXCEEDED, CANCELLED.
 */
export function execute (
  { heap, pool }: Machine, program: Compiled, operands: Operands, lease: Lease,
  options: RunOptions = {}
): undefined | Promise<void> {
  const length = (axis: string): number => present(operands.lengths, axis, 'length of axis')
  const fits = program.parts.map(part => part.fit(length))
  const { bytes, words } = place(program, fits, length, pool.threadIndices)
  const record = lease.allocate(bytes)
  heap.u8.set(program.template, record)
  const set = (word: number, value: number): void => { heap.i32[(record + word) >>> 2] = value }
  for (const [word, offset] of words) set(word, record + offset)
  for (const [axis, word] of program.lengths) set(word, length(axis))
  for (const [name, word] of program.inputs) set(word, present(operands.inputs, name, 'input'))
  for (const [name, word] of program.outputs) set(word, present(operands.outputs, name, 'output'))
  for (const [name, word] of program.numbers) {
    heap.f64[(record + word) >>> 3] = present(operands.numbers, name, 'number')
  }
  set(program.scratchStrideWord, threadBytes(fits))
  let step = 0
  for (const fit of fits) {
    for (const [word, value] of fit.words) set(word, value)
    for (const cut of fit.cuts) {
      const at = stepOffset(step++)
      set(at, cut.chunks)
      set(at + 4, Math.min(cut.nanosecondsPerChunk, 0x7fffffff))
      set(at + 8, cut.unitsPerChunk)
      set(at + 12, cut.units)
    }
  }
  return pool.run(program, record, { ...options, lease })
}

// Where everything stands in the one block: the record first, then partial sums, temporaries and
// each thread's own rows, all on borders of 64 bytes with as much slack to read past.
function place (
  program: Compiled, fits: readonly Fit[], length: (axis: string) => number, threads: number
): { bytes: number; words: [number, number][] } {
  let bytes = rounded(program.template.length)
  const words: [number, number][] = []
  const add = (word: number, size: number): void => {
    words.push([word, bytes])
    bytes += rounded(size)
  }
  for (const fit of fits) for (const [word, size] of fit.blocks) add(word, size)
  const element = program.precision === 'f32' ? 4 : 8
  for (const [axes, word] of program.temporaries) {
    add(word, axes.reduce((count, axis) => count * length(axis), element))
  }
  add(program.scratchWord, threadBytes(fits) * threads)
  return { bytes, words }
}

function threadBytes (fits: readonly Fit[]): number {
  return Math.ceil(Math.max(...fits.map(fit => fit.threadBytes)) / 64) * 64
}

function rounded (bytes: number): number { return Math.ceil((bytes + 64) / 64) * 64 }

function present (values: ReadonlyMap<string, number>, name: string, what: string): number {
  const value = values.get(name)
  if (value === undefined) throw new Error(`${what} ${name} is missing`)
  return value
}
