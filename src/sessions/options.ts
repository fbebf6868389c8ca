// The options of a loss or an optimizer as they stand beside `type` in a session's JSON: held against
// the declarations of its formula, defaults filled in.

import type { Json, JsonObject } from '../codec/json-reader.ts'
import { childPointer } from '../codec/json-tensor.ts'
import { LossdError, nearest } from '../errors.ts'
import type { OptionArgument } from '../formulas/definition.ts'
import type { Bound } from '../formulas/syntax.ts'
import { kindOf } from './fields.ts'

export type Option = number | boolean | string
export type Options = Readonly<Record<string, Option>>

/**
 * The declared options with the object's values; `others` are fields that may stand beside them.
 * Throws OPTION_UNKNOWN, OPTION_INVALID.
 */
export function readOptions (
  owner: string, declared: readonly OptionArgument[], object: JsonObject,
  others: readonly string[], pointer: string
): Options {
  const names = declared.map(({ name }) => name)
  for (const key in object) {
    if (!names.includes(key) && !others.includes(key)) throw unknown(owner, key, names, pointer)
  }
  const options: Record<string, Option> = {}
  for (const option of declared) {
    const given = object[option.name] ?? option.default
    const value = given === null ? undefined : optionValue(option, given)
    if (value === undefined || ('reduction' === option.name && value === 'none')) {
      throw new LossdError('OPTION_INVALID',
        `Option ${option.name} of ${owner} must be ${expected(option)}; got ${kindOf(given ?? undefined)}`,
        { pointer: childPointer(pointer, option.name) })
    }
    options[option.name] = value
  }
  return options
}

function unknown (owner: string, key: string, names: readonly string[], pointer: string): LossdError {
  const near = nearest(key, names)
  return new LossdError('OPTION_UNKNOWN',
    `${owner} has no option ${key}; ${near.length > 0 ? 'nearest' : 'it has'}: ` +
    (near.length > 0 ? near : names).join(', '), { pointer: childPointer(pointer, key) })
}

function optionValue ({ type, choices, bounds }: OptionArgument, given: Json | Option): Option | undefined {
  if (type === 'boolean') return typeof given === 'boolean' ? given : undefined
  if (type === 'text') {
    return typeof given === 'string' && (choices.length === 0 || choices.includes(given)) ? given : undefined
  }
  const number = given === 'Infinity' || given === '-Infinity' ? Number(given) : given
  if (typeof number !== 'number' || (type === 'integer' && !Number.isInteger(number))) return undefined
  return bounds.every(bound => within(number, bound)) ? number : undefined
}

function within (value: number, { operator, value: limit }: Bound): boolean {
  switch (operator) {
    case '>': return value > limit
    case '>=': return value >= limit
    case '<': return value < limit
    case '<=': return value <= limit
  }
}

function expected ({ type, choices, bounds }: OptionArgument): string {
  if (type === 'boolean') return 'true or false'
  if (type === 'text') return choices.length > 0 ? `one of ${choices.join(', ')}` : 'a text'
  const range = bounds.map(({ operator, value }) => `${operator} ${value}`).join(' and ')
  return `a${type === 'integer' ? ' whole' : ''} number${range === '' ? '' : ` ${range}`}`
}
