// Values without axes: options, lengths, totals, and what is computed from them. They are computed
// in float64 where they are needed, once a call, whatever the program's own precision.

import { ops } from '../ops/index.ts'
import type { Lane, Op } from '../ops/op.ts'
import { originalAxis, type Node } from '../formulas/graph.ts'
import type { RecordLayout } from './record.ts'
import { FunctionText, get, LaneWriter, offset } from './text.ts'

/** Rows of the op table by name. */
export const rowOf: ReadonlyMap<string, Op> = new Map(ops.map(op => [op.name, op]))

const loads: Record<string, string> = {
  f32: '(f64.promote_f32 (f32.load',
  f64: '(f64.load',
  INT64: '(f64.convert_i64_s (i64.load',
  INT32: '(f64.convert_i32_s (i32.load',
  UINT8: '(f64.convert_i32_u (i32.load8_u',
  BOOL: '(f64.convert_i32_u (i32.load8_u'
}

/** Writes scalars into the entry of one function. */
export class ScalarWriter {
  readonly #writer: LaneWriter
  readonly #function: FunctionText
  readonly #record: RecordLayout
  readonly #precision: 'f32' | 'f64'
  readonly #values = new Map<Node, Lane>()

  constructor (fn: FunctionText, record: RecordLayout, precision: 'f32' | 'f64') {
    this.#writer = new LaneWriter(fn, record, 'f64x2', false)
    this.#function = fn
    this.#record = record
    this.#precision = precision
  }

  /** The local of type v128 (f64x2, both lanes alike) that holds the value. */
  value (node: Node): Lane {
    const open = [node]
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const missing = argumentsOf(top).filter(arg => !this.#values.has(arg))
      if (missing.length > 0 && !this.#values.has(top)) open.push(...missing)
      else {
        if (!this.#values.has(top)) this.#values.set(top, this.#write(top))
        open.pop()
      }
    }
    return this.#known(node)
  }

  #known (node: Node): Lane { return this.#values.get(node) as Lane }

  #write (node: Node): Lane {
    const w = this.#writer
    if (node.op === 'constant') return node.mask ? w.bits(node.value === 0 ? 0n : -1n) : w.constant(node.value)
    if (node.op === 'parameter') return this.#word(`number ${node.name}`)
    if (node.op === 'size') {
      const word = this.#record.word(`length ${originalAxis(node.over[0] as string)}`)
      return w.value(`(f64x2.splat (f64.convert_i32_u (i32.load ${offset(word)})))`)
    }
    if (node.op === 'input') return this.#load(node, '')
    if (node.op === 'take') {
      const [input, index] = node.args as [Node, Node]
      return this.#load(input, get(this.#position(input, index)))
    }
    if (node.args[0] !== undefined && node.args[0].axes.length > 0) return this.#word(`total ${node.id}`)
    const row = rowOf.get(node.op)
    if (row?.lanes === undefined) throw new Error(`${node.op} has no lanes`)
    return row.lanes(w, ...node.args.map(arg => this.#known(arg)))
  }

  #word (name: string): Lane {
    return this.#writer.value(`(v128.load64_splat ${offset(this.#record.word(name))})`)
  }

  #load (input: Node, position: string): Lane {
    const type = input.datatype === 'real' ? this.#precision : input.datatype
    const bytes = bytesOf(input.datatype, this.#precision)
    const base = `(i32.load ${offset(this.#record.word(`input ${input.name}`))})`
    const address = position === '' ? base : `(i32.add ${base} (i32.mul ${position} (i32.const ${bytes})))`
    const text = `${loads[type]} ${address}${type === 'f64' ? '' : ')'})`
    return this.#writer.value(`(f64x2.splat ${text})`)
  }

  // A position, rounded down and held inside the input's only axis.
  #position (input: Node, index: Node): string {
    const length = this.#record.word(`length ${originalAxis(input.layout[0] as string)}`)
    const last = `(f64.convert_i32_s (i32.sub (i32.load ${offset(length)}) (i32.const 1)))`
    const place = `(f64.min (f64.max (f64x2.extract_lane 0 ${get(this.#known(index))}) (f64.const 0)) ${last})`
    return this.#function.once(this.#function.entry, `position ${input.id} ${index.id}`, 'i32', () =>
      `(i32.trunc_sat_f64_s ${place})`)
  }
}

function argumentsOf (node: Node): readonly Node[] {
  if (node.op === 'take') return node.args.slice(1)
  const reduces = node.op === 'sum' || node.op === 'max' || node.op === 'min'
  return reduces ? [] : node.args
}

/** Bytes of an element in memory. */
export function bytesOf (datatype: Node['datatype'], precision: 'f32' | 'f64'): number {
  if (datatype === 'INT64') return 8
  if (datatype === 'INT32') return 4
  if (datatype === 'UINT8' || datatype === 'BOOL') return 1
  return precision === 'f32' ? 4 : 8
}
