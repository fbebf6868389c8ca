// Reading and writing tensors inside a loop: addresses, each part computed at the level of the loop
// where it changes, and vectors of lanes loaded, gathered or stored.

import { originalAxis, type Axis, type Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import type { RecordLayout } from './record.ts'
import { bytesOf } from './scalars.ts'
import {
  below, block, get, integer, offset, plus, times, type Block, type FunctionText, type LaneWriter
} from './text.ts'

/** A tensor as a loop reads or writes it. */
export interface Access {
  /** The record's word that holds its address. */
  readonly place: string
  readonly layout: readonly Axis[]
  readonly datatype: Node['datatype']
  /** A gather: the position along `axis` is the value `lane`, known at `level`; it may vary by lane. */
  readonly gather?: { readonly axis: Axis; readonly lane: Lane; readonly level: number; readonly varies: boolean }
  /** Tells accesses to one tensor apart that differ in the way they gather. */
  readonly key: string
}

/** One level of a loop: its axes, each with the local that holds the position, and its block. */
export interface Level {
  readonly axes: ReadonlyMap<Axis, string>
  block: Block
}

/** Where in the lanes' axis a vector stands. */
export interface Position {
  /** Local of the position of the body's first lane. */
  readonly lane: string
  /** Which of the body's interleaved vectors it is. */
  readonly copy: number
  /** Lanes that count, a local; null if all do. */
  readonly rest: string | null
}

export class AccessWriter {
  readonly levels: Level[] = [{ axes: new Map(), block: block() }]
  readonly #function: FunctionText
  readonly #record: RecordLayout
  readonly #writer: LaneWriter
  readonly #precision: 'f32' | 'f64'
  readonly #lane: Axis
  readonly #laneLevel: number

  constructor (parts: {
    fn: FunctionText
    record: RecordLayout
    writer: LaneWriter
    precision: 'f32' | 'f64'
    lane: Axis
    laneLevel: number
  }) {
    this.#function = parts.fn
    this.#record = parts.record
    this.#writer = parts.writer
    this.#precision = parts.precision
    this.#lane = parts.lane
    this.#laneLevel = parts.laneLevel
    this.levels[0] = { axes: new Map(), block: parts.fn.entry }
  }

  /** The length of an axis, in a local. */
  length (axis: Axis): string {
    const word = this.#record.word(`length ${originalAxis(axis)}`)
    const text = `(i32.load ${offset(word)})`
    return this.#function.once(this.#function.entry, `length ${originalAxis(axis)}`, 'i32', () => text, 'n')
  }

  /** The value at a position, as lanes. */
  load (access: Access, at: Position): Lane {
    const { layout, gather } = access
    const byLane = layout.includes(this.#lane) && gather?.axis !== this.#lane
    if (!byLane && gather?.varies !== true) return this.#splat(access)
    if (byLane && layout.at(-1) === this.#lane && gather?.varies !== true) {
      return this.#vector(access, at)
    }
    return this.#gathered(access, at)
  }

  /** Writes lanes to a tensor of the computing datatype. */
  store (access: Access, value: Lane, at: Position): void {
    const lines = this.#writer.into.lines
    if (!access.layout.includes(this.#lane)) {
      lines.push(`(${this.#precision}.store ${get(this.#pointer(access, this.#top(access)))} ${this.#extract(value, 0)})`)
    } else if (access.layout.at(-1) === this.#lane) this.#storeVector(access, value, at, lines)
    else {
      for (let lane = 0; lane < this.#count; lane++) {
        const text = `(${this.#precision}.store ${this.#laneAddress(access, at, lane)} ${this.#extract(value, lane)})`
        lines.push(this.#ifCounts(at, lane, text))
      }
    }
  }

  /** The address of one element of a row that runs along the lanes. */
  elementAddress (access: Access, position: string): string {
    const bytes = bytesOf(access.datatype, this.#precision)
    const row = this.#pointer(access, this.#laneLevel - 1)
    return plus(get(row), times(get(position), integer(bytes)))
  }

  get #count (): number { return this.#precision === 'f32' ? 4 : 2 }

  #extract (value: Lane, lane: number): string {
    return `(${this.#writer.type}.extract_lane ${lane} ${get(value)})`
  }

  #ifCounts (at: Position, lane: number, text: string): string {
    if (at.rest === null || lane === 0) return text
    return `(if (i32.gt_u ${get(at.rest)} ${integer(lane)}) (then ${text}))`
  }

  // The deepest level at which the address changes, lanes aside.
  #top (access: Access): number {
    let top = access.gather !== undefined && !access.gather.varies ? access.gather.level : 0
    for (const [index, level] of this.levels.entries()) {
      if (access.layout.some(axis => axis !== access.gather?.axis && axis !== this.#lane && level.axes.has(axis))) {
        top = Math.max(top, index)
      }
    }
    return top
  }

  // The address as far as levels 0 … level decide it, without the lanes' own axis.
  #pointer (access: Access, level: number): string {
    const { place, layout, gather } = access
    const present = this.levels[level] as Level
    const terms: string[] = []
    for (const [axis, position] of present.axes) {
      if (layout.includes(axis) && axis !== gather?.axis && axis !== this.#lane) {
        terms.push(times(get(position), this.#stride(access, axis)))
      }
    }
    if (gather?.level === level && !gather.varies) {
      terms.push(times(this.#place(gather.lane, 0, gather.axis), this.#stride(access, gather.axis)))
    }
    const before = level === 0 ? this.#base(place) : this.#pointer(access, level - 1)
    if (terms.length === 0) return before
    return this.#function.once(present.block, `pointer ${access.key}`, 'i32', () =>
      terms.reduce(plus, get(before)), 'p')
  }

  #base (place: string): string {
    const text = `(i32.load ${offset(this.#record.word(place))})`
    return this.#function.once(this.#function.entry, `address ${place}`, 'i32', () => text, 'p')
  }

  // Bytes from one position along an axis to the next.
  #stride (access: Access, axis: Axis): string {
    const bytes = bytesOf(access.datatype, this.#precision)
    const after = access.layout.slice(access.layout.indexOf(axis) + 1)
    if (after.length === 0) return integer(bytes)
    const key = `stride ${bytes} ${after.map(originalAxis).join()}`
    const text = (): string => after.map(next => get(this.length(next))).reduce(times, integer(bytes))
    return get(this.#function.once(this.#function.entry, key, 'i32', text, 's'))
  }

  // A position given as a number in a lane, rounded down and held inside the axis.
  #place (index: Lane, lane: number, axis: Axis): string {
    const type = this.#precision
    const last = this.#function.once(this.#function.entry, `last ${originalAxis(axis)}`, type, () =>
      `(${type}.convert_i32_s (i32.sub ${get(this.length(axis))} (i32.const 1)))`, 'n')
    const held = `(${type}.min (${type}.max ${this.#extract(index, lane)} (${type}.const 0)) ${get(last)})`
    return `(i32.trunc_sat_${type}_s ${held})`
  }

  #splat (access: Access): Lane {
    const top = this.#top(access)
    const into = (this.levels[top] as Level).block
    const address = get(this.#pointer(access, top))
    const text = this.#converted(access.datatype, address, 0)
    return this.#function.once(into, `load ${access.key}`, 'v128', () => text) as Lane
  }

  // One number as a splat.
  #converted (datatype: Node['datatype'], address: string, byteOffset: number): string {
    const { type } = this.#writer
    const at = byteOffset === 0 ? '' : `offset=${byteOffset} `
    if (datatype === 'real') return `(v128.load${type === 'f32x4' ? 32 : 64}_splat ${at}${address})`
    return `(${type}.splat ${this.#scalar(datatype, at + address)})`
  }

  #scalar (datatype: Node['datatype'], operand: string): string {
    const type = this.#precision
    switch (datatype) {
      case 'INT64': return `(${type}.convert_i64_s (i64.load ${operand}))`
      case 'INT32': return `(${type}.convert_i32_s (i32.load ${operand}))`
      case 'UINT8': case 'BOOL': return `(${type}.convert_i32_u (i32.load8_u ${operand}))`
      default: return `(${type}.load ${operand})`
    }
  }

  // The address of the body's first lane: pointer + position · bytes, once for all copies.
  #lanePointer (access: Access, at: Position, level: number): string {
    const bytes = bytesOf(access.datatype, this.#precision)
    const pointer = this.#pointer(access, level)
    const into = (this.levels[Math.max(level, this.#laneLevel)] as Level).block
    const distance = this.#function.once((this.levels[this.#laneLevel] as Level).block, `distance ${bytes}`, 'i32', () =>
      times(get(at.lane), integer(bytes)), 'd')
    return this.#function.once(into, `lanes ${access.key}`, 'i32', () => plus(get(pointer), get(distance)), 'q')
  }

  #vector (access: Access, at: Position): Lane {
    const { datatype } = access
    const pointer = get(this.#lanePointer(access, at, this.#top(access)))
    const bytes = bytesOf(datatype, this.#precision)
    const byteOffset = at.copy * this.#count * bytes
    if (datatype === 'real') return this.#writer.value(`(v128.load offset=${byteOffset} ${pointer})`)
    const lanes = (lane: number): string =>
      this.#scalar(datatype, `offset=${byteOffset + lane * bytes} ${pointer}`)
    return this.#assemble(lanes)
  }

  #assemble (lane: (index: number) => string): Lane {
    const { type } = this.#writer
    let text = `(${type}.splat ${lane(0)})`
    for (let index = 1; index < this.#count; index++) text = `(${type}.replace_lane ${index} ${text} ${lane(index)})`
    return this.#writer.value(text)
  }

  #gathered (access: Access, at: Position): Lane {
    return this.#assemble(lane => this.#scalar(access.datatype, this.#laneAddress(access, at, lane)))
  }

  // The address of one lane's element; lanes beyond the end read the last one again.
  #laneAddress (access: Access, at: Position, lane: number): string {
    const { layout, gather } = access
    let address = get(this.#pointer(access, this.#top(access)))
    if (layout.includes(this.#lane) && gather?.axis !== this.#lane) {
      const position = plus(get(at.lane), integer(at.copy * this.#count + lane))
      const last = `(i32.sub ${get(this.length(this.#lane))} (i32.const 1))`
      const inside = below(position, get(this.length(this.#lane)))
      const held = at.rest === null ? position : `(select ${position} ${last} ${inside})`
      address = plus(address, times(held, this.#stride(access, this.#lane)))
    }
    if (gather?.varies === true) {
      address = plus(address, times(this.#place(gather.lane, lane, gather.axis), this.#stride(access, gather.axis)))
    }
    return address
  }

  #storeVector (access: Access, value: Lane, at: Position, lines: string[]): void {
    const pointer = get(this.#lanePointer(access, at, this.#top(access)))
    const bytes = this.#precision === 'f32' ? 4 : 8
    const byteOffset = at.copy * 16
    const whole = `(v128.store offset=${byteOffset} ${pointer} ${get(value)})`
    if (at.rest === null) {
      lines.push(whole)
      return
    }
    lines.push(`(if (i32.ge_u ${get(at.rest)} ${integer(this.#count)}) (then ${whole}) (else`)
    for (let lane = 0; lane < this.#count - 1; lane++) {
      const text = `(v128.store${bytes * 8}_lane offset=${byteOffset + lane * bytes} ${lane} ${pointer} ${get(value)})`
      lines.push(this.#ifCounts(at, lane, text))
    }
    lines.push('))')
  }
}
