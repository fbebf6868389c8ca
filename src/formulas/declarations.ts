// One declaration: name: [state | static] type { | type } { bound } [like | to name] [= default].

import { type Cursor, found } from './cursor.ts'
import { fail } from './fault.ts'
import type { AxisSyntax, Bound, Declaration, TypeSyntax } from './syntax.ts'

const words = ['real', 'class', 'integer', 'boolean', 'number', 'text', 'family'] as const
const signs = ['>=', '<=', '>', '<'] as const

/** Parses a declaration from its name on. */
export function parseDeclaration (cursor: Cursor): Declaration {
  const { text: name, position } = cursor.take()
  cursor.take()
  const modifier =
    cursor.token.text === 'state' || cursor.token.text === 'static'
      ? cursor.take().text === 'state'
        ? 'state'
        : 'static'
      : ''
  const types = [type(cursor)]
  while (cursor.accept('|')) types.push(type(cursor))
  const bounds: Bound[] = []
  let relation: Declaration['relation'] = null
  while (true) {
    const operator = signs.find(sign => cursor.is(sign))
    const { token } = cursor
    if (operator !== undefined) {
      cursor.take()
      bounds.push({ operator, value: number(cursor) })
    } else if (
      token.kind === 'name' &&
      !token.newline &&
      (token.text === 'like' || token.text === 'to')
    ) {
      cursor.take()
      const other = cursor.name(`the name of an argument after ${token.text}`)
      relation = { word: token.text, name: other.text, position: other.position }
    } else break
  }
  const fallback = cursor.accept('=') ? literal(cursor) : null
  return { name, position, modifier, types, bounds, relation, default: fallback }
}

function type (cursor: Cursor): TypeSyntax {
  const { token } = cursor
  const { position } = token
  if (token.kind === 'text') {
    cursor.take()
    return { word: 'choice', choice: token.text, along: '', axes: null, position }
  }
  const word = words.find(word => token.kind === 'name' && token.text === word)
  if (word === undefined) {
    fail(
      position,
      `Expected a type (${words.join(', ')} or a text in quotes); found ${found(token)}.`
    )
  }
  cursor.take()
  let along = ''
  if (word === 'class' && cursor.accept('(')) {
    along = cursor.name('the axis of the classes').text
    cursor.expect(')', 'after the axis of the classes')
  }
  const axes = cursor.accept('[') ? cursor.list(']', () => axis(cursor)) : null
  if (axes === null && (word === 'real' || word === 'class')) {
    fail(
      cursor.token.position,
      `Expected the axes of ${word}, as in ${word}[N, C]; found ${found(cursor.token)}.`
    )
  }
  if (axes !== null && (word === 'number' || word === 'text' || word === 'family')) {
    fail(
      position,
      `A ${word} has no axes; a tensor is real[…], class[…], integer[…] or boolean[…].`
    )
  }
  return { word, choice: '', along, axes, position }
}

function axis (cursor: Cursor): AxisSyntax {
  const { position } = cursor.token
  const group = cursor.accept('...')
  const named = !group || cursor.token.kind === 'name'
  const name = named ? cursor.name('the name of an axis').text : '...'
  if (group) {
    const broadcasts = cursor.accept('~')
    return { name, group, optional: false, broadcasts, length: null, position }
  }
  const broadcasts = cursor.accept('~')
  const optional = cursor.accept('?')
  const length = cursor.accept('=') ? number(cursor) : null
  return { name, group, optional, broadcasts: broadcasts || cursor.accept('~'), length, position }
}

function literal (cursor: Cursor): number | string | boolean {
  const { kind, text } = cursor.token
  if (kind === 'text') return cursor.take().text
  if (text === 'true' || text === 'false') return cursor.take().text === 'true'
  return number(cursor)
}

function number (cursor: Cursor): number {
  const sign = cursor.accept('-') ? -1 : 1
  const { kind, text, value, position } = cursor.token
  if (kind !== 'number' && text !== 'inf') {
    fail(position, `Expected a number; found ${found(cursor.token)}.`)
  }
  cursor.take()
  return sign * (kind === 'number' ? value : Number.POSITIVE_INFINITY)
}
