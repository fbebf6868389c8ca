// Tokens to a tree. Expressions are parsed by precedence (Pratt); declarations.ts has the rest.
// Nothing is evaluated, and depth is limited, so that no text can exhaust the stack.

import { Cursor, depthMax, found } from './cursor.ts'
import { parseDeclaration } from './declarations.ts'
import { fail, failTooLarge } from './fault.ts'
import { lex } from './lex.ts'
import type { Declaration, Expression, Operator, Statement, Syntax, Take } from './syntax.ts'

/** The tree of a text. Throws FORMULA_INVALID and FORMULA_TOO_LARGE with the position. */
export function parse (source: string): Syntax {
  const cursor = new Cursor(lex(source))
  const declarations: Declaration[] = []
  const statements: Statement[] = []
  while (true) {
    while (cursor.accept(';')) {
      /* Empty statements are nothing. */
    }
    if (cursor.token.kind === 'end') break
    if (cursor.isNameBefore(':')) {
      if (statements.length > 0) {
        fail(cursor.token.position, 'Declarations stand before statements.')
      }
      declarations.push(parseDeclaration(cursor))
    } else {
      statements.push(statement(cursor))
    }
    endStatement(cursor)
  }
  for (const { name, position } of statements.slice(0, -1)) {
    if (name === '') fail(position, 'Only the last statement may lack a name: write name = …')
  }
  if (statements.length === 0) fail(source.length, 'The formula ends without a value.')
  return { declarations, statements }
}

/** One expression and nothing else: a condition that stands beside a formula. */
export function parseExpression (source: string): Expression {
  const cursor = new Cursor(lex(source))
  const result = expression(cursor)
  if (cursor.token.kind !== 'end') endStatement(cursor)
  return result
}

function statement (cursor: Cursor): Statement {
  const { position } = cursor.token
  let name = ''
  if (cursor.isNameBefore('=')) {
    name = cursor.take().text
    cursor.take()
  }
  return { name, expression: expression(cursor), position }
}

function endStatement (cursor: Cursor): void {
  const { token } = cursor
  if (token.kind === 'end' || token.newline || cursor.is(';')) return
  if (cursor.is('=')) {
    fail(token.position, 'Only a name can be given a value; equality is written ==.')
  }
  fail(token.position, `Expected an operator or the end of the statement; found ${found(token)}.`)
}

function expression (cursor: Cursor): Expression {
  return cursor.deeper(() => {
    const { position } = cursor.token
    const condition = binary(cursor, 0)
    if (!cursor.continues('?')) return condition
    cursor.take()
    const yes = expression(cursor)
    cursor.expect(':', 'between the two branches of a condition')
    return { kind: 'choice', condition, yes, no: expression(cursor), position }
  })
}

const levels: readonly (readonly Operator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%']
]

function binary (cursor: Cursor, level: number): Expression {
  const operators = levels[level]
  if (operators === undefined) return unary(cursor)
  let left = binary(cursor, level + 1)
  let compared = false
  while (true) {
    const operator = operators.find(sign => cursor.continues(sign))
    if (operator === undefined) return left
    const { position } = cursor.take()
    if (compared) fail(position, 'Comparisons do not chain: write a < b && b < c.')
    compared = level === 2 || level === 3
    left = { kind: 'binary', operator, left, right: binary(cursor, level + 1), position }
  }
}

function unary (cursor: Cursor): Expression {
  const operator = (['-', '!', '+'] as const).find(sign => cursor.is(sign))
  if (operator === undefined) return power(cursor)
  const { position } = cursor.take()
  const argument = cursor.deeper(() => unary(cursor))
  return operator === '+' ? argument : { kind: 'unary', operator, argument, position }
}

// Stronger than the sign before it, and its exponent may have one: -a ** -b is -(a ** (-b)).
function power (cursor: Cursor): Expression {
  const left = postfix(cursor)
  if (!cursor.continues('**')) return left
  const { position } = cursor.take()
  return {
    kind: 'binary',
    operator: '**',
    left,
    right: cursor.deeper(() => unary(cursor)),
    position
  }
}

function postfix (cursor: Cursor): Expression {
  let result = primary(cursor)
  for (let count = 1; cursor.continues('['); count++) {
    const { position } = cursor.take()
    if (count > depthMax) {
      failTooLarge(position, `More than ${depthMax} brackets follow each other.`)
    }
    const takes = cursor.list(']', () => takeOne(cursor))
    if (takes.length === 0) fail(position, 'These brackets are empty: write x[i] or x[C = i].')
    result = { kind: 'take', argument: result, takes, position }
  }
  return result
}

function takeOne (cursor: Cursor): Take {
  const { position } = cursor.token
  let axis = ''
  if (cursor.isNameBefore('=')) {
    axis = cursor.take().text
    cursor.take()
  }
  return { axis, index: expression(cursor), position }
}

function primary (cursor: Cursor): Expression {
  if (beginsFunction(cursor)) return functionOf(cursor)
  const { kind, text, value, position } = cursor.token
  if (kind === 'number' || kind === 'text' || kind === 'name') cursor.take()
  if (kind === 'number') return { kind, value, position }
  if (kind === 'text') return { kind, text, position }
  if (kind === 'name') {
    if (text === 'true' || text === 'false') {
      return { kind: 'boolean', value: text === 'true', position }
    }
    if (!cursor.continues('(')) return { kind, name: text, position }
    cursor.take()
    const args = cursor.list(')', () => expression(cursor))
    return { kind: 'call', name: text, arguments: args, position }
  }
  if (!cursor.accept('(')) fail(position, `Expected a value; found ${found(cursor.token)}.`)
  return cursor.bracketed(() => {
    const inner = expression(cursor)
    cursor.expect(')', 'to close the bracket')
    return inner
  })
}

// name => …, or (name, name) => …
function beginsFunction (cursor: Cursor): boolean {
  if (cursor.isNameBefore('=>')) return true
  if (!cursor.is('(')) return false
  for (let offset = 1; cursor.at(offset).kind === 'name'; offset += 2) {
    const { text } = cursor.at(offset + 1)
    if (text === ')') return cursor.at(offset + 2).text === '=>'
    if (text !== ',') return false
  }
  return false
}

function functionOf (cursor: Cursor): Expression {
  const { position } = cursor.token
  const name = (): string => cursor.name('the name of a parameter').text
  const parameters = cursor.accept('(') ? cursor.list(')', name) : [name()]
  cursor.take()
  return { kind: 'function', parameters, body: expression(cursor), position }
}
