// Emits one loop of a schedule: chunks, rows, stages, lanes. The skeleton is always the same:
//
//     k(args, first, last):
//       words of the record → locals; constants, options, scalars → locals
//       for each chunk: totals = 0
//         for each unit (a row, or a block of lanes beside rows)
//           for each stage: along the row { values, reductions, stores }
//         partial sums of the chunk = totals, in float64
//
// Sums run in lanes for at most a block, then go on in float64: the same bits for any number of
// threads, and an error that does not grow with the length.

import type { Axis, Node } from '../formulas/graph.ts'
import { findOp } from '../ops/index.ts'
import type { Lane } from '../ops/op.ts'
import { AccessWriter, type Access, type Position } from './access.ts'
import { Accumulator } from './accumulator.ts'
import {
  argumentOf, isReduction, maskOf, needed, planLoop, rootOf, type Kept, type LoopPlan, type Scatter,
  type Stage
} from './loop-plan.ts'
import type { Fit, LengthOf, Part } from './program.ts'
import type { RecordLayout } from './record.ts'
import { stepOffset } from './record.ts'
import { ScalarWriter } from './scalars.ts'
import type { Loop, StoreTask, TotalTask } from './schedule.ts'
import {
  below, block, FunctionText, get, integer, LaneWriter, offset, plus, set, times, type Block
} from './text.ts'

const blockLanes = 4096
const blockRows = 256
const besideLanes = 1024
const chunkNanoseconds = 50_000
const chunksMax = 65_536

export interface Emission {
  readonly record: RecordLayout
  readonly precision: 'f32' | 'f64'
  readonly relaxed: boolean
}

/** The function of a loop, and what the caller must know to cut its work. */
export function emitLoop (loop: Loop, index: number, emission: Emission): { wat: string; part: Part } {
  return new LoopEmitter(loop, index, emission).emit()
}

class LoopEmitter {
  readonly #plan: LoopPlan
  readonly #index: number
  readonly #record: RecordLayout
  readonly #precision: 'f32' | 'f64'
  readonly #function: FunctionText
  readonly #writer: LaneWriter
  readonly #scalars: ScalarWriter
  readonly #access: AccessWriter
  readonly #levelOf = new Map<Axis, number>()
  readonly #laneLevel: number
  readonly #innerLevel: number
  readonly #totals = new Map<TotalTask, Accumulator>()
  readonly #rows = new Map<Node, Accumulator>()
  #cost = 0

  constructor (loop: Loop, index: number, { record, precision, relaxed }: Emission) {
    this.#plan = planLoop(loop, node => loop.reads.has(node))
    const { lane, beside, rowAxes, innerAxes } = this.#plan
    this.#index = index
    this.#record = record
    this.#precision = precision
    this.#function = new FunctionText(
      `$k${index} (export "k${index}") (param $args i32) (param $first i32) (param $last i32)`)
    const type = precision === 'f32' ? 'f32x4' : 'f64x2'
    this.#writer = new LaneWriter(this.#function, record, type, relaxed)
    this.#scalars = new ScalarWriter(this.#function, record, precision)
    this.#innerLevel = beside ? 3 : 2
    this.#laneLevel = beside ? 2 : 2 + innerAxes.length
    for (const axis of rowAxes) this.#levelOf.set(axis, 1)
    for (const [place, axis] of innerAxes.entries()) this.#levelOf.set(axis, this.#innerLevel + place)
    this.#levelOf.set(lane, this.#laneLevel)
    this.#access = new AccessWriter({
      fn: this.#function, record, writer: this.#writer, precision, lane, laneLevel: this.#laneLevel
    })
  }

  get #count (): number { return this.#precision === 'f32' ? 4 : 2 }
  get #wide (): number { return 4 * this.#count }

  emit (): { wat: string; part: Part } {
    const { loop } = this.#plan
    for (const task of loop.tasks) {
      if (task.kind !== 'total') continue
      const gathering = maskOf(task.node) === null ? task.node.op as 'sum' | 'max' | 'min' : 'any'
      this.#totals.set(task, new Accumulator(this.#function, this.#writer, gathering))
    }
    const fn = this.#function
    const word = (at: number): string => `(i32.load ${offset(stepOffset(this.#index) + at)})`
    const perChunk = fn.once(fn.entry, 'units per chunk', 'i32', () => word(8), 'n')
    const units = fn.once(fn.entry, 'units', 'i32', () => word(12), 'n')
    const [chunk, unit, end] = [fn.local('i32', 'c'), fn.local('i32', 'u'), fn.local('i32', 'e')]
    const chunkBody = block()
    for (const total of this.#totals.values()) total.clear(chunkBody.lines)
    chunkBody.lines.push(set(unit, times(get(chunk), get(perChunk))),
      set(end, plus(get(unit), get(perChunk))),
      `(if (i32.gt_u ${get(end)} ${get(units)}) (then ${set(end, get(units))}))`)
    const body = this.#unit(unit)
    fn.loop(chunkBody, below(get(unit), get(end)), [...body.lines, set(unit, plus(get(unit), integer(1)))])
    const partials: number[] = []
    for (const [task, total] of this.#totals) {
      const at = this.#record.word(`partials ${task.node.id}`)
      partials.push(at)
      const address = plus(`(i32.load ${offset(at)})`, times(get(chunk), integer(8)))
      chunkBody.lines.push(`(f64.store ${address} ${total.number(chunkBody.lines)})`)
    }
    chunkBody.lines.push(set(chunk, plus(get(chunk), integer(1))))
    fn.entry.lines.push(set(chunk, '(local.get $first)'))
    fn.loop(fn.entry, below(get(chunk), '(local.get $last)'), chunkBody.lines)
    return { wat: fn.text(), part: this.#part(partials) }
  }

  // One unit of work: a row, or a block of lanes beside the rows.
  #unit (unit: string): Block {
    const { beside, rowAxes } = this.#plan
    const body = block()
    const fn = this.#function
    let row = unit
    let first = ''
    if (beside) {
      first = fn.local('i32', 'i')
      const width = integer(besideLanes)
      if (rowAxes.length === 0) body.lines.push(set(first, times(get(unit), width)))
      else {
        const length = get(this.#access.length(this.#plan.lane))
        const perRow = fn.once(fn.entry, 'units per row', 'i32', () =>
          `(i32.div_u (i32.add ${length} ${integer(besideLanes - 1)}) ${width})`, 'n')
        row = fn.local('i32', 'r')
        body.lines.push(set(row, `(i32.div_u ${get(unit)} ${get(perRow)})`),
          set(first, times(`(i32.sub ${get(unit)} ${times(get(row), get(perRow))})`, width)))
      }
    }
    this.#access.levels[1] = { axes: this.#coordinates(row, body), block: body }
    if (beside) this.#lanesBeside(body, first)
    else this.#stagesAlong(body)
    return body
  }

  // A row's number as one position for each of its axes.
  #coordinates (row: string, body: Block): Map<Axis, string> {
    const { rowAxes } = this.#plan
    if (rowAxes.length === 1) return new Map([[rowAxes[0] as Axis, row]])
    const positions = new Map<Axis, string>()
    const fn = this.#function
    let rest = row
    for (const [index, axis] of rowAxes.toReversed().entries()) {
      if (index === rowAxes.length - 1) {
        positions.set(axis, rest)
        break
      }
      const length = get(this.#access.length(axis))
      const [position, quotient] = [fn.local('i32', 'o'), fn.local('i32', 'r')]
      body.lines.push(set(quotient, `(i32.div_u ${get(rest)} ${length})`),
        set(position, `(i32.sub ${get(rest)} ${times(get(quotient), length)})`))
      positions.set(axis, position)
      rest = quotient
    }
    return positions
  }

  #lanesBeside (body: Block, position: string): void {
    const fn = this.#function
    const length = get(this.#access.length(this.#plan.lane))
    const end = fn.local('i32', 'e')
    body.lines.push(set(end, plus(get(position), integer(besideLanes))),
      `(if (i32.gt_u ${get(end)} ${length}) (then ${set(end, length)}))`)
    this.#lanes(body, position, end, (tile, copies, rest) => {
      this.#access.levels[2] = { axes: new Map([[this.#plan.lane, position]]), block: tile }
      for (const [index, stage] of this.#plan.stages.entries()) {
        const at = { lane: position, copies, rest }
        if (this.#plan.innerAxes.length === 0) this.#evaluate(stage, index, at, tile)
        else this.#stageBeside(tile, stage, index, at)
      }
      this.#tasks(this.#plan.rowTasks, this.#plan.stages.length, { lane: position, copies, rest }, tile)
    })
    for (const total of this.#totals.values()) total.flush(body.lines)
  }

  #stageBeside (tile: Block, stage: Stage, index: number, at: Lanes): void {
    const accumulators = stage.reductions.map(node => this.#rowAccumulator(node))
    for (const accumulator of accumulators) accumulator.clearWide(tile.lines, at.copies)
    this.#inner(0, tile, (into, counter, length) => {
      const blockEnd = this.#function.local('i32', 'b')
      const around = block()
      this.#blockStart(around, counter, blockEnd, length, blockRows)
      for (const accumulator of accumulators) accumulator.clearVectors(around.lines, at.copies)
      const body = this.#enter(this.#plan.innerAxes.length - 1, counter)
      this.#evaluate(stage, index, at, body)
      body.lines.push(set(counter, plus(get(counter), integer(1))))
      this.#function.loop(around, below(get(counter), get(blockEnd)), body.lines)
      for (const accumulator of accumulators) accumulator.widen(around.lines, at.copies)
      this.#function.loop(into, below(get(counter), length), around.lines)
    })
    for (const [place, node] of stage.reductions.entries()) {
      for (let copy = 0; copy < at.copies; copy++) {
        const value = (accumulators[place] as Accumulator).lanes(tile.lines, copy)
        tile.memo.set(this.#key(node, copy), value)
      }
    }
  }

  #stagesAlong (body: Block): void {
    for (const [index, stage] of this.#plan.stages.entries()) {
      const accumulators = stage.reductions.map(node => this.#rowAccumulator(node))
      for (const accumulator of accumulators) accumulator.clear(body.lines)
      this.#innerAlong(0, body, into => {
        const fn = this.#function
        const [position, blockEnd] = [fn.local('i32', 'i'), fn.local('i32', 'b')]
        const length = get(this.#access.length(this.#plan.lane))
        const around = block()
        this.#blockStart(around, position, blockEnd, length, blockLanes)
        for (const accumulator of accumulators) accumulator.clearVectors(around.lines, 4)
        this.#lanes(around, position, blockEnd, (lanes, copies, rest) => {
          const axes = new Map([[this.#plan.lane, position]])
          this.#access.levels[this.#laneLevel] = { axes, block: lanes }
          this.#evaluate(stage, index, { lane: position, copies, rest }, lanes)
        })
        for (const accumulator of accumulators) accumulator.flush(around.lines)
        for (const task of stage.tasks) {
          if (task.kind === 'total') this.#totals.get(task)?.flush(around.lines)
        }
        into.lines.push(set(position, integer(0)))
        fn.loop(into, below(get(position), length), around.lines)
      })
      for (const [place, node] of stage.reductions.entries()) {
        const value = (accumulators[place] as Accumulator).splat(body.lines)
        body.memo.set(this.#key(node, 0), value)
      }
      for (const task of stage.tasks) {
        const scatter = task.kind === 'store' ? this.#plan.scatters.get(task) : undefined
        if (task.kind === 'store' && scatter !== undefined) this.#scatter(task, scatter, index, body)
      }
    }
    const at = { lane: '', copies: 1, rest: null }
    this.#tasks(this.#plan.rowTasks, this.#plan.stages.length, at, body)
  }

  // The one place of a row that differs from the rest.
  #scatter (task: StoreTask, { index, term, op }: Scatter, stage: number, body: Block): void {
    const at = { lane: '', copy: 0, rest: null }
    for (const node of this.#list([index, term], stage)) this.#write(node, stage, at, new Set())
    this.#writer.into = body
    const type = this.#precision
    const number = (lane: Lane): string => `(${this.#writer.type}.extract_lane 0 ${get(lane)})`
    const [place, position] = [this.#function.local(type, 'x'), this.#function.local('i32', 'i')]
    const { to } = task
    const address = this.#access.elementAddress({
      place: to.place, layout: to.layout, datatype: 'real', key: to.place
    }, position)
    body.lines.push(set(place, number(this.#value(index, at))),
      set(position, `(i32.trunc_sat_${type}_s ${get(place)})`),
      `(if (i32.and ${below(get(position), get(this.#access.length(this.#plan.lane)))}`,
      `(${type}.eq (${type}.convert_i32_s ${get(position)}) ${get(place)})) (then`,
      `(${type}.store ${address} (${type}.${op} (${type}.load ${address}) ${number(this.#value(term, at))}))))`)
  }

  #blockStart (into: Block, counter: string, end: string, length: string, size: number): void {
    into.lines.push(set(end, plus(get(counter), integer(size))),
      `(if (i32.gt_u ${get(end)} ${length}) (then ${set(end, length)}))`)
  }

  #rowAccumulator (node: Node): Accumulator {
    const known = this.#rows.get(node)
    if (known !== undefined) return known
    const made = new Accumulator(this.#function, this.#writer, node.op as 'sum' | 'max' | 'min')
    this.#rows.set(node, made)
    return made
  }

  // Loops over the inner axes but the last; the last one's counter is the leaf's to run.
  #inner (place: number, into: Block, leaf: (into: Block, counter: string, length: string) => void): void {
    const axis = this.#plan.innerAxes[place] as Axis
    const counter = this.#function.local('i32', 'j')
    const length = get(this.#access.length(axis))
    into.lines.push(set(counter, integer(0)))
    if (place === this.#plan.innerAxes.length - 1) {
      leaf(into, counter, length)
      return
    }
    const body = this.#enter(place, counter)
    this.#inner(place + 1, body, leaf)
    body.lines.push(set(counter, plus(get(counter), integer(1))))
    this.#function.loop(into, below(get(counter), length), body.lines)
  }

  #innerAlong (place: number, into: Block, leaf: (into: Block) => void): void {
    const axis = this.#plan.innerAxes[place]
    if (axis === undefined) {
      leaf(into)
      return
    }
    const counter = this.#function.local('i32', 'j')
    into.lines.push(set(counter, integer(0)))
    const body = this.#enter(place, counter)
    this.#innerAlong(place + 1, body, leaf)
    body.lines.push(set(counter, plus(get(counter), integer(1))))
    this.#function.loop(into, below(get(counter), get(this.#access.length(axis))), body.lines)
  }

  #enter (place: number, counter: string): Block {
    const body = block()
    const axes = new Map([[this.#plan.innerAxes[place] as Axis, counter]])
    this.#access.levels[this.#innerLevel + place] = { axes, block: body }
    return body
  }

  // Four vectors a turn, then one at a time, the last one masked.
  #lanes (
    into: Block, position: string, end: string,
    body: (lanes: Block, copies: number, rest: string | null) => void
  ): void {
    const fn = this.#function
    const wide = block()
    body(wide, 4, null)
    wide.lines.push(set(position, plus(get(position), integer(this.#wide))))
    const narrow = block()
    const rest = fn.local('i32', 'm')
    narrow.lines.push(set(rest, `(i32.sub ${get(end)} ${get(position)})`))
    body(narrow, 1, rest)
    narrow.lines.push(set(position, plus(get(position), integer(this.#count))))
    fn.loop(into, `(i32.le_u ${plus(get(position), integer(this.#wide))} ${get(end)})`, wide.lines)
    fn.loop(into, below(get(position), get(end)), narrow.lines)
  }

  // All that one stage does at one place.
  #evaluate (stage: Stage, index: number, at: Lanes, into: Block): void {
    const roots = [
      ...stage.reductions.map(node => node.args[0] as Node),
      ...stage.tasks.map(task => rootOf(this.#plan, task))
    ]
    const sums = [...stage.reductions, ...stage.tasks.flatMap(task => task.kind === 'total' ? [task.node] : [])]
    const list = this.#list(roots, index)
    const fused = this.#fusable(list, sums, stage.tasks.map(task => rootOf(this.#plan, task)))
    for (let copy = 0; copy < at.copies; copy++) {
      const position = { lane: at.lane, copy, rest: at.rest }
      for (const node of list) if (!fused.has(node)) this.#write(node, index, position, fused)
      this.#writer.into = into
      for (const node of stage.reductions) {
        this.#add(this.#rowAccumulator(node), node.args[0] as Node, position, fused)
      }
      for (const task of stage.tasks) this.#task(task, position, fused)
    }
  }

  #tasks (tasks: readonly (StoreTask | TotalTask)[], index: number, at: Lanes, into: Block): void {
    if (tasks.length > 0) this.#evaluate({ reductions: [], tasks }, index, at, into)
  }

  #task (task: StoreTask | TotalTask, at: Position, fused: ReadonlySet<Node>): void {
    if (task.kind === 'total') {
      const total = this.#totals.get(task) as Accumulator
      const argument = argumentOf(task)
      // A value a row has once is one number, not a vector of different lanes.
      if (at.lane === '') total.addNumber(this.#writer.into.lines, this.#at(argument, 0))
      else this.#add(total, argument, at, fused)
      return
    }
    const value = this.#at(rootOf(this.#plan, task), at.copy)
    this.#access.store({
      place: task.to.place, layout: task.to.layout, datatype: 'real', key: task.to.place
    }, value, at)
  }

  #add (accumulator: Accumulator, argument: Node, at: Position, fused: ReadonlySet<Node>): void {
    const mask = at.rest === null ? null : this.#mask(at.rest)
    if (fused.has(argument) && mask === null) {
      const [a, b] = argument.args as [Node, Node]
      accumulator.addProduct(this.#writer.into.lines, this.#at(a, at.copy), this.#at(b, at.copy), at.copy)
      return
    }
    if (fused.has(argument)) {
      const [a, b] = argument.args as [Node, Node]
      const product = this.#writer.op(`${this.#writer.type}.mul`, this.#at(a, at.copy), this.#at(b, at.copy))
      accumulator.add(this.#writer.into.lines, product, at.copy, mask)
      return
    }
    accumulator.add(this.#writer.into.lines, this.#at(argument, at.copy), at.copy, mask)
  }

  // All ones in the lanes that count.
  #mask (rest: string): Lane {
    const level = this.#access.levels[this.#laneLevel]
    const type = this.#writer.type
    const into = this.#writer.into
    const known = level?.block.memo.get('mask')
    if (known !== undefined) return known as Lane
    const ramp = this.#writer.ramp()
    this.#writer.into = level?.block ?? into
    const mask = this.#writer.value(
      `(${type}.lt ${get(ramp)} (${type}.splat (${this.#precision}.convert_i32_u ${get(rest)})))`)
    this.#writer.into = into
    level?.block.memo.set('mask', mask)
    return mask
  }

  #key (node: Node, copy: number): string {
    return node.axes.includes(this.#plan.lane) ? `${node.id}:${copy}` : `${node.id}`
  }

  #level (node: Node): number {
    return Math.max(0, ...node.axes.map(axis => this.#levelOf.get(axis) ?? 0))
  }

  #at (node: Node, copy: number): Lane {
    const level = this.#access.levels[this.#level(node)]
    const value = level?.block.memo.get(this.#key(node, copy))
    if (value === undefined) throw new Error(`${node.op} ${node.id} was not computed`)
    return value as Lane
  }

  #keptBefore (node: Node, stage: number): Kept | undefined {
    return this.#plan.kept.find(kept => kept.node === node && kept.stage < stage)
  }

  // What must be computed for these roots in this stage, in order.
  #list (roots: readonly Node[], stage: number): Node[] {
    const { isRow, loop } = this.#plan
    return needed(roots, node => node.axes.length === 0 || loop.reads.has(node) || isRow(node)
      || this.#keptBefore(node, stage) !== undefined
      || (this.#access.levels[this.#level(node)]?.block.memo.has(this.#key(node, 0)) ?? false))
      .filter(node => !isRow(node) || loop.reads.has(node))
  }

  // Products with a single use, in a sum: a · b + c is one instruction where fusing is allowed.
  #fusable (list: readonly Node[], sums: readonly Node[], stores: readonly Node[]): Set<Node> {
    const uses = new Map<Node, Node[]>()
    for (const node of [...list, ...sums]) {
      for (const arg of node.args) uses.set(arg, [...(uses.get(arg) ?? []), node])
    }
    const fused = new Set<Node>()
    const isHeld = (node: Node): boolean => this.#plan.loop.reads.has(node)
      || (this.#access.levels[this.#level(node)]?.block.memo.has(this.#key(node, 0)) ?? false)
    for (const node of list) {
      const [user, second] = uses.get(node) ?? []
      if (node.op !== 'mul' || user === undefined || second !== undefined || stores.includes(node)) continue
      if (this.#plan.kept.some(kept => kept.node === node)) continue
      if (isReduction(user) ? user.op !== 'sum' || !sums.includes(user) : user.op !== 'add') continue
      if (!isReduction(user) && this.#level(user) !== this.#level(node)) continue
      if (!isReduction(user) && user.args.some(arg => fused.has(arg))) continue
      if (isHeld(node)) continue
      fused.add(node)
    }
    return fused
  }

  #write (node: Node, stage: number, at: Position, fused: ReadonlySet<Node>): void {
    const level = this.#access.levels[this.#level(node)]
    if (level === undefined) throw new Error(`no level for ${node.op}`)
    const key = this.#key(node, at.copy)
    if (level.block.memo.has(key)) return
    this.#writer.into = level.block
    const before = this.#keptBefore(node, stage)
    const value = before === undefined ? this.#compute(node, at, fused) : this.#recall(before, at)
    level.block.memo.set(key, value)
    const kept = this.#plan.kept.find(entry => entry.node === node && entry.stage === stage)
    if (kept !== undefined) this.#remember(kept, value, at)
  }

  #compute (node: Node, at: Position, fused: ReadonlySet<Node>): Lane {
    const w = this.#writer
    const stored = this.#plan.loop.reads.get(node)
    if (stored !== undefined) {
      const { place, layout } = stored
      return this.#access.load({ place, layout, datatype: 'real', key: place }, at)
    }
    if (node.axes.length === 0) return this.#scalar(node)
    if (node.op === 'input') {
      const place = `input ${node.name}`
      const key = `${place} ${node.layout.join()}`
      return this.#access.load({ place, layout: node.layout, datatype: node.datatype, key }, at)
    }
    if (node.op === 'iota') return this.#iota(node, at)
    if (node.op === 'take') return this.#gather(node, at)
    this.#cost += (findOp(node.op)?.cost ?? 1) / (at.rest === null ? 1 : 1e9)
    const peephole = this.#peephole(node, at, fused)
    if (peephole !== null) return peephole
    const row = findOp(node.op)
    if (row?.lanes === undefined) throw new Error(`${node.op} has no lanes`)
    return row.lanes(w, ...node.args.map(arg => this.#value(arg, at)))
  }

  #value (node: Node, at: Position): Lane {
    return node.axes.length === 0 ? this.#scalar(node) : this.#at(node, at.copy)
  }

  #peephole (node: Node, at: Position, fused: ReadonlySet<Node>): Lane | null {
    const w = this.#writer
    const [a, b, c] = node.args
    if (node.op === 'add' && a !== undefined && b !== undefined) {
      const [product, other] = fused.has(a) ? [a, b] : [b, a]
      if (!fused.has(product)) return null
      const [x, y] = product.args as [Node, Node]
      return w.madd(this.#value(x, at), this.#value(y, at), this.#value(other, at))
    }
    if ((node.op === 'minimum' || node.op === 'maximum') && a !== undefined && b !== undefined) {
      // pmax(x, bound) keeps a NaN of x, which is all that is asked where the bound is a number.
      const [x, bound] = isNumber(a) ? [b, a] : [a, b]
      if (!isNumber(bound)) return null
      return w.op(`${w.type}.p${node.op.slice(0, 3)}`, this.#value(x, at), this.#value(bound, at))
    }
    if (node.op !== 'where' || a === undefined || b === undefined || c === undefined) return null
    const isZero = (arg: Node): boolean => arg.op === 'constant' && Object.is(arg.value, 0) && !arg.mask
    if (isZero(c)) return w.op('v128.and', this.#value(b, at), this.#value(a, at))
    if (isZero(b)) return w.op('v128.andnot', this.#value(c, at), this.#value(a, at))
    return null
  }

  // A value without axes, computed at the entry in float64 and spread over the lanes.
  #scalar (node: Node): Lane {
    const fn = this.#function
    if (node.op === 'constant') {
      return node.mask ? this.#writer.bits(node.value === 0 ? 0n : -1n) : this.#writer.constant(node.value)
    }
    const wide = this.#scalars.value(node)
    if (this.#precision === 'f64') return wide
    return fn.once(fn.entry, `scalar ${node.id}`, 'v128', () => node.mask
      ? `(i32x4.splat (i32.wrap_i64 (i64x2.extract_lane 0 ${get(wide)})))`
      : `(f32x4.splat (f32.demote_f64 (f64x2.extract_lane 0 ${get(wide)})))`, 'k') as Lane
  }

  #iota (node: Node, at: Position): Lane {
    const w = this.#writer
    const axis = node.over[0] as Axis
    const level = this.#level(node)
    const position = this.#access.levels[level]?.axes.get(axis) as string
    const spread = `(${w.type}.splat (${this.#precision}.convert_i32_u ${get(position)}))`
    if (axis !== this.#plan.lane) return w.value(spread)
    const first = this.#function.once(this.#access.levels[level]?.block as Block, 'positions', 'v128', () =>
      `(${w.type}.add ${spread} ${get(w.ramp())})`) as Lane
    if (at.copy === 0) return first
    return w.op(`${w.type}.add`, first, w.constant(at.copy * this.#count))
  }

  #gather (node: Node, at: Position): Lane {
    const [input, index] = node.args as [Node, Node]
    const lane = this.#value(index, at)
    const gather = {
      axis: node.over[0] as Axis, lane, level: this.#level(index),
      varies: index.axes.includes(this.#plan.lane)
    }
    const place = `input ${input.name}`
    const key = `${place} ${input.layout.join()} ${node.id}`
    return this.#access.load({ place, layout: input.layout, datatype: input.datatype, gather, key }, at)
  }

  #keptAccess (kept: Kept): Access {
    const place = kept.row?.place ?? `kept ${this.#index} ${kept.node.id}`
    return { place, layout: kept.row?.layout ?? [], datatype: 'real', key: place }
  }

  #remember (kept: Kept, value: Lane, at: Position): void {
    if (kept.row !== null) this.#access.store(this.#keptAccess(kept), value, at)
    else this.#writer.into.lines.push(`(v128.store ${this.#scratch(kept, at)} ${get(value)})`)
  }

  #recall (kept: Kept, at: Position): Lane {
    if (kept.row !== null) return this.#access.load(this.#keptAccess(kept), at)
    return this.#writer.value(`(v128.load ${this.#scratch(kept, at)})`)
  }

  // The thread's own memory: [kept value][position along the inner axes][lane].
  #scratch (kept: Kept, at: Position): string {
    const fn = this.#function
    const { beside, innerAxes, kept: all } = this.#plan
    const bytes = this.#precision === 'f32' ? 4 : 8
    const length = (axis: Axis): string => get(this.#access.length(axis))
    const width = beside ? integer(64) : `(i32.add ${times(length(this.#plan.lane), integer(bytes))} ${integer(64)})`
    const rowBytes = fn.once(fn.entry, 'kept row', 'i32', () => width, 'n')
    const slotBytes = fn.once(fn.entry, 'kept slot', 'i32', () =>
      innerAxes.map(length).reduce(times, get(rowBytes)), 'n')
    const base = fn.once(fn.entry, 'kept', 'i32', () => {
      const word = (name: string): string => `(i32.load ${offset(this.#record.word(name))})`
      return plus(word('scratch memory'), times('(global.get $thread)', word('scratch stride')))
    }, 'p')
    const slot = all.filter(entry => entry.row === null).indexOf(kept)
    const positions = innerAxes.map((axis, place): [string, string] =>
      [this.#access.levels[this.#innerLevel + place]?.axes.get(axis) as string, length(axis)])
    const flat = positions.reduce((text, [counter, size]) => plus(times(text, size), get(counter)), integer(0))
    const address = plus(plus(get(base), times(get(slotBytes), integer(slot))), times(flat, get(rowBytes)))
    const deepest = this.#access.levels.length - 1
    const level = beside ? deepest : this.#laneLevel
    const into = (this.#access.levels[level] as { block: Block }).block
    const start = fn.once(into, `kept ${slot}`, 'i32', () =>
      beside ? address : plus(address, times(get(at.lane), integer(bytes))), 'p')
    return `offset=${at.copy * 16} ${get(start)}`
  }

  #part (partials: readonly number[]): Part {
    const { beside, rowAxes, lane, innerAxes, kept } = this.#plan
    const perPoint = 0.15 + this.#cost * 0.3 / this.#wide
    const slots = kept.filter(entry => entry.row === null).length
    const bytes = this.#precision === 'f32' ? 4 : 8
    const { outer, inner } = this.#plan.loop.space
    const rows = inner.length > 0 ? `, rows of ${inner.join(' × ')}` : ''
    return {
      title: `loop over ${outer.join(' × ') || 'nothing'}${rows}`,
      fit (length): Fit {
        const along = product(innerAxes, length) * (beside ? 1 : length(lane))
        const blocks = beside ? Math.ceil(length(lane) / besideLanes) : 1
        const units = product(rowAxes, length) * blocks
        const points = along * (beside ? Math.min(besideLanes, length(lane)) : 1)
        const nanoseconds = 10 + points * perPoint
        const wanted = Math.max(1, Math.round(chunkNanoseconds / nanoseconds), Math.ceil(units / chunksMax))
        const unitsPerChunk = Math.min(Math.max(units, 1), wanted)
        const chunks = Math.ceil(units / unitsPerChunk)
        const nanosecondsPerChunk = Math.round(unitsPerChunk * nanoseconds)
        return {
          cuts: [{ chunks, nanosecondsPerChunk, unitsPerChunk, units }],
          words: [],
          blocks: partials.map(word => [word, 8 * chunks]),
          threadBytes: slots * product(innerAxes, length) * (beside ? 64 : length(lane) * bytes + 64)
        }
      }
    }
  }
}

// A literal or an option, or its negative: never NaN.
function isNumber (node: Node): boolean {
  if (node.op === 'neg') return node.args.every(isNumber)
  return node.op === 'parameter' || (node.op === 'constant' && !Number.isNaN(node.value))
}

function product (axes: readonly Axis[], length: LengthOf): number {
  return axes.reduce((count, axis) => count * length(axis), 1)
}

interface Lanes {
  readonly lane: string
  readonly copies: number
  readonly rest: string | null
}
