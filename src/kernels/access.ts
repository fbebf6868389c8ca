// Vectors of lanes from and to tensors inside a loop: one number for all lanes, neighbours in
// memory at once, or each lane by its own address.

import type { Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import type { Access, AddressWriter, Position } from './addresses.ts'
import { bytesOf, elementAt } from './elements.ts'
import type { LaneWriter } from './lane-writer.ts'
import type { Levels } from './levels.ts'
import {
  end, get, given, i32, laneOp, load, op, otherwise, set, store, storeLane
} from './shorthand.ts'
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
    const address = this.#addresses.laneAddress(access, at)
    return this.#assemble(lane => this.#number(access.datatype, address(lane)))
  }

  /** Writes lanes to a tensor of the computing datatype. */
  store (access: Access, value: Lane, at: Position): void {
    const { lines } = this.#writer.into
    const number = (address: string, lane: number): string =>
      store(`${this.#precision}.store`, address, this.#writer.extract(value, lane))
    if (!this.#varies(access)) lines.push(number(get(this.#addresses.pointer(access)), 0))
    else if (this.#addresses.isContiguous(access)) this.#storeVector(access, value, at, lines)
    else {
      const address = this.#addresses.laneAddress(access, at)
      for (let lane = 0; lane < this.#writer.count; lane++) {
        lines.push(ifCounts(at, lane, number(address(lane), lane)))
      }
    }
  }

  /** Adds lanes to what lies there, one after the other where they may meet. */
  add (access: Access, value: Lane, at: Position): void {
    const { type: vector, count } = this.#writer
    if (this.#addresses.variesByPosition(access) && this.#addresses.isContiguous(access)) {
      this.store(access, this.#writer.op(`${vector}.add`, this.load(access, at), value), at)
      return
    }
    // Most of what goes to few places is 0. What others use, too, is not to be known inside only.
    const addressOf = this.#addresses.laneAddress(access, at)
    const { lines } = this.#writer.into
    const type = this.#precision
    lines.push(given(op('v128.any_true', get(value))))
    for (let lane = 0; lane < count; lane++) {
      const address = this.#fn.local('i32')
      const number = op(`${type}.add`, load(`${type}.load`, get(address)),
        this.#writer.extract(value, lane))
      lines.push(set(address, addressOf(lane)),
        ifCounts(at, lane, store(`${type}.store`, get(address), number)))
    }
    lines.push(end)
  }

  #varies (access: Access): boolean {
    return this.#addresses.variesByPosition(access) || access.gathers.some(({ varies }) => varies)
  }

  // Loaded where the address is known, however deep the loop that asks.
  #splat (access: Access): Lane {
    const { block } = this.#levels.at(this.#addresses.level(access))
    const address = get(this.#addresses.pointer(access))
    const text = access.datatype === 'real'
      ? load(`v128.load${8 * this.#writer.bytes}_splat`, address)
      : op(`${this.#writer.type}.splat`, this.#number(access.datatype, address))
    return this.#fn.once(block, `load ${access.key}`, 'v128', () => text) as Lane
  }

  #vector (access: Access, at: Position): Lane {
    const { datatype } = access
    const pointer = get(this.#addresses.lanePointer(access, at))
    const bytes = bytesOf(datatype, this.#precision)
    const first = at.copy * this.#writer.count * bytes
    if (datatype === 'real') return this.#writer.value(load('v128.load', pointer, first))
    return this.#assemble(lane => this.#number(datatype, pointer, first + lane * bytes))
  }

  #assemble (lane: (index: number) => string): Lane {
    const { type, count } = this.#writer
    let text = op(`${type}.splat`, lane(0))
    for (let index = 1; index < count; index++) {
      text = laneOp(`${type}.replace_lane`, index, text, lane(index))
    }
    return this.#writer.value(text)
  }

  #number (datatype: Node['datatype'], address: string, offset = 0): string {
    return elementAt(address, datatype, this.#precision, { offset })
  }

  // The last vector of a row may reach beyond it: then its lanes are stored one by one.
  #storeVector (access: Access, value: Lane, at: Position, lines: string[]): void {
    const pointer = get(this.#addresses.lanePointer(access, at))
    const { bytes, count } = this.#writer
    const first = at.copy * 16
    const whole = store('v128.store', pointer, get(value), first)
    if (at.rest === null) {
      lines.push(whole)
      return
    }
    lines.push(given(op('i32.ge_u', get(at.rest), i32(count))), whole, otherwise)
    for (let lane = 0; lane < count - 1; lane++) {
      lines.push(ifCounts(at, lane,
        storeLane(`v128.store${8 * bytes}_lane`, lane, pointer, get(value), first + lane * bytes)))
    }
    lines.push(end)
  }
}

// The first lane always counts.
function ifCounts (at: Position, lane: number, text: string): string {
  if (at.rest === null || lane === 0) return text
  return given(op('i32.gt_u', get(at.rest), i32(lane))) + text + end
}
