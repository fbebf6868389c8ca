// What a compiled program is: a module whose steps the pool runs, and the plan by which the caller
// fills its record (lengths, addresses, chunks) for tensors of any size.

import type { Axis } from '../formulas/graph.ts'

/** What the pool needs to know of a program. */
export interface Program {
  /** Unique in this process; threads keep their instances by it. */
  readonly id: number
  /** Exports k<s>(args, first, last) and a<s>(args) for each step s. */
  readonly module: WebAssembly.Module
  readonly steps: number
}

/** The length of an axis. */
export type LengthOf = (axis: Axis) => number

/** How one step is cut for given lengths: by shape alone, so that the bits are always the same. */
export interface Cut {
  readonly chunks: number
  readonly nanosecondsPerChunk: number
  /** A loop's work is units 0 … units − 1; a chunk is so many of them, the last perhaps fewer. */
  readonly unitsPerChunk: number
  readonly units: number
}

/** What given lengths decide about a part of a program. */
export interface Fit {
  readonly cuts: readonly Cut[]
  /** Words of the record to be set: byte offset, value (i32). */
  readonly words: readonly (readonly [number, number])[]
  /** Blocks of memory the part needs for itself: the record's word of the address, bytes. */
  readonly blocks: readonly (readonly [number, number])[]
  /** Bytes each thread needs for itself: rows that are kept between stages. */
  readonly threadBytes: number
}

/** One loop, or one matrix product: one or more steps of the program. */
export interface Part {
  /** For people: what it computes. */
  readonly title: string
  fit (length: LengthOf): Fit
}

/** A program with all that is needed to run it: see compute/execute.ts. */
export interface Compiled extends Program {
  readonly precision: 'f32' | 'f64'
  readonly parts: readonly Part[]
  /** The record with its constants. */
  readonly template: Uint8Array
  /** Words of the record, by name. */
  readonly lengths: readonly (readonly [Axis, number])[]
  readonly inputs: readonly (readonly [string, number])[]
  readonly outputs: readonly (readonly [string, number])[]
  readonly numbers: readonly (readonly [string, number])[]
  /** Blocks that live from one step to a later one: the axes of the value each holds. */
  readonly temporaries: readonly (readonly [readonly Axis[], number])[]
  readonly scratchWord: number
  readonly scratchStrideWord: number
  /** The text the module was assembled from. */
  readonly wat: string
}
