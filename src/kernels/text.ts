// Pieces of WAT: a function with its locals, and blocks of lines that belong to one loop each.

import type { Lane, Lanes } from '../ops/op.ts'
import type { RecordLayout } from './record.ts'

type LocalType = 'i32' | 'f32' | 'f64' | 'i64' | 'v128'

/** The lines of one loop body, and the values already computed there. */
export interface Block {
  readonly lines: string[]
  readonly memo: Map<string, string>
}

export function block (): Block { return { lines: [], memo: new Map() } }

export const get = (local: string): string => `(local.get ${local})`
export const set = (local: string, value: string): string => `(local.set ${local} ${value})`
export const plus = (a: string, b: string): string => `(i32.add ${a} ${b})`
export const times = (a: string, b: string): string => `(i32.mul ${a} ${b})`
export const integer = (value: number): string => `(i32.const ${value})`
export const below = (a: string, b: string): string => `(i32.lt_u ${a} ${b})`
export const offset = (word: number): string => `offset=${word} (local.get $args)`

/** A function under construction; its entry block runs once a call. */
export class FunctionText {
  readonly entry = block()
  readonly #signature: string
  readonly #locals: string[] = []
  #count = 0

  constructor (signature: string) { this.#signature = signature }

  local (type: LocalType, hint = 'v'): string {
    const name = `$${hint}${this.#count++}`
    this.#locals.push(`(local ${name} ${type})`)
    return name
  }

  /** A value computed once in a block, by its key. */
  once (into: Block, key: string, type: LocalType, value: () => string, hint?: string): string {
    let name = into.memo.get(key)
    if (name === undefined) {
      const text = value()
      name = this.local(type, hint)
      into.memo.set(key, name)
      into.lines.push(set(name, text))
    }
    return name
  }

  /** Runs the body as long as the condition holds; both are texts. */
  loop (into: Block, condition: string, body: readonly string[]): void {
    const label = `$l${this.#count++}`
    into.lines.push(`(if ${condition} (then (loop ${label}`, ...body, `(br_if ${label} ${condition}))))`)
  }

  text (): string {
    return [`(func ${this.#signature}`, ...this.#locals, ...this.entry.lines, ')'].join('\n')
  }
}

const shift = /\.(shl|shr_[su])$/

/** Writes lanes into a block of a function; constants go to its entry. */
export class LaneWriter implements Lanes {
  readonly type: 'f32x4' | 'f64x2'
  readonly relaxed: boolean
  into: Block
  readonly #function: FunctionText
  readonly #record: RecordLayout

  constructor (fn: FunctionText, record: RecordLayout, type: 'f32x4' | 'f64x2', relaxed: boolean) {
    this.#function = fn
    this.#record = record
    this.type = type
    this.relaxed = relaxed && type === 'f32x4'
    this.into = fn.entry
  }

  constant (value: number): Lane {
    return this.#splat(this.type === 'f32x4' ? 'f32' : 'f64', value)
  }

  bits (pattern: bigint): Lane {
    return this.#splat(this.type === 'f32x4' ? 'i32' : 'i64', pattern)
  }

  /** Different numbers in the lanes: 0, 1, 2, … */
  ramp (): Lane {
    const pair = (low: number, high: number): string => {
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat32(0, low, true)
      view.setFloat32(4, high, true)
      return `${this.#record.constant('i64', view.getBigInt64(0, true))}`
    }
    const [low, high] = this.type === 'f32x4'
      ? [pair(0, 1), pair(2, 3)]
      : [this.#record.constant('f64', 0), this.#record.constant('f64', 1)]
    const value = `(i64x2.replace_lane 1 (v128.load64_splat offset=${low} (local.get $args)) `
      + `(i64.load offset=${high} (local.get $args)))`
    return this.#function.once(this.#function.entry, 'ramp', 'v128', () => value, 'k') as Lane
  }

  op (instruction: string, ...args: readonly (Lane | number)[]): Lane {
    const shifts = shift.test(instruction)
    const immediates = args.filter(arg => typeof arg === 'number' && !shifts)
    const operands = args.filter(arg => typeof arg === 'string' || shifts)
      .map(arg => typeof arg === 'number' ? integer(arg) : get(arg))
    return this.value(`(${[instruction, ...immediates, ...operands].join(' ')})`)
  }

  madd (a: Lane, b: Lane, c: Lane): Lane {
    if (this.relaxed) return this.op(`${this.type}.relaxed_madd`, a, b, c)
    return this.value(`(${this.type}.add (${this.type}.mul ${get(a)} ${get(b)}) ${get(c)})`)
  }

  select (mask: Lane, a: Lane, b: Lane): Lane { return this.op('v128.bitselect', a, b, mask) }

  /** Any text of type v128 as a fresh local of the present block. */
  value (text: string): Lane {
    const name = this.#function.local('v128')
    this.into.lines.push(set(name, text))
    return name as Lane
  }

  #splat (type: 'f32' | 'f64' | 'i32' | 'i64', value: number | bigint): Lane {
    const bits = type.endsWith('32') ? 32 : 64
    const key = `${type} ${Object.is(value, -0) ? '-0' : value}`
    return this.#function.once(this.#function.entry, key, 'v128', () =>
      `(v128.load${bits}_splat ${offset(this.#record.constant(type, value))})`, 'k') as Lane
  }
}
