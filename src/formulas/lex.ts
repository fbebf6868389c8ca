// Text to tokens, each with its position and whether a line break stands before it.

import { fail, failTooLarge } from './fault.ts'

export interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'operator' | 'end'
  /** As written; the content of a text without its quotes. */
  readonly text: string
  readonly value: number
  readonly position: number
  /** True if a line break stands between it and the token before. */
  readonly newline: boolean
}

export const charactersMax = 16_384
export const tokensMax = 4_096

// Blanks and comments, then a number, a name, a text or a sign; nothing of these at the end and
// before a character that the language does not have.
const blanks = /(?:[ \t\r\n]|\/\/[^\n]*)*/
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/
const name = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/
const text = /'[^'\n]*'/
const sign = /\.\.\.|=>|==|!=|<=|>=|&&|\|\||\*\*|[-+*/%<>!=?:~|,;()[\]]/
const words = [number, name, text, sign].map(word => `(${word.source})`).join('|')
const pattern = new RegExp(`(${blanks.source})(?:${words})?`, 'y')

/** All tokens and one of kind `end`. Throws FORMULA_INVALID, FORMULA_TOO_LARGE. */
export function lex (source: string): Token[] {
  if (source.length > charactersMax) {
    failTooLarge(
      charactersMax,
      `The formula has ${source.length} characters; the limit is ${charactersMax}.`
    )
  }
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (true) {
    const [all = '', blank = '', number, name, text, sign] = pattern.exec(source) ?? []
    const next = pattern.lastIndex
    const position = next - all.length + blank.length
    const newline = blank.includes('\n')
    if (position === source.length) {
      tokens.push({ kind: 'end', text: '', value: Number.NaN, position, newline })
      return tokens
    }
    if (tokens.length === tokensMax) {
      failTooLarge(position, `The formula has more than ${tokensMax} words and signs, the limit.`)
    }
    if (name !== undefined && blank === '' && tokens.at(-1)?.kind === 'number') {
      fail(position, `A name cannot follow a number directly: "${name.slice(0, 40)}".`)
    }
    const content = number ?? name ?? text?.slice(1, -1) ?? sign
    if (content === undefined) fail(position, strange(source.slice(position)))
    const kind =
      number !== undefined
        ? 'number'
        : name !== undefined
          ? 'name'
          : text !== undefined
            ? 'text'
            : 'operator'
    tokens.push({ kind, text: content, value: Number(number), position, newline })
    pattern.lastIndex = next
  }
}

// What to write instead of a character that the language does not have.
const instead: ReadonlyMap<string, string> = new Map([
  ['^', 'powers are written a ** b'],
  ['&', 'write && for "and"'],
  ['"', "texts stand in single quotes, as in 'mean'"],
  ["'", 'a text ends with the single quote it began with, on the same line'],
  ['{', 'there are no braces; statements stand on lines of their own or after ";"'],
  ['#', 'comments begin with //'],
  ['.', 'a number is written 0.5, a group of axes ...']
])

function strange (rest: string): string {
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0)
  const hint = instead.get(character)
  return `There is no "${character}" in the language${hint === undefined ? '' : `: ${hint}`}.`
}
