// A place in a list of tokens, with what every rule of the grammar needs: look, take, expect, and
// the two counts that bound it, brackets (inside them line breaks mean nothing) and depth.

import { fail, failTooLarge } from './fault.ts'
import type { Token } from './lex.ts'

export const depthMax = 64

// A line that begins with one of these begins a statement; any other operator continues the last.
const openers = new Set(['-', '+', '(', '[', '!'])

export class Cursor {
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #brackets = 0

  constructor (tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get token (): Token {
    return this.at(0)
  }
  get next (): Token {
    return this.at(1)
  }

  /** The token `offset` places ahead; past the end, the token of the end. */
  at (offset: number): Token {
    const token = this.#tokens[Math.min(this.#index + offset, this.#tokens.length - 1)]
    if (token === undefined) throw new Error('a text has at least the token of its end')
    return token
  }

  /** The present token, and on to the next. */
  take (): Token {
    const { token } = this
    this.#index++
    return token
  }

  /** True if the present token is this sign. */
  is (sign: string): boolean {
    return this.token.kind === 'operator' && this.token.text === sign
  }

  /** True if name and sign are the next two tokens. */
  isNameBefore (sign: string): boolean {
    return this.token.kind === 'name' && this.next.kind === 'operator' && this.next.text === sign
  }

  /** True if the present token is this sign and belongs to the expression before it. */
  continues (sign: string): boolean {
    return this.is(sign) && (!this.token.newline || this.#brackets > 0 || !openers.has(sign))
  }

  /** Takes the present token if it is this sign; true if it was. */
  accept (sign: string): boolean {
    const found = this.is(sign)
    if (found) this.#index++
    return found
  }

  expect (sign: string, where: string): void {
    if (!this.accept(sign)) {
      fail(this.token.position, `Expected "${sign}" ${where}; found ${found(this.token)}.`)
    }
  }

  name (what: string): Token {
    if (this.token.kind !== 'name') {
      fail(this.token.position, `Expected ${what}; found ${found(this.token)}.`)
    }
    return this.take()
  }

  /** What stands between brackets, the opening one being read, up to and with `close`. */
  list<T> (close: string, one: () => T): T[] {
    return this.bracketed(() => {
      const items: T[] = []
      while (!this.is(close)) {
        items.push(one())
        if (!this.accept(',')) break
      }
      this.expect(close, 'to close the bracket')
      return items
    })
  }

  /** Runs `inside` where line breaks mean nothing. */
  bracketed<T> (inside: () => T): T {
    this.#brackets++
    const result = inside()
    this.#brackets--
    return result
  }

  /** Runs `inside` one level deeper. Throws FORMULA_TOO_LARGE at the limit. */
  deeper<T> (inside: () => T): T {
    if (++this.#depth > depthMax) {
      failTooLarge(this.token.position, `The formula is nested more than ${depthMax} levels deep.`)
    }
    const result = inside()
    this.#depth--
    return result
  }
}

/** A token as a sentence shows it. */
export function found (token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${token.text.slice(0, 40)}"`
}
