// Where the elements of tensors lie that a loop reads or writes. Each part of an address is
// computed at the level where it changes, so that along the lanes nothing is left but an offset:
//
//     base + row · stride + …        in the row's block
//          + position · bytes        in the lanes' block, once for all copies

import { originalAxis, type Axis, type Node } from '../formulas/graph.ts'
import type { Lane } from '../ops/op.ts'
import { bytesOf } from './elements.ts'
import type { LaneWriter } from './lane-writer.ts'
import type { Levels } from './levels.ts'
import type { RecordLayout } from './record.ts'
import type { Stored } from './schedule.ts'
import { noAxis } from './walk-plan.ts'
import { below, get, i32, laneOp, minus, op, plus, select, times, wordAt } from './shorthand.ts'
import type { Block, FunctionText, Precision } from './text.ts'

/** A tensor as a loop reads or writes it. */
export interface Access {
  /** The record's word that holds its address. */
  readonly place: string
  readonly layout: readonly Axis[]
  readonly datatype: Node['datatype']
  /** Axes along which the position is no loop's but a value. */
  readonly gathers: readonly Gather[]
  /** Axes along which another place is read: position - step. */
  readonly shifts: readonly Shift[]
  /** Tells accesses to one tensor apart that differ in the way they gather. */
  readonly key: string
}

/** A value that lies in memory in the computing datatype. */
export function accessTo ({ place, layout }: Stored): Access {
  return { place, layout, datatype: 'real', gathers: [], shifts: [], key: place }
}

export interface Shift {
  readonly axis: Axis
  readonly step: number
}

/** The position along `axis` is the value `lane`, known at `level`; it may vary by lane. */
export interface Gather {
  readonly axis: Axis
  readonly lane: Lane
  readonly level: number
  readonly varies: boolean
}

/** Where in the lanes' axis a vector stands. */
export interface Position {
  /** Local of the position of the body's first lane; empty where a row is one number. */
  readonly lane: string
  /** Which of the body's interleaved vectors it is. */
  readonly copy: number
  /** Lanes that count, a local; null if all do. */
  readonly rest: string | null
}

export class AddressWriter {
  readonly #fn: FunctionText
  readonly #record: RecordLayout
  readonly #writer: LaneWriter
  readonly #precision: Precision
  readonly #levels: Levels

  constructor (parts: {
    fn: FunctionText
    record: RecordLayout
    writer: LaneWriter
    precision: Precision
    levels: Levels
  }) {
    this.#fn = parts.fn
    this.#record = parts.record
    this.#writer = parts.writer
    this.#precision = parts.precision
    this.#levels = parts.levels
  }

  /** The length of an axis, in a local. */
  length (axis: Axis): string {
    if (axis === noAxis) return this.#fn.once(this.#fn.entry, 'one', 'i32', () => i32(1))
    const name = `length ${originalAxis(axis)}`
    return this.#fn.once(this.#fn.entry, name, 'i32', () => wordAt(this.#record.word(name)))
  }

  /** True if each lane has an element by its position, rather than one for all. */
  variesByPosition (access: Access): boolean {
    const { lane } = this.#levels
    return access.layout.includes(lane) && !isGathered(access, lane)
  }

  /** True if neighbouring lanes are neighbours in memory. */
  isContiguous (access: Access): boolean {
    const distance = Math.abs(stepAlong(access, this.#levels.lane)) *
      bytesOf(access.datatype, this.#precision)
    return access.layout.at(-1) === this.#levels.lane && !access.gathers.some(isVarying)
      && distance <= slackBytes
  }

  /** The deepest level at which the address changes, lanes aside. */
  level (access: Access): number {
    let deepest = 0
    for (const axis of access.layout) {
      if (axis === this.#levels.lane || isGathered(access, axis)) continue
      deepest = Math.max(deepest, this.#levels.of([axis]))
    }
    for (const gather of access.gathers) {
      if (!gather.varies) deepest = Math.max(deepest, gather.level)
    }
    return deepest
  }

  /** The address without the lanes' own axis, in a local. */
  pointer (access: Access): string { return this.#pointer(access, this.level(access)) }

  /** The address of the body's first lane, once for all copies: pointer + position · bytes. */
  lanePointer (access: Access, at: Position): string {
    const { lane, lanes } = this.#levels
    const level = this.level(access)
    const { block } = this.#levels.at(Math.max(level, lanes))
    return this.#fn.once(block, `lanes ${access.key}`, 'i32', () => {
      const bytes = bytesOf(access.datatype, this.#precision)
      const pointer = this.#pointer(access, level)
      const distance = this.#fn.once(this.#levels.at(lanes).block, `distance ${bytes}`, 'i32',
        () => times(get(at.lane), bytes))
      return minus(plus(get(pointer), get(distance)), bytes * stepAlong(access, lane))
    })
  }

  /** The address of a lane's element, by lane; lanes beyond the end read the last one again. */
  laneAddress (access: Access, at: Position): (lane: number) => string {
    const start = get(this.pointer(access))
    const byPosition = this.variesByPosition(access) ? this.#placed(access, at) : null
    const offsets = access.gathers.filter(isVarying).map(gather =>
      get(this.gathered(access, gather)))
    return lane => offsets.reduce((sum, gathered) =>
      plus(sum, laneOp('i32x4.extract_lane', lane, gathered)),
    byPosition === null ? start : plus(start, byPosition(lane)))
  }

  // Bytes to the position of a lane.
  #placed (access: Access, at: Position): (lane: number) => string {
    const axis = this.#levels.lane
    const length = get(this.length(axis))
    const step = stepAlong(access, axis)
    const stride = this.#stride(access, axis)
    return lane => {
      const position = plus(get(at.lane), at.copy * this.#writer.count + lane - step)
      return times(at.rest === null && step === 0
        ? position
        : select(position, minus(length, 1), below(position, length)), stride)
    }
  }

  /** The address of one element of a row that runs along the lanes. */
  elementAddress (access: Access, position: string): string {
    const bytes = bytesOf(access.datatype, this.#precision)
    const row = this.#pointer(access, this.#levels.lanes - 1)
    return plus(get(row), times(get(position), bytes))
  }

  // The address as far as levels 0 … level decide it.
  #pointer (access: Access, level: number): string {
    const { positions, block } = this.#levels.at(level)
    const key = `pointer ${access.key}`
    const known = block.memo.get(key)
    if (known !== undefined) return known
    const terms: string[] = []
    for (const [axis, position] of positions) {
      if (axis === this.#levels.lane || isGathered(access, axis)) continue
      if (!access.layout.includes(axis)) continue
      const held = this.#held(axis, position, stepAlong(access, axis), block)
      terms.push(times(get(held), this.#stride(access, axis)))
    }
    for (const gather of access.gathers) {
      if (gather.level === level && !isVarying(gather)) {
        terms.push(laneOp('i32x4.extract_lane', 0, this.#offsets(access, gather)))
      }
    }
    const before = level === 0 ? this.#base(access) : this.#pointer(access, level - 1)
    if (terms.length === 0) {
      block.memo.set(key, before)
      return before
    }
    return this.#fn.once(block, key, 'i32', () =>
      terms.reduce((sum, term) => plus(sum, term), get(before)))
  }

  // The place a step before a position, or another one where the axis has none.
  #held (axis: Axis, position: string, step: number, into: Block): string {
    if (step === 0) return position
    return this.#fn.once(into, `place ${axis} ${step}`, 'i32', () => {
      const place = minus(get(position), step)
      return select(place, get(position), below(place, get(this.length(axis))))
    })
  }

  #base ({ place }: Access): string {
    return this.#fn.once(this.#fn.entry, `address ${place}`, 'i32', () =>
      wordAt(this.#record.word(place)))
  }

  // Bytes from one position along an axis to the next.
  #stride ({ layout, datatype }: Access, axis: Axis): string {
    const bytes = bytesOf(datatype, this.#precision)
    const after = layout.slice(layout.indexOf(axis) + 1)
    if (after.length === 0) return i32(bytes)
    const key = `stride ${bytes} ${after.map(originalAxis).join()}`
    const stride = this.#fn.once(this.#fn.entry, key, 'i32', () => times(
      after.map(next => get(this.length(next))).reduce((a, b) => times(a, b)), bytes))
    return get(stride)
  }

  /** Bytes to the gathered positions of all lanes, a local of the present block. */
  gathered (access: Access, gather: Gather): string {
    const offsets = this.#offsets(access, gather)
    return this.#fn.once(this.#writer.into, offsets, 'v128', () => offsets)
  }

  // The numbers in the lanes, held inside the axis and rounded down; NaN is 0. The first place is
  // asked last: an axis without places has no last one, -1.
  #offsets (access: Access, { axis, lane: index }: Gather): string {
    const { type } = this.#writer
    const last = this.#fn.once(this.#fn.entry, `last ${originalAxis(axis)}`, 'v128', () =>
      op(`${type}.splat`, op(`${this.#precision}.convert_i32_s`,
        minus(get(this.length(axis)), 1))))
    const held = op(`${type}.pmax`, get(this.#writer.constant(0)),
      op(`${type}.pmin`, get(index), get(last)))
    const truncate = type === 'f64x2' ? 'trunc_sat_f64x2_s_zero'
      : this.#writer.relaxed ? 'relaxed_trunc_f32x4_s' : 'trunc_sat_f32x4_s'
    const places = op(`i32x4.${truncate}`, held)
    if (access.layout.at(-1) === axis) {
      const bytes = bytesOf(access.datatype, this.#precision)
      return op('i32x4.shl', places, i32(Math.log2(bytes)))
    }
    const stride = this.#stride(access, axis)
    const strides = this.#fn.once(this.#fn.entry, `lanes of ${stride}`, 'v128', () =>
      op('i32x4.splat', stride))
    return op('i32x4.mul', places, get(strides))
  }
}

// How far beyond its ends a tensor may be read; what is read there does not matter.
const slackBytes = 32

const stepAlong = ({ shifts }: Access, axis: Axis): number =>
  shifts.find(shift => shift.axis === axis)?.step ?? 0

const isGathered = ({ gathers }: Access, axis: Axis): boolean =>
  gathers.some(gather => gather.axis === axis)

const isVarying = (gather: Gather): boolean => gather.varies
