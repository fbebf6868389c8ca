// What a compiled program is: a module whose steps the pool runs, and the plan by which the caller
// fills its record (lengths, addresses, chunks) for tensors of any size.

import type { Axis } from '../formulas/graph.ts'
import type { LoopPart } from './loop-fit.ts'
import type { ProductPart } from './product-part.ts'
import type { RowsPart } from './rows-fit.ts'

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

/** One loop, one matrix product, rows in order, or numbers alone: see fit.ts. Data only. */
export type Part = LoopPart | ProductPart | RowsPart | NumbersPart

/** Numbers after the last loop: a step without chunks. */
export interface NumbersPart {
  readonly kind: 'numbers'
  readonly title: string
}

/** What compiling makes: data, but for the module, which can cross threads as well. */
export interface Code extends Omit<Program, 'id'> {
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
}

/** A program with all that is needed to run it: see compute/execute.ts. */
export interface Compiled extends Code, Program {}

let programs = 0

/** Code as a program of this process: wherever it was compiled, its number is given here. */
export function numbered (code: Code): Compiled { return { id: ++programs, ...code } }
