// Names and argument counts, in all branches, before any shape is known: every name stands for
// something when it is used and has one value, and every word gets as many arguments as it takes.

import { fail, suggest } from './fault.ts'
import { largestOf, lengthWords } from './measure.ts'
import { allNames, axesOf, type Entry, find, functionsOf, type Scope } from './scope.ts'
import type { Call, Expression, Lambda, Statement, Taking } from './syntax.ts'
import { constants, words } from './words.ts'

export interface CheckSettings {
  /** Without declarations: axes are positions, and unknown names become arguments. */
  readonly positional: boolean
  /** Called for each use of a name that nothing gives a value, in a text without declarations. */
  readonly free?: (name: string) => void
}

export class Checker {
  readonly #settings: CheckSettings
  /** Axes that the text makes, with the expression of their length. */
  readonly derived: { name: string; length: Expression }[] = []
  /** Arguments whose largest value makes a length, each with its position. */
  readonly measured = new Map<string, number>()
  /** Names in use, each with its first position. */
  readonly used = new Map<string, number>()
  /** True if an axis was written as a number. */
  usesPositions = false
  #assigned: ReadonlySet<string> = new Set()

  constructor (settings: CheckSettings) {
    this.#settings = settings
  }

  /** Checks statements in order and adds their names to the scope. */
  statements (statements: readonly Statement[], scope: Scope): void {
    this.#assigned = new Set(statements.map(({ name }) => name))
    for (const { name, expression, position } of statements) {
      const known = scope.names.get(name)
      if (known !== undefined && known.sort !== 'state') {
        fail(position, `${name} has a value already; a name is given one value.`)
      }
      if (isAxis(expression) && name !== '') {
        this.#derive(name, expression, scope)
      } else {
        this.expression(expression, scope)
        if (name !== '' && known === undefined) scope.names.set(name, entryOf(expression))
      }
    }
  }

  #derive (name: string, call: Call, scope: Scope): void {
    const [length] = call.arguments
    if (length === undefined || call.arguments.length > 1) {
      fail(call.position, 'axis takes its length: axis(2 * N).')
    }
    this.expression(length, scope)
    measurable(length, this.measured)
    this.derived.push({ name, length })
    scope.names.set(name, { sort: 'axis', parameters: 0 })
  }

  expression (expression: Expression, scope: Scope): void {
    let rest = expression
    // The left side of a chain a + b + c + … is walked without recursion.
    while (rest.kind === 'binary') {
      this.expression(rest.right, scope)
      rest = rest.left
    }
    switch (rest.kind) {
      case 'name': this.#name(rest.name, rest.position, scope); break
      case 'unary': this.expression(rest.argument, scope); break
      case 'choice':
        this.expression(rest.condition, scope)
        this.expression(rest.yes, scope)
        this.expression(rest.no, scope)
        break
      case 'call': this.#call(rest, scope); break
      case 'take': this.#take(rest, scope); break
      case 'function': this.#function(rest, scope); break
      default:
    }
  }

  #name (name: string, position: number, scope: Scope): void {
    this.used.set(name, Math.min(position, this.used.get(name) ?? position))
    if (find(name, scope) !== undefined || constants.has(name)) return
    if (this.#assigned.has(name)) fail(position, `${name} is used before it is given a value.`)
    if (words.has(name)) fail(position, `${name} is a word: write ${name}(…).`)
    if (this.#settings.free !== undefined) this.#settings.free(name)
    else fail(position, `There is no ${name}${suggest(name, allNames(scope))}`)
  }

  #call (call: Call, scope: Scope): void {
    const { name, position } = call
    const entry = find(name, scope)
    const word = entry === undefined ? words.get(name) : undefined
    if (entry !== undefined && entry.sort !== 'function' && entry.sort !== 'parameter') {
      fail(position, `${name} is not a function; a product is written ${name} * (…).`)
    }
    if (entry === undefined && this.#assigned.has(name)) {
      fail(position, `${name} is used before it is given a value; no function calls itself.`)
    }
    if (name === 'axis' && entry === undefined) {
      fail(position, 'axis(…) stands alone behind a name: M = axis(N).')
    }
    if (entry === undefined && word === undefined) {
      const text = written.get(name)
      const hint = text === undefined
        ? suggest(name, [...functionsOf(scope), ...words.keys()])
        : `; it is written ${text}.`
      fail(position, `There is no function ${name}${hint}`)
    }
    const count = call.arguments.length
    if (word !== undefined) {
      if (word.missing !== '') {
        fail(position, `${name} is not available yet: ${word.missing}.`)
      }
      if (count < word.least || count > word.most) {
        fail(
          position,
          `${name} takes ${counts(word.least, word.most)}; it was given ${count}: ${word.usage}.`
        )
      }
    } else if (entry?.sort === 'function' && count !== entry.parameters) {
      fail(
        position,
        `${name} takes ${counts(entry.parameters, entry.parameters)}; it was given ${count}.`
      )
    }
    call.arguments.forEach((argument, index) => {
      const isAxis = word !== undefined && index >= word.axesFrom && index < word.axesTo
      if (isAxis) this.#axis(argument, scope, name)
      else this.expression(argument, scope)
    })
  }

  #axis (argument: Expression, scope: Scope, word: string): void {
    const { kind, position } = argument
    const { positional } = this.#settings
    const sort = kind === 'name' ? find(argument.name, scope)?.sort : undefined
    if (sort === 'axis' || sort === 'parameter') return
    if (positional && (kind === 'number' || kind === 'unary')) {
      this.usesPositions = true
      this.expression(argument, scope)
      return
    }
    const hint = instead.get(word)
    if (hint !== undefined) fail(position, hint)
    const named = kind === 'name'
      ? `${argument.name} is none${suggest(argument.name, axesOf(scope))}`
      : 'one of the names that the declarations use.'
    const wanted = positional ? 'its position, a whole number such as -1.' : named
    fail(position, `${word} needs an axis here: ${wanted}`)
  }

  #take (taking: Taking, scope: Scope): void {
    if (this.#settings.positional) {
      fail(taking.position, 'Taking x[i] needs declarations: input: real[N, C]; target: class[N].')
    }
    this.expression(taking.argument, scope)
    const seen = new Set<string>()
    for (const { axis, index, position } of taking.takes) {
      this.expression(index, scope)
      if (seen.has(axis)) fail(position, `${axis === '' ? 'An axis' : axis} is taken along twice.`)
      seen.add(axis)
      if (axis === '') continue
      const sort = find(axis, scope)?.sort
      if (sort !== 'axis' && sort !== 'parameter') {
        fail(position, `There is no axis ${axis}${suggest(axis, axesOf(scope))}`)
      }
    }
  }

  #function ({ parameters, body }: Lambda, scope: Scope): void {
    const names = new Map(
      parameters.map(name => [name, { sort: 'parameter', parameters: 0 } as const])
    )
    this.expression(body, { names, outer: scope })
  }
}

/** Axes that a text makes, by name: M = axis(2 * N). */
export function madeAxes (statements: readonly Statement[]): string[] {
  return statements.filter(({ expression }) => isAxis(expression)).map(({ name }) => name)
}

// Words that other languages use for something else.
const instead: ReadonlyMap<string, string> = new Map([
  ['max', 'max reduces over an axis; the larger of two values is maximum(a, b).'],
  ['min', 'min reduces over an axis; the smaller of two values is minimum(a, b).']
])

function entryOf (expression: Expression): Entry {
  return expression.kind === 'function'
    ? { sort: 'function', parameters: expression.parameters.length }
    : { sort: expression.kind === 'choice' ? 'parameter' : 'value', parameters: 0 }
}

function isAxis (expression: Expression): expression is Call {
  return expression.kind === 'call' && expression.name === 'axis'
}

function counts (least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return `${least} arguments or more`
  return least === most
    ? `${least} argument${least === 1 ? '' : 's'}`
    : `${least} to ${most} arguments`
}

// An axis's length is arithmetic of numbers, options, lengths and the largest of whole numbers: it
// is known before anything runs.
function measurable (expression: Expression, measured: Map<string, number>): void {
  const { kind, position } = expression
  if (kind === 'unary' && expression.operator === '-') {
    measurable(expression.argument, measured)
  } else if (kind === 'binary' && ['+', '-', '*', '/', '%'].includes(expression.operator)) {
    measurable(expression.right, measured)
    measurable(expression.left, measured)
  } else if (kind === 'call' && lengthWords.has(expression.name)) {
    for (const each of expression.arguments) measurable(each, measured)
  } else if (largestOf(expression) !== null) {
    measured.set(largestOf(expression) ?? '', position)
  } else if (kind !== 'number' && kind !== 'name') {
    fail(position,
      'The length of an axis is made of numbers, options and lengths with + - * / %, floor, ' +
      'minimum and maximum, and of max(x) of whole numbers.')
  }
}

// Functions that other languages have, as this one says them.
const written: ReadonlyMap<string, string> = new Map([
  ['pow', 'a ** b'],
  ['square', 'a ** 2'],
  ['sqr', 'a ** 2'],
  ['rsqrt', '1 / sqrt(a)'],
  ['fabs', 'abs(a)'],
  ['ln', 'log(a)'],
  ['log2', 'log(a) / log(2)'],
  ['log10', 'log(a) / log(10)'],
  ['logaddexp', 'log_add_exp(a, b)'],
  ['logsigmoid', 'log_sigmoid(a)'],
  ['detach', 'stop_gradient(a)'],
  ['where', 'condition ? a : b'],
  ['dot', 'sum(a * b, axis)'],
  ['matmul', 'sum(a * b, axis)']
])
