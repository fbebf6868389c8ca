// A module under construction: functions over the memory and the thread's number, which are
// imported. Functions are found by name; one may be called before it is written.

import { codeOf, whole } from './instructions.ts'
import type { FunctionText } from './text.ts'

const list = (items: readonly string[]): string => whole(items.length) + items.join('')
const name = (text: string): string => whole(text.length) + text
const section = (id: string, content: string): string => id + whole(content.length) + content

// (import "lossd" "memory" (memory 1 65536 shared)) (import "lossd" "thread" (global i32))
const imports = list([
  `${name('lossd')}${name('memory')}\x02\x03\x01${whole(65536)}`,
  `${name('lossd')}${name('thread')}\x03\x7f\x00`
])

export class ModuleText {
  readonly #places = new Map<string, number>()
  readonly #functions: FunctionText[] = []
  readonly #exports: string[] = []

  has (name: string): boolean { return this.#functions[this.#place(name)] !== undefined }

  /** Adds a function that others call. */
  define (name: string, fn: FunctionText): void { this.#functions[this.#place(name)] = fn }

  /** Adds a function that is called from outside. */
  export (exported: string, fn: FunctionText): void {
    this.define(exported, fn)
    this.#exports.push(`${name(exported)}\x00${whole(this.#place(exported))}`)
  }

  /** The code that calls a function. */
  call (name: string, ...operands: readonly string[]): string {
    return operands.join('') + codeOf('call') + whole(this.#place(name))
  }

  /** The module. */
  bytes (): Uint8Array<ArrayBuffer> {
    const signatures = this.#functions.map(({ parameters }) =>
      `\x60${list([...parameters])}\x00`)
    const types = [...new Set(signatures)]
    const text = '\0asm\x01\0\0\0' +
      section('\x01', list(types)) +
      section('\x02', imports) +
      section('\x03', list(signatures.map(type => whole(types.indexOf(type))))) +
      section('\x07', list(this.#exports)) +
      section('\x0a', list(this.#functions.map(fn => name(fn.text()))))
    return new Uint8Array(Buffer.from(text, 'latin1'))
  }

  #place (name: string): number {
    const place = this.#places.get(name) ?? this.#places.size
    this.#places.set(name, place)
    return place
  }
}
