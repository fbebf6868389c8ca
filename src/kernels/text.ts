// Functions under construction: locals that are declared as they are needed, and blocks of lines of
// code that belong to one loop each and remember what was computed in them.

import { whole } from './instructions.ts'
import { end, get, given, set } from './shorthand.ts'

export type Precision = 'f32' | 'f64'

type LocalType = 'i32' | 'f32' | 'f64' | 'i64' | 'v128'

/** The lines of one loop body, and the locals of what is already computed there. */
export interface Block {
  readonly lines: string[]
  /** By what it is: words, or a number for a node. */
  readonly memo: Map<string | number, string>
}

export function block (): Block { return { lines: [], memo: new Map() } }

const types = { i32: '\x7f', i64: '\x7e', f32: '\x7d', f64: '\x7c', v128: '\x7b' }

/** A function under construction; its entry block runs once a call. */
export class FunctionText {
  readonly entry = block()
  /** The types of its parameters, a byte each. */
  readonly parameters: string
  #locals = ''

  constructor (...parameters: readonly LocalType[]) {
    this.parameters = parameters.map(type => types[type]).join('')
  }

  /** A fresh local. */
  local (type: LocalType): string {
    const place = this.parameters.length + this.#locals.length
    this.#locals += types[type]
    return whole(place)
  }

  /** The values of its parameters, by their names in the source. */
  named<const Name extends string> (...names: readonly Name[]): Readonly<Record<Name, string>> {
    return byName(names, place => get(whole(place)))
  }

  /** The values of fresh locals, by their names in the source. */
  locals<const Name extends string> (
    type: LocalType, ...names: readonly Name[]
  ): Readonly<Record<Name, string>> {
    return byName(names, () => get(this.local(type)))
  }

  /** The values of so many fresh locals. */
  several (type: LocalType, count: number): string[] {
    return Array.from({ length: count }, () => get(this.local(type)))
  }

  /** A value computed once in a block, by its key. */
  once (into: Block, key: string, type: LocalType, value: () => string): string {
    let name = into.memo.get(key)
    if (name === undefined) {
      const text = value()
      name = this.local(type)
      into.memo.set(key, name)
      into.lines.push(set(name, text))
    }
    return name
  }

  /** A value in a fresh local of type v128. */
  vector (lines: string[], text: string): string {
    const name = this.local('v128')
    lines.push(set(name, text))
    return name
  }

  /** Adds lines to the entry. */
  write (...lines: readonly string[]): void { this.entry.lines.push(...lines) }

  /** Runs the body as long as the condition holds. */
  loop (into: Block, condition: string, body: readonly string[]): void {
    into.lines.push(`${given(condition)}\x03\x40`, ...body, `${condition}\x0d\x00${end}${end}`)
  }

  /** Its code, behind the types of its locals: neighbours of one type stand together. */
  text (): string {
    const runs = this.#locals.match(/(.)\1*/gs) ?? []
    const locals = runs.map(run => whole(run.length) + run.charAt(0)).join('')
    return whole(runs.length) + locals + this.entry.lines.join('') + end
  }
}

function byName<Name extends string> (
  names: readonly Name[], value: (place: number) => string
): Readonly<Record<Name, string>> {
  const found = names.map((name, place) => [name, value(place)] as const)
  return Object.fromEntries(found) as Record<Name, string>
}
