// Functions in WAT under construction: locals that are declared as they are needed, and blocks of
// lines that belong to one loop each and remember what was computed in them.

import { set } from './shorthand.ts'

export type Precision = 'f32' | 'f64'

type LocalType = 'i32' | 'f32' | 'f64' | 'i64' | 'v128'

/** The lines of one loop body, and the locals of what is already computed there. */
export interface Block {
  readonly lines: string[]
  readonly memo: Map<string, string>
}

export function block (): Block { return { lines: [], memo: new Map() } }

/** A function under construction; its entry block runs once a call. */
export class FunctionText {
  readonly entry = block()
  readonly #signature: string
  readonly #locals: string[] = []
  #count = 0

  constructor (signature: string) { this.#signature = signature }

  /** A fresh local. */
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

  /** A value in a fresh local of type v128. */
  vector (lines: string[], text: string, hint = 'v'): string {
    const name = this.local('v128', hint)
    lines.push(set(name, text))
    return name
  }

  /** Runs the body as long as the condition, a text, holds. */
  loop (into: Block, condition: string, body: readonly string[]): void {
    const label = `$l${this.#count++}`
    into.lines.push(`(if ${condition} (then (loop ${label}`, ...body,
      `(br_if ${label} ${condition}))))`)
  }

  text (): string {
    return [`(func ${this.#signature}`, ...this.#locals, ...this.entry.lines, ')'].join('\n')
  }
}
