// Values without axes: options, lengths, totals, and what is computed from them. They are computed
// in float64 where they are needed, once a call, whatever the program's own precision.

import { findOp } from '../ops/index.ts'
import type { Lane } from '../ops/op.ts'
import { originalAxis, type Node } from '../formulas/graph.ts'
import { bytesOf, elementAt } from './elements.ts'
import { type Emission, LaneWriter } from './lane-writer.ts'
import type { RecordLayout } from './record.ts'
import { args, f64, get, i32, load, minus, op, plus, times, wordAt } from './shorthand.ts'
import { isReduction } from './space.ts'
import type { FunctionText, Precision } from './text.ts'

/** Writes scalars into the entry of one function. */
export class ScalarWriter {
  readonly #writer: LaneWriter
  readonly #fn: FunctionText
  readonly #record: RecordLayout
  readonly #precision: Precision
  readonly #stored: Emission['stored']
  readonly #values = new Map<Node, Lane>()

  constructor (fn: FunctionText, { record, precision, stored }: Emission) {
    this.#writer = new LaneWriter(fn, { record, precision: 'f64', relaxed: false })
    this.#fn = fn
    this.#record = record
    this.#precision = precision
    this.#stored = stored
  }

  /** The local of type v128 (f64x2, both lanes alike) that holds the value. */
  value (node: Node): Lane {
    const open = [node]
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const missing = this.#values.has(top)
        ? []
        : operandsOf(top).filter(arg => !this.#values.has(arg))
      open.push(...missing)
      if (missing.length > 0) continue
      if (!this.#values.has(top)) this.#values.set(top, this.#write(top))
      open.pop()
    }
    return this.#at(node)
  }

  #at (node: Node): Lane { return this.#values.get(node) as Lane }

  #write (node: Node): Lane {
    const w = this.#writer
    switch (node.op) {
      case 'constant': return node.mask
        ? w.bits(node.value === 0 ? 0n : -1n)
        : w.constant(node.value)
      case 'parameter': return this.#number(`number ${node.name}`)
      case 'size': return w.value(
        op('f64x2.splat', op('f64.convert_i32_u', this.#lengthOf(node.over[0] ?? ''))))
      case 'input': case 'take': return this.#element(node)
      case 'sum': case 'max': case 'min': return this.#number(`total ${node.id}`)
      default: {
        const row = findOp(node.op)
        if (row?.lanes === undefined) throw new Error(`${node.op} has no lanes`)
        return row.lanes(w, ...node.args.map(arg => this.#at(arg)))
      }
    }
  }

  #number (word: string): Lane {
    return this.#writer.value(load('v128.load64_splat', args, this.#record.word(word)))
  }

  #lengthOf (axis: string): string {
    return wordAt(this.#record.word(`length ${originalAxis(axis)}`))
  }

  // An input without axes, or taken along each of them.
  #element (node: Node): Lane {
    const places = new Map<string, string>()
    let input = node
    while (input.op === 'take') {
      const [from, index] = input.args as [Node, Node]
      const [axis = ''] = input.over
      places.set(axis, this.#place(axis, index))
      input = from
    }
    const stored = this.#stored.get(input)
    const bytes = bytesOf(input.datatype, this.#precision)
    const place = (stored ?? input).layout.reduce((sum, axis) =>
      plus(times(sum, this.#lengthOf(axis)), places.get(axis) ?? i32(0)),
    i32(0))
    const base = wordAt(this.#record.word(stored?.place ?? `input ${input.name}`))
    const address = plus(base, times(place, bytes))
    const number = elementAt(address, input.datatype, this.#precision, { as: 'f64' })
    return this.#writer.value(op('f64x2.splat', number))
  }

  // A position, rounded down and held inside its axis.
  #place (axis: string, index: Node): string {
    const last = op('f64.convert_i32_s', minus(this.#lengthOf(axis), 1))
    const number = this.#writer.extract(this.#at(index), 0)
    const held = op('f64.min', op('f64.max', number, f64(0)), last)
    return get(this.#fn.once(this.#fn.entry, `position ${axis} ${index.id}`, 'i32', () =>
      op('i32.trunc_sat_f64_s', held)))
  }
}

// Of a take only the indices are computed; a total has been.
function operandsOf (node: Node): readonly Node[] {
  if (isReduction(node)) return []
  if (node.op !== 'take') return node.args
  const [from, index] = node.args as [Node, Node]
  return from.op === 'take' ? [...operandsOf(from), index] : [index]
}
