// Axes that a text makes (M = axis(2 * N)): their lengths are arithmetic, done for every request.

import type { Definition } from './definition.ts'
import { fail } from './fault.ts'
import type { Axis } from './graph.ts'
import type { OptionValue } from './options.ts'
import type { Expression } from './syntax.ts'
import { constants } from './words.ts'

export const lengthMax = 2 ** 24

/** Words that the length of an axis may be made with, beside + - * / %. */
export const lengthWords: ReadonlyMap<string, (...values: number[]) => number> = new Map([
  ['floor', Math.floor], ['minimum', Math.min], ['maximum', Math.max]
])

/** The x of max(x); null for anything else. */
export function largestOf (expression: Expression): string | null {
  if (expression.kind !== 'call' || expression.name !== 'max') return null
  const [x, more] = expression.arguments
  return x?.kind === 'name' && more === undefined ? x.name : null
}

interface Known {
  readonly axes: Map<Axis, number>
  readonly groups: ReadonlyMap<Axis, readonly Axis[]>
  readonly shapes: Map<Axis, readonly number[]>
  readonly numbers: ReadonlyMap<string, number>
  readonly known: ReadonlyMap<string, OptionValue>
  /** The largest of a tensor's elements; Infinity where nobody has looked. */
  readonly largest: (name: string) => number
}

interface Place extends Known {
  readonly derived: ReadonlyMap<string, Axis>
  /** Axes of the declarations, those included that no tensor of the request has. */
  readonly declared: ReadonlySet<Axis>
}

/**
 * Adds the axes that the text makes to `axes` and `shapes`; gives the graph's axis of each. An axis
 * as long as another by definition is its twin (N'): taking by its index is a renaming.
 */
export function deriveAxes (definition: Definition, known: Known): ReadonlyMap<string, Axis> {
  const derived = new Map<string, Axis>()
  if (definition.derived.length === 0) return derived
  const place = { ...known, derived, declared: new Set(definition.axes) }
  for (const { name, length } of definition.derived) {
    const value = measure(length, place)
    if (!(Number.isInteger(value) && value >= 0 && value <= lengthMax)) {
      fail(
        length.position,
        `The length of ${name} must be a whole number from 0 to ${lengthMax}; it is ${value}.`
      )
    }
    const original = length.kind === 'name' ? (derived.get(length.name) ?? length.name) : ''
    let axis = name
    if (known.axes.has(original)) {
      axis = `${original}'`
      while (known.axes.has(axis)) axis += "'"
    }
    derived.set(name, axis)
    known.axes.set(axis, value)
    known.shapes.set(axis, [value])
  }
  return derived
}

function measure (
  expression: Expression,
  known: Place
): number {
  switch (expression.kind) {
    case 'number':
      return expression.value
    case 'name':
      return lookUp(expression.name, expression.position, known)
    case 'unary':
      return -measure(expression.argument, known)
    case 'call': {
      const x = largestOf(expression)
      if (x !== null) return known.largest(x)
      const values = expression.arguments.map(argument => measure(argument, known))
      return lengthWords.get(expression.name)?.(...values) ?? Number.NaN
    }
    case 'binary': {
      const [a, b] = [measure(expression.left, known), measure(expression.right, known)]
      switch (expression.operator) {
        case '+':
          return a + b
        case '-':
          return a - b
        case '*':
          return a * b
        case '/':
          return a / b
        case '%':
          return a - Math.floor(a / b) * b
        default:
      }
    }
  }
  return fail(
    expression.position,
    'The length of an axis is arithmetic of numbers, options and lengths.'
  )
}

function lookUp (
  name: string,
  position: number,
  known: Place
): number {
  const { axes, groups, numbers, derived } = known
  const group = groups.get(name)
  if (group !== undefined) {
    return group.reduce((product, axis) => product * (axes.get(axis) ?? 1), 1)
  }
  const value =
    axes.get(derived.get(name) ?? name) ??
    numbers.get(name) ??
    known.known.get(name) ??
    // An optional axis that no tensor has.
    (known.declared.has(name) ? 1 : constants.get(name))
  if (typeof value === 'number') return value
  return fail(
    position,
    `${name} is not known before the formula runs; the length of an axis must be.`
  )
}
