// A sum, maximum or minimum under construction inside a loop: one vector for each of the four
// interleaved copies, and behind them, for sums, a float64 number (or float64 lanes) that the
// vectors are added to after every block. `any` collects masks: 1 if one lane was ever set, else 0.
//
//     a row along the lanes    clear   { clearVectors { add } flush } splat | number
//     rows beside the lanes    clearWide { clearVectors { add } widen } lanes
//
// A maximum that propagates NaN takes an engine some seven instructions a vector (f32x4.max); pmax
// takes one and drops NaN, which is therefore noted beside it: nan = nan | (x ≠ x).

import type { Lane } from '../ops/op.ts'
import type { LaneWriter } from './lane-writer.ts'
import { f64, get, i32, laneOp, lanesOf, minus, op, set, shuffled } from './shorthand.ts'
import type { FunctionText } from './text.ts'

export type Gathering = 'sum' | 'max' | 'min' | 'any'

type Four = readonly [string, string, string, string]

export class Accumulator {
  readonly #fn: FunctionText
  readonly #writer: LaneWriter
  readonly #op: Gathering
  readonly #vectors: Four
  // Of a maximum or minimum: all ones in the lanes where a NaN was seen.
  readonly #nan: Four | null
  readonly #wide: (readonly [low: string, high: string])[] = []
  readonly #number: string

  constructor (fn: FunctionText, writer: LaneWriter, op: Gathering) {
    const four = (): Four => {
      const local = (): string => fn.local('v128')
      return [local(), local(), local(), local()]
    }
    this.#fn = fn
    this.#writer = writer
    this.#op = op
    this.#vectors = four()
    this.#nan = op === 'max' || op === 'min' ? four() : null
    this.#number = fn.local('f64')
  }

  get #type (): string { return this.#writer.type }
  get #single (): boolean { return this.#writer.type === 'f32x4' }

  /** Starts from nothing. */
  clear (lines: string[]): void {
    lines.push(set(this.#number, zero))
    this.#empty(lines, 4)
  }

  /** Starts a block: sums go on in float64; a maximum goes on as it is. */
  clearVectors (lines: string[], copies: number): void {
    if (this.#op === 'sum') this.#empty(lines, copies)
  }

  #empty (lines: string[], copies: number): void {
    for (const vector of this.#vectors.slice(0, copies)) lines.push(set(vector, this.#nothing()))
    const none = get(this.#writer.constant(0))
    for (const nan of this.#nan?.slice(0, copies) ?? []) lines.push(set(nan, none))
  }

  // What nothing adds up to: 0, −∞ or +∞ in all lanes.
  #nothing (): string {
    if (this.#nan === null) return get(this.#writer.constant(0))
    return get(this.#writer.constant(this.#op === 'max' ? -Infinity : Infinity))
  }

  /** Takes in a vector; lanes outside the mask do not count. */
  add (lines: string[], value: Lane, copy: number, mask: Lane | null): void {
    const vector = this.#vectors[copy] as string
    const nan = this.#nan?.[copy]
    if (nan === undefined) {
      const counted = mask === null ? get(value) : op('v128.and', get(value), get(mask))
      const instruction = this.#op === 'any' ? 'v128.or' : `${this.#type}.add`
      lines.push(set(vector, op(instruction, get(vector), counted)))
      return
    }
    const counted = mask === null
      ? get(value)
      : op('v128.bitselect', get(value), this.#nothing(), get(mask))
    const taken = get(this.#local(lines, counted))
    lines.push(set(vector, op(`${this.#type}.p${this.#op}`, get(vector), taken)),
      set(nan, op('v128.or', get(nan), op(`${this.#type}.ne`, taken, taken))))
  }

  /** Takes a · b into a sum, fused where that is allowed. */
  addProduct (lines: string[], a: Lane, b: Lane, copy: number): void {
    const vector = this.#vectors[copy] as string
    lines.push(set(vector, get(this.#writer.madd(a, b, vector as Lane))))
  }

  /** Takes in a number that all lanes hold. */
  addNumber (lines: string[], value: Lane): void {
    if (this.#op === 'sum') this.#addWide(lines, this.#wideLane(value))
    else this.add(lines, value, 0, null)
  }

  /** Ends a block: the vectors' sum goes to float64. */
  flush (lines: string[]): void {
    if (this.#op !== 'sum') return
    const [a, b, c, d] = this.#vectors.map(get) as [string, string, string, string]
    const add = `${this.#type}.add`
    const sum = this.#local(lines, op(add, op(add, a, b), op(add, c, d)))
    const pair = get(this.#local(lines, this.#single ? op('f64x2.add', ...halves(sum)) : get(sum)))
    this.#addWide(lines, op('f64.add', laneOp('f64x2.extract_lane', 0, pair),
      laneOp('f64x2.extract_lane', 1, pair)))
    this.clearVectors(lines, 4)
  }

  #addWide (lines: string[], number: string): void {
    lines.push(set(this.#number, op('f64.add', get(this.#number), number)))
  }

  /** The result as a text of type f64: of a total, at the end of a chunk. */
  number (lines: string[]): string {
    if (this.#op === 'sum') return get(this.#number)
    if (this.#op === 'any') return op('f64.convert_i32_u', anySet(this.#vectors))
    return this.#wideLane(this.#extreme(lines))
  }

  /** The result in all lanes: of a row reduced along the lanes. */
  splat (lines: string[]): Lane {
    if (this.#op !== 'sum') return this.#extreme(lines)
    const number = get(this.#number)
    return this.#local(lines,
      op(`${this.#type}.splat`, this.#single ? op('f32.demote_f64', number) : number))
  }

  // The first lane as a text of type f64.
  #wideLane (value: Lane): string {
    const number = this.#writer.extract(value, 0)
    return this.#single ? op('f64.promote_f32', number) : number
  }

  // Maximum over copies and lanes, in all lanes; NaN if there was one.
  #extreme (lines: string[]): Lane {
    const more = `${this.#type}.p${this.#op}`
    const [a, b, c, d] = this.#vectors.map(get) as [string, string, string, string]
    const all = this.#local(lines, op(more, op(more, a, b), op(more, c, d)))
    const half = this.#local(lines, op(more, get(all), upper(all)))
    const odd = shuffled([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11],
      get(half), get(half))
    const extreme = this.#single ? op(more, get(half), odd) : get(half)
    const nan = op('i32x4.splat', minus(i32(0), anySet(this.#nan ?? this.#vectors)))
    return this.#local(lines, op('v128.or', extreme, nan))
  }

  /** Starts a row beside the lanes: float64 lanes behind each vector. */
  clearWide (lines: string[], copies: number): void {
    if (this.#op !== 'sum') {
      this.#empty(lines, copies)
      return
    }
    for (let copy = 0; copy < copies; copy++) {
      const wide = this.#wide[copy] ?? [this.#fn.local('v128'), this.#fn.local('v128')]
      this.#wide[copy] = wide
      for (const half of wide) lines.push(set(half, zeros))
    }
  }

  /** Ends a block of rows beside the lanes. */
  widen (lines: string[], copies: number): void {
    if (this.#op !== 'sum') return
    for (const [copy, [low, high]] of this.#wide.slice(0, copies).entries()) {
      const vector = this.#vectors[copy] as string
      const add = (half: string, value: string): void => {
        lines.push(set(half, op('f64x2.add', get(half), value)))
      }
      if (!this.#single) add(low, get(vector))
      else {
        add(low, op('f64x2.promote_low_f32x4', get(vector)))
        add(high, op('f64x2.promote_low_f32x4', upper(vector)))
      }
    }
  }

  /** The result of a copy's lanes: of rows reduced beside the lanes. */
  lanes (lines: string[], copy: number): Lane {
    const vector = this.#vectors[copy] as string
    const nan = this.#nan?.[copy]
    if (nan !== undefined) return this.#local(lines, op('v128.or', get(vector), get(nan)))
    const [low, high] = this.#wide[copy] as [string, string]
    if (!this.#single) return this.#local(lines, get(low))
    const demoted = (half: string): string => op('f32x4.demote_f64x2_zero', get(half))
    return this.#local(lines,
      shuffled([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
        demoted(low), demoted(high)))
  }

  #local (lines: string[], text: string): Lane { return this.#fn.vector(lines, text) as Lane }
}

const zero = f64(0)
const zeros = lanesOf([0, 0])

// The upper half of a vector, in the lower one.
const upper = (vector: string): string =>
  shuffled([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7], get(vector), get(vector))

// Both halves of a float32 vector as float64 lanes.
const halves = (vector: string): [string, string] =>
  [op('f64x2.promote_low_f32x4', get(vector)), op('f64x2.promote_low_f32x4', upper(vector))]

// 1 if a bit is set in one of four vectors, else 0.
const anySet = (vectors: Four): string => {
  const [a, b, c, d] = vectors.map(get) as [string, string, string, string]
  return op('v128.any_true', op('v128.or', op('v128.or', a, b), op('v128.or', c, d)))
}
