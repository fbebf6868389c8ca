// Hand-written programs for the pool's tests: one whose result proves that every chunk ran once and
// in its phase, and ones that only take time, trap, or hang.
//
//     record   steps │ entries of the steps │ then, for `relay`: address of A, of B, cells, turns

import type { Heap } from '../../src/buffer/heap.ts'
import { assemble, loadAssembler } from '../../src/kernels/assemble.ts'
import type { Program } from '../../src/kernels/program.ts'

await loadAssembler()

/** What a step of a record says. */
export interface StepEntry {
  readonly chunks: number
  readonly nanoseconds: number
}

let programs = 0

/**
 * A program of WAT functions; `$turns` burns time and `$chunk` is at hand for steps made by `step`.
 */
export function programOf (functions: string, steps: number): Program {
  const module = assemble(`(module
    (memory (import "lossd" "memory") 1 65536 shared)
    (global $thread (import "lossd" "thread") i32)
    (func $burn (param $turns i32) (result i32) (local $x i32)
      (local.set $x (i32.const 1))
      (loop $again
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
        (br_if $again (i32.gt_s (local.get $turns) (i32.const 0))))
      (local.get $x))
    ${functions})`)
  return { id: ++programs, module, steps }
}

/** Chunk by chunk: `body` sees $args and $chunk. */
export function step (index: number, body: string, after = ''): string {
  return `(func (export "k${index}") (param $args i32) (param $chunk i32) (param $last i32)
      (loop $chunks
        ${body}
        (local.set $chunk (i32.add (local.get $chunk) (i32.const 1)))
        (br_if $chunks (i32.lt_u (local.get $chunk) (local.get $last)))))
    (func (export "a${index}") (param $args i32) ${after})`
}

/** Steps whose chunks burn the turns that the record's first own word says. */
export function busy (steps: number): Program {
  const own = 16 + 16 * steps
  const body = `(drop (call $burn (i32.load offset=${own} (local.get $args))))`
  return programOf(Array.from({ length: steps }, (_, index) => step(index, body)).join('\n'), steps)
}

export function trap (): Program { return programOf(step(0, 'unreachable'), 1) }

/** Traps in what follows its only step. */
export function trapAfter (): Program { return programOf(step(0, 'nop', 'unreachable'), 1) }

export function hang (): Program { return programOf(step(0, '(loop $ever (br $ever))'), 1) }

/**
 * Writes the record, all in one block; `own` are the words behind the entries. Returns its address.
 */
export function record (
  heap: Heap, allocate: (bytes: number) => number,
  entries: readonly StepEntry[], own: readonly number[]
): number {
  const args = allocate(16 + 16 * entries.length + 4 * own.length)
  const words = heap.i32.subarray(args / 4)
  words[0] = entries.length
  entries.forEach(({ chunks, nanoseconds }, index) => {
    words[4 + 4 * index] = chunks
    words[5 + 4 * index] = nanoseconds
  })
  own.forEach((value, index) => { words[4 + 4 * entries.length + index] = value })
  return args
}

/** The steps of `relay`; every second one reads what another chunk wrote in the step before. */
export function relay (steps: number): Program {
  const own = 16 + 16 * steps
  const load = (word: number): string => `(i32.load offset=${own + 4 * word} (local.get $args))`
  const functions = Array.from({ length: steps }, (_, index) => {
    const [to, from] = index % 2 === 0 ? [0, 1] : [1, 0]
    const cell = `(i32.add ${load(to)} (i32.shl (local.get $chunk) (i32.const 2)))`
    const mirror = `(i32.add ${load(from)} (i32.shl
      (i32.sub (i32.sub ${load(2)} (i32.const 1)) (local.get $chunk)) (i32.const 2)))`
    return step(index, `
      (drop (call $burn ${load(3)}))
      (i32.store ${cell} (i32.add
        (i32.mul (i32.load ${cell}) (i32.const 5))
        (i32.add (i32.mul (i32.load ${mirror}) (i32.const 3))
          (i32.add (local.get $chunk) ${load(4)}))))`, `
      (i32.store offset=${own + 16} (local.get $args)
        (i32.add (i32.mul ${load(4)} (i32.const 7)) (i32.const ${index + 1})))`)
  })
  return programOf(functions.join('\n'), steps)
}

/** A run of `relay`: memory with a record, and whether the result is right. */
export interface Relay {
  readonly args: number
  /** As before the first run. */
  reset (): void
  /** The number of cells that are wrong. */
  wrong (): number
}

export function relayRun (
  heap: Heap, allocate: (bytes: number) => number,
  { chunks, turns, nanoseconds }: { chunks: readonly number[], turns: number, nanoseconds: number }
): Relay {
  const cells = Math.max(1, ...chunks)
  const a = allocate(4 * cells)
  const b = allocate(4 * cells)
  const entries = chunks.map(count => ({ chunks: count, nanoseconds }))
  const args = record(heap, allocate, entries, [a, b, cells, turns, 0])
  const total = args / 4 + 4 + 4 * chunks.length + 4
  const expected = relayExpected(chunks, cells)
  const reset = (): void => {
    heap.i32.fill(0, a / 4, a / 4 + cells)
    heap.i32.fill(0, b / 4, b / 4 + cells)
    heap.i32[total] = 0
  }
  reset()
  return {
    args,
    reset,
    wrong () {
      let wrong = heap.i32[total] === expected.total ? 0 : 1
      for (const [address, values] of [[a, expected.a], [b, expected.b]] as const) {
        for (let cell = 0; cell < cells; cell++) {
          if (heap.i32[address / 4 + cell] !== values[cell]) wrong++
        }
      }
      return wrong
    }
  }
}

function relayExpected (
  chunks: readonly number[], cells: number
): { a: Int32Array, b: Int32Array, total: number } {
  const a = new Int32Array(cells)
  const b = new Int32Array(cells)
  let total = 0
  chunks.forEach((count, index) => {
    const [to, from] = index % 2 === 0 ? [a, b] : [b, a]
    for (let chunk = 0; chunk < count; chunk++) {
      to[chunk] = Math.imul(to[chunk] ?? 0, 5) + Math.imul(from[cells - 1 - chunk] ?? 0, 3) +
        chunk + total
    }
    total = (Math.imul(total, 7) + index + 1) | 0
  })
  return { a, b, total }
}
