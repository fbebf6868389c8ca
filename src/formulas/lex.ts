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

const blank = /(?:[ \t\r\n]|\/\/[^\n]*)*/y
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const name = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y
const text = /'[^'\n]*'/y
const operator = /\.\.\.|=>|==|!=|<=|>=|&&|\|\||\*\*|[-+*/%<>!=?:~|,;()[\]]/y

/** All tokens and one of kind `end`. Throws FORMULA_INVALID, FORMULA_TOO_LARGE. */
export function lex (source: string): Token[] {
  if (source.length > charactersMax) {
    failTooLarge(charactersMax,
      `The formula has ${source.length} characters; the limit is ${charactersMax}.`)
  }
  const tokens: Token[] = []
  let position = 0
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = position
    return pattern.exec(source)?.[0] ?? ''
  }
  while (true) {
    const space = match(blank)
    position += space.length
    const newline = space.includes('\n')
    const add = (kind: Token['kind'], written: string, content = written): void => {
      tokens.push({ kind, text: content, value: Number(written), position, newline })
      position += written.length
    }
    if (position === source.length) {
      add('end', '')
      return tokens
    }
    if (tokens.length === tokensMax) {
      failTooLarge(position, `The formula has more than ${tokensMax} words and signs, the limit.`)
    }
    const digits = match(number)
    const word = match(name)
    const quoted = match(text)
    const sign = match(operator)
    if (digits !== '') {
      add('number', digits)
      if (match(name) !== '') fail(position, `A name cannot follow a number directly: "${match(name)}".`)
    } else if (word !== '') add('name', word)
    else if (quoted !== '') add('text', quoted, quoted.slice(1, -1))
    else if (sign !== '') add('operator', sign)
    else fail(position, strange(source.slice(position)))
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
