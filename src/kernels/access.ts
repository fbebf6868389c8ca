// Vectors of lanes from and to tensors inside a loop: one number for all lanes, neighbours in
// memory at once, or each lane by its own address.

import type { Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import type { Access, AddressWriter, Position } from './addresses.ts'
import { bytesOf, elementAt } from './elements.ts'
import type { LaneWriter } from './lane-writer.ts'
import type { Levels } from './levels.ts'
import { behind, get, set } from './shorthand.ts'
import type { FunctionText, Precision } from './text.ts'

export class AccessWriter {
  readonly #fn: FunctionText
  readonly #writer: LaneWriter
  readonly #precision: Precision
  readonly #levels: Levels
  readonly #addresses: AddressWriter

  constructor (parts: {
    fn: FunctionText
    writer: LaneWriter
    precision: Precision
    levels: Levels
    addresses: AddressWriter
  }) {
    this.#fn = parts.fn
    this.#writer = parts.writer
    this.#precision = parts.precision
    this.#levels = parts.levels
    this.#addresses = parts.addresses
  }

  /** The value at a position, as lanes. */
  load (access: Access, at: Position): Lane {
    if (!this.#varies(access)) return this.#splat(access)
    if (this.#addresses.isContiguous(access)) return this.#vector(access, at)
    return this.#assemble(lane =>
      this.#number(access.datatype, this.#addresses.laneAddress(access, at, lane)))
  }

  /** Writes lanes to a tensor of the computing datatype. */
  store (access: Access, value: Lane, at: Position): void {
    const { lines } = this.#writer.into
    const store = (address: string, lane: number): string =>
      `(${this.#precision}.store ${address} ${this.#writer.extract(value, lane)})`
    if (!this.#varies(access)) lines.push(store(get(this.#addresses.pointer(access)), 0))
    else if (this.#addresses.isContiguous(access)) this.#storeVector(access, value, at, lines)
    else {
      for (let lane = 0; lane < this.#writer.count; lane++) {
        const address = this.#addresses.laneAddress(access, at, lane)
        lines.push(ifCounts(at, lane, store(address, lane)))
      }
    }
  }

  /** Adds lanes to what lies there, one after the other where they may meet. */
  add (access: Access, value: Lane, at: Position): void {
    const { type, count } = this.#writer
    if (this.#addresses.variesByPosition(access) && this.#addresses.isContiguous(access)) {
      this.store(access, this.#writer.op(`${type}.add`, this.load(access, at), value), at)
      return
    }
    // Most of what goes to few places is 0. What others use, too, is not to be known inside only.
    this.#addresses.pointer(access)
    for (const gather of access.gathers) this.#addresses.gathered(access, gather)
    const { lines } = this.#writer.into
    lines.push(`(if (v128.any_true ${get(value)}) (then`)
    for (let lane = 0; lane < count; lane++) {
      const address = this.#fn.local('i32', 'q')
      const number = `(${this.#precision}.add (${this.#precision}.load ${get(address)}) ${
        this.#writer.extract(value, lane)})`
      lines.push(set(address, this.#addresses.laneAddress(access, at, lane)),
        ifCounts(at, lane, `(${this.#precision}.store ${get(address)} ${number})`))
    }
    lines.push('))')
  }

  #varies (access: Access): boolean {
    return this.#addresses.variesByPosition(access) || access.gathers.some(({ varies }) => varies)
  }

  // Loaded where the address is known, however deep the loop that asks.
  #splat (access: Access): Lane {
    const { block } = this.#levels.at(this.#addresses.level(access))
    const address = get(this.#addresses.pointer(access))
    const text = access.datatype === 'real'
      ? `(v128.load${8 * this.#writer.bytes}_splat ${address})`
      : `(${this.#writer.type}.splat ${this.#number(access.datatype, address)})`
    return this.#fn.once(block, `load ${access.key}`, 'v128', () => text) as Lane
  }

  #vector (access: Access, at: Position): Lane {
    const { datatype } = access
    const pointer = get(this.#addresses.lanePointer(access, at))
    const bytes = bytesOf(datatype, this.#precision)
    const first = at.copy * this.#writer.count * bytes
    if (datatype === 'real') return this.#writer.value(`(v128.load ${behind(pointer, first)})`)
    return this.#assemble(lane => this.#number(datatype, behind(pointer, first + lane * bytes)))
  }

  #assemble (lane: (index: number) => string): Lane {
    const { type, count } = this.#writer
    let text = `(${type}.splat ${lane(0)})`
    for (let index = 1; index < count; index++) {
      text = `(${type}.replace_lane ${index} ${text} ${lane(index)})`
    }
    return this.#writer.value(text)
  }

  #number (datatype: Node['datatype'], operand: string): string {
    return elementAt(operand, datatype, this.#precision)
  }

  // The last vector of a row may reach beyond it: then its lanes are stored one by one.
  #storeVector (access: Access, value: Lane, at: Position, lines: string[]): void {
    const pointer = get(this.#addresses.lanePointer(access, at))
    const { bytes, count } = this.#writer
    const first = at.copy * 16
    const whole = `(v128.store ${behind(pointer, first)} ${get(value)})`
    if (at.rest === null) {
      lines.push(whole)
      return
    }
    lines.push(`(if (i32.ge_u ${get(at.rest)} (i32.const ${count})) (then ${whole}) (else`)
    for (let lane = 0; lane < count - 1; lane++) {
      const operand = `offset=${first + lane * bytes} ${lane} ${pointer}`
      lines.push(ifCounts(at, lane, `(v128.store${8 * bytes}_lane ${operand} ${get(value)})`))
    }
    lines.push('))')
  }
}

// The first lane always counts.
function ifCounts (at: Position, lane: number, text: string): string {
  if (at.rest === null || lane === 0) return text
  return `(if (i32.gt_u ${get(at.rest)} (i32.const ${lane})) (then ${text}))`
}
