// A sum, maximum or minimum under construction inside a loop: one vector for each of the four
// interleaved copies, and behind them, for sums, a float64 number (or float64 lanes) that the
// vectors are added to after every block. `any` collects masks: 1 if one lane was ever set, else 0.
//
// A maximum that propagates NaN takes an engine some seven instructions a vector (f32x4.max); pmax
// takes one and drops NaN, which is therefore noted beside it: nan = nan | (x ≠ x).

import type { Lane } from '../ops/op.ts'
import { get, set, type FunctionText, type LaneWriter } from './text.ts'

export type Gathering = 'sum' | 'max' | 'min' | 'any'

export class Accumulator {
  readonly #function: FunctionText
  readonly #writer: LaneWriter
  readonly #op: Gathering
  readonly #vectors: string[] = []
  readonly #nan: string[] = []
  readonly #wide: [string, string][] = []
  readonly #number: string

  constructor (fn: FunctionText, writer: LaneWriter, op: Gathering) {
    this.#function = fn
    this.#writer = writer
    this.#op = op
    for (let copy = 0; copy < 4; copy++) {
      this.#vectors.push(fn.local('v128', 'a'))
      if (op === 'max' || op === 'min') this.#nan.push(fn.local('v128', 'x'))
    }
    this.#number = fn.local('f64', 'a')
  }

  get #type (): string { return this.#writer.type }
  get #single (): boolean { return this.#writer.type === 'f32x4' }

  // What nothing adds up to: 0, −∞ or +∞ in all lanes.
  #nothing (): string {
    if (this.#op === 'sum' || this.#op === 'any') return get(this.#writer.constant(0))
    return get(this.#writer.constant(this.#op === 'max' ? -Infinity : Infinity))
  }

  /** Starts from nothing. */
  clear (lines: string[]): void {
    lines.push(set(this.#number, '(f64.const 0)'))
    this.clearVectors(lines, 4, true)
  }

  /** Starts a block: sums go on in float64; a maximum goes on as it is. */
  clearVectors (lines: string[], copies: number, all = false): void {
    if (this.#op !== 'sum' && !all) return
    for (const vector of this.#vectors.slice(0, copies)) lines.push(set(vector, this.#nothing()))
    for (const nan of this.#nan.slice(0, copies)) lines.push(set(nan, get(this.#writer.constant(0))))
  }

  /** Takes in a vector; lanes outside the mask do not count. */
  add (lines: string[], value: Lane, copy: number, mask: Lane | null): void {
    const vector = this.#vectors[copy] as string
    if (this.#op === 'any') {
      const counted = mask === null ? get(value) : `(v128.and ${get(value)} ${get(mask)})`
      lines.push(set(vector, `(v128.or ${get(vector)} ${counted})`))
    } else if (this.#op === 'sum') {
      const counted = mask === null ? get(value) : `(v128.and ${get(value)} ${get(mask)})`
      lines.push(set(vector, `(${this.#type}.add ${get(vector)} ${counted})`))
    } else {
      const counted = mask === null
        ? get(value)
        : `(v128.bitselect ${get(value)} ${this.#nothing()} ${get(mask)})`
      const taken = this.#writerValue(lines, counted)
      const nan = this.#nan[copy] as string
      lines.push(set(vector, `(${this.#type}.p${this.#op} ${get(vector)} ${get(taken)})`),
        set(nan, `(v128.or ${get(nan)} (${this.#type}.ne ${get(taken)} ${get(taken)}))`))
    }
  }

  /** Takes in a · b, fused where that is allowed. */
  addProduct (lines: string[], a: Lane, b: Lane, copy: number): void {
    const vector = this.#vectors[copy] as string
    lines.push(set(vector, get(this.#writer.madd(a, b, vector as Lane))))
  }

  /** Takes in a number that all lanes hold. */
  addNumber (lines: string[], value: Lane): void {
    if (this.#op !== 'sum') {
      this.add(lines, value, 0, null)
      return
    }
    lines.push(set(this.#number, `(f64.add ${get(this.#number)} ${this.#lane(value, 0)})`))
  }

  /** Ends a block: the vectors' sum goes to float64. */
  flush (lines: string[]): void {
    if (this.#op !== 'sum') return
    const [a, b, c, d] = this.#vectors.map(get) as [string, string, string, string]
    const sum = this.#function.local('v128', 'a')
    lines.push(set(sum, `(${this.#type}.add (${this.#type}.add ${a} ${b}) (${this.#type}.add ${c} ${d}))`))
    lines.push(set(this.#number, `(f64.add ${get(this.#number)} ${this.#across(lines, sum)})`))
    this.clearVectors(lines, 4)
  }

  // The sum of all lanes, as f64.
  #across (lines: string[], vector: string): string {
    const pair = this.#function.local('v128', 'a')
    lines.push(set(pair, this.#single
      ? `(f64x2.add (f64x2.promote_low_f32x4 ${get(vector)}) (f64x2.promote_low_f32x4 ${upper(vector)}))`
      : get(vector)))
    return `(f64.add (f64x2.extract_lane 0 ${get(pair)}) (f64x2.extract_lane 1 ${get(pair)}))`
  }

  #lane (value: Lane, lane: number): string {
    const text = `(${this.#type}.extract_lane ${lane} ${get(value)})`
    return this.#single ? `(f64.promote_f32 ${text})` : text
  }

  // Maximum over copies and lanes, in all lanes.
  #extreme (lines: string[]): Lane {
    const op = `${this.#type}.p${this.#op}`
    const [a, b, c, d] = this.#vectors.map(get) as [string, string, string, string]
    const all = this.#writerValue(lines, `(${op} (${op} ${a} ${b}) (${op} ${c} ${d}))`)
    const half = this.#writerValue(lines, `(${op} ${get(all)} ${upper(all)})`)
    const odd = `(i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 ${get(half)} ${get(half)})`
    const extreme = this.#single ? `(${op} ${get(half)} ${odd})` : get(half)
    const [w, x, y, z] = this.#nan.map(get) as [string, string, string, string]
    const nan = `(v128.any_true (v128.or (v128.or ${w} ${x}) (v128.or ${y} ${z})))`
    return this.#writerValue(lines, `(v128.or ${extreme} (i32x4.splat (i32.sub (i32.const 0) ${nan})))`)
  }

  #writerValue (lines: string[], text: string): Lane {
    const name = this.#function.local('v128', 'a')
    lines.push(set(name, text))
    return name as Lane
  }

  /** The result as an f64 expression: of a total, at the end of a chunk. */
  number (lines: string[]): string {
    if (this.#op === 'sum') return get(this.#number)
    if (this.#op === 'any') {
      const [a, b, c, d] = this.#vectors.map(get) as [string, string, string, string]
      return `(f64.convert_i32_u (v128.any_true (v128.or (v128.or ${a} ${b}) (v128.or ${c} ${d}))))`
    }
    return this.#lane(this.#extreme(lines), 0)
  }

  /** The result in all lanes: of a row reduced along the lanes. */
  splat (lines: string[]): Lane {
    if (this.#op !== 'sum') return this.#extreme(lines)
    const number = this.#single ? `(f32.demote_f64 ${get(this.#number)})` : get(this.#number)
    return this.#writerValue(lines, `(${this.#type}.splat ${number})`)
  }

  /** Starts a row beside the lanes: float64 lanes behind each vector. */
  clearWide (lines: string[], copies: number): void {
    if (this.#op !== 'sum') {
      this.clearVectors(lines, copies, true)
      return
    }
    for (let copy = 0; copy < copies; copy++) {
      this.#wide[copy] ??= [this.#function.local('v128', 'w'), this.#function.local('v128', 'w')]
      for (const half of this.#wide[copy] as [string, string]) lines.push(set(half, '(v128.const i64x2 0 0)'))
    }
  }

  /** Ends a block of rows beside the lanes. */
  widen (lines: string[], copies: number): void {
    if (this.#op !== 'sum') return
    for (let copy = 0; copy < copies; copy++) {
      const vector = this.#vectors[copy] as string
      const [low, high] = this.#wide[copy] as [string, string]
      if (!this.#single) {
        lines.push(set(low, `(f64x2.add ${get(low)} ${get(vector)})`))
        continue
      }
      lines.push(set(low, `(f64x2.add ${get(low)} (f64x2.promote_low_f32x4 ${get(vector)}))`),
        set(high, `(f64x2.add ${get(high)} (f64x2.promote_low_f32x4 ${upper(vector)}))`))
    }
  }

  /** The result of a copy's lanes: of rows reduced beside the lanes. */
  lanes (lines: string[], copy: number): Lane {
    const vector = this.#vectors[copy] as Lane
    if (this.#op !== 'sum') {
      return this.#writerValue(lines, `(v128.or ${get(vector)} ${get(this.#nan[copy] as string)})`)
    }
    const [low, high] = this.#wide[copy] as [string, string]
    if (!this.#single) return this.#writerValue(lines, get(low))
    const halves = `(f32x4.demote_f64x2_zero ${get(low)}) (f32x4.demote_f64x2_zero ${get(high)})`
    return this.#writerValue(lines, `(i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 ${halves})`)
  }
}

function upper (vector: string): string {
  return `(i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 ${get(vector)} ${get(vector)})`
}
