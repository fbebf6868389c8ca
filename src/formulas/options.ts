// The options of a request against those that a definition declares: defaults, bounds, choices, and
// the JSON schema that says the same.

import { LossdError, nearest } from '../errors.ts'
import { boundsText, outside } from './checks.ts'
import type { Definition, OptionArgument } from './definition.ts'

export type OptionValue = number | boolean | string
export type Options = Readonly<Record<string, unknown>>

export interface BoundOptions {
  /** Values that code is made for: static options, and numbers that stand at their default. */
  readonly known: Map<string, OptionValue>
  /** Numbers given when the kernel runs. */
  readonly numbers: Map<string, number>
}

/** Options with their defaults. Throws OPTION_UNKNOWN, OPTION_INVALID, ARGUMENT_MISSING. */
export function bindOptions (definition: Definition, options: Options): BoundOptions {
  const known = new Map<string, OptionValue>()
  const numbers = new Map<string, number>()
  const { choices, default: fallback } = definition.reduction
  for (const name in options) {
    if (!isOption(definition, name)) refuseUnknown(definition, name)
  }
  const reduction = options.reduction === undefined ? fallback : options.reduction
  if (typeof reduction !== 'string' || !choices.includes(reduction)) {
    refuse('reduction', choices.map(choice => `'${choice}'`).join(' or '), reduction)
  }
  known.set('reduction', reduction)
  for (const option of definition.options) {
    if (option.name === 'reduction') continue
    const given = options[option.name]
    if (given === undefined && option.default === null) {
      throw new LossdError(
        'ARGUMENT_MISSING',
        `The option ${option.name} is missing; it must be ${needed(option)}`,
        { pointer: `/options/${option.name}` }
      )
    }
    const value = given === undefined ? option.default : checked(option, given)
    if (typeof value !== 'number' || option.static || value === option.default) {
      known.set(option.name, value ?? 0)
    }
    else numbers.set(option.name, value)
  }
  return { known, numbers }
}

/** The JSON schema (2020-12) of the options, reduction included. */
export function optionsSchema (definition: Definition): Record<string, unknown> {
  const { choices, default: fallback } = definition.reduction
  const properties: Record<string, unknown> = {
    reduction: { type: 'string', enum: [...choices], default: fallback }
  }
  const required: string[] = []
  for (const option of definition.options) {
    if (option.name !== 'reduction') properties[option.name] = schemaOf(option)
    if (option.default === null) required.push(option.name)
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false
  }
}

const limits = {
  '>': 'exclusiveMinimum',
  '>=': 'minimum',
  '<': 'exclusiveMaximum',
  '<=': 'maximum'
} as const
const types = { number: 'number', integer: 'integer', boolean: 'boolean', text: 'string' } as const

function schemaOf ({
  type,
  choices,
  bounds,
  default: fallback
}: OptionArgument): Record<string, unknown> {
  return {
    type: types[type],
    ...Object.fromEntries(bounds.map(({ operator, value }) => [limits[operator], value])),
    ...(choices.length > 0 ? { enum: [...choices] } : {}),
    ...(fallback === null || fallback === Infinity ? {} : { default: fallback })
  }
}

function isOption (definition: Definition, name: string): boolean {
  return name === 'reduction' || definition.options.some(option => option.name === name)
}

function refuseUnknown (definition: Definition, name: string): never {
  const pointer = `/options/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (name === 'size_average' || name === 'reduce') {
    throw new LossdError(
      'OPTION_UNKNOWN',
      `${name} is no longer supported; use reduction: 'none', 'mean' or 'sum'`,
      { pointer }
    )
  }
  const names = [...new Set(['reduction', ...definition.options.map(option => option.name)])]
  const near = nearest(name, names)
  const rest =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the options are ${names.join(', ')}`
  throw new LossdError('OPTION_UNKNOWN', `There is no option ${name.slice(0, 80)}; ${rest}`, {
    pointer
  })
}

function checked (option: OptionArgument, given: unknown): OptionValue {
  const value =
    typeof given === 'string' && option.type === 'number' ? (infinite.get(given) ?? given) : given
  const { name, type, choices, bounds } = option
  switch (type) {
    case 'number':
    case 'integer':
      if (typeof value !== 'number' || outside(value, bounds)) {
        return refuse(name, needed(option), given)
      }
      if (type === 'integer' && !Number.isInteger(value)) return refuse(name, needed(option), given)
      return value
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(name, needed(option), given)
    case 'text':
      if (typeof value !== 'string' || (choices.length > 0 && !choices.includes(value))) {
        return refuse(name, needed(option), given)
      }
      return value
  }
}

// JSON has no infinite numbers; they are written as texts (API.md section 1).
const infinite: ReadonlyMap<string, number> = new Map([
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['NaN', Number.NaN]
])

function needed ({ type, choices, bounds }: OptionArgument): string {
  if (choices.length > 0) return choices.map(choice => `'${choice}'`).join(' or ')
  const what = {
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    text: 'a text'
  }[type]
  return bounds.length > 0 ? `${what} ${boundsText(bounds)}` : what
}

function refuse (name: string, expected: string, value: unknown): never {
  const got =
    typeof value === 'object' && value !== null ? 'an object or array' : String(value).slice(0, 80)
  const shown = typeof value === 'string' ? `'${got}'` : got
  throw new LossdError('OPTION_INVALID', `The option ${name} must be ${expected}; got ${shown}`, {
    pointer: `/options/${name}`
  })
}
