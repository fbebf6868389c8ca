// The writer of lanes that ops are given: each instruction goes into a fresh local of the present
// block. Constants lie in the record and are loaded at the entry, so that they stay in registers; a
// literal in the code would be made again in every turn of a loop.

import type { Lane, Lanes } from '../ops/op.ts'
import type { Node } from '../formulas/graph.ts'
import type { ModuleText } from './module-text.ts'
import type { RecordLayout } from './record.ts'
import type { Stored } from './schedule.ts'
import { args as recordAddress, get, i32, laneOp, load, op } from './shorthand.ts'
import type { Block, FunctionText, Precision } from './text.ts'

/** What the functions of one program have in common. */
export interface Emission {
  readonly record: RecordLayout
  readonly precision: Precision
  readonly relaxed: boolean
  /** Where functions go. */
  readonly module: ModuleText
  /** Where values lie that are made as a whole. */
  readonly stored: ReadonlyMap<Node, Stored>
}

const shift = /\.(shl|shr_[su])$/

export class LaneWriter implements Lanes {
  readonly type: 'f32x4' | 'f64x2'
  readonly relaxed: boolean
  /** Where instructions are written. */
  into: Block
  readonly #fn: FunctionText
  readonly #record: RecordLayout

  constructor (
    fn: FunctionText, { record, precision, relaxed }: Omit<Emission, 'stored' | 'module'>
  ) {
    this.#fn = fn
    this.#record = record
    this.type = precision === 'f32' ? 'f32x4' : 'f64x2'
    this.relaxed = relaxed && precision === 'f32'
    this.into = fn.entry
  }

  /** Lanes in a vector. */
  get count (): number { return this.type === 'f32x4' ? 4 : 2 }

  /** Bytes of a lane. */
  get bytes (): number { return this.type === 'f32x4' ? 4 : 8 }

  constant (value: number): Lane {
    return this.#splat(this.type === 'f32x4' ? 'f32' : 'f64', value)
  }

  bits (pattern: bigint): Lane {
    return this.#splat(this.type === 'f32x4' ? 'i32' : 'i64', pattern)
  }

  /** Different numbers in the lanes: 0, 1, 2, … */
  ramp (): Lane {
    const [low, high] = this.type === 'f32x4' ? [pair(0, 1), pair(2, 3)] : [bits(0), bits(1)]
    const word = (value: bigint): number => this.#record.constant('i64', value)
    return this.#fn.once(this.#fn.entry, 'ramp', 'v128', () =>
      laneOp('i64x2.replace_lane', 1, load('v128.load64_splat', recordAddress, word(low)),
        load('i64.load', recordAddress, word(high)))) as Lane
  }

  op (instruction: string, ...args: readonly (Lane | number)[]): Lane {
    let [operands, immediates] = ['', '']
    for (const arg of args) {
      if (typeof arg === 'string') operands += get(arg)
      else if (shift.test(instruction)) operands += i32(arg)
      else immediates += String.fromCharCode(arg)
    }
    return this.value(op(instruction, operands) + immediates)
  }

  madd (a: Lane, b: Lane, c: Lane): Lane {
    if (this.relaxed) return this.op(`${this.type}.relaxed_madd`, a, b, c)
    return this.value(op(`${this.type}.add`, op(`${this.type}.mul`, get(a), get(b)), get(c)))
  }

  select (mask: Lane, a: Lane, b: Lane): Lane { return this.op('v128.bitselect', a, b, mask) }

  /** Any text of type v128, in the present block. */
  value (text: string): Lane { return this.#fn.vector(this.into.lines, text) as Lane }

  /** One lane as a number, a text. */
  extract (value: Lane, lane: number): string {
    return laneOp(`${this.type}.extract_lane`, lane, get(value))
  }

  #splat (type: 'f32' | 'f64' | 'i32' | 'i64', value: number | bigint): Lane {
    const bits = type.endsWith('32') ? 32 : 64
    const key = `${type} ${Object.is(value, -0) ? '-0' : value}`
    return this.#fn.once(this.#fn.entry, key, 'v128', () =>
      load(`v128.load${bits}_splat`, recordAddress, this.#record.constant(type, value))) as Lane
  }
}

// Two float32 numbers side by side, and one float64 number, as the bits of a word.
function pair (low: number, high: number): bigint {
  return bitsOf(view => {
    view.setFloat32(0, low, true)
    view.setFloat32(4, high, true)
  })
}

function bits (value: number): bigint {
  return bitsOf(view => view.setFloat64(0, value, true))
}

function bitsOf (write: (view: DataView) => void): bigint {
  const view = new DataView(new ArrayBuffer(8))
  write(view)
  return view.getBigInt64(0, true)
}
