// Runs a compiled program on tensors that lie in the heap. All else it needs is one block of the
// lease.

import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import type { Compiled } from '../kernels/program.ts'
import { Block, type Filling, present } from './block.ts'
import type { Pool, RunOptions } from './pool.ts'

/** What a program computes on: everything by name, addresses in bytes. */
export interface Operands extends Filling {
  readonly inputs: ReadonlyMap<string, number>
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
  const { inputs, outputs } = operands
  const block = new Block(program, operands, pool.threadIndices)
  const base = lease.allocate(block.bytes)
  block.write(heap, base)
  const set = (word: number, value: number): void => { heap.i32[(base + word) / 4] = value }
  for (const [name, word] of program.inputs) set(word, present(inputs, name, 'input'))
  for (const [name, word] of program.outputs) set(word, present(outputs, name, 'output'))
  return pool.run(program, base, { ...options, lease })
}
