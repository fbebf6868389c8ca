// Fields of a session's JSON objects: which there may be, and what each must be. Every refusal
// names the field with a JSON pointer.

import { childPointer } from '../codec/json-tensor.ts'
import { isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError, nearest, shown } from '../errors.ts'

/** JSON that is kept or sent: no tensors in it. */
export type Plain = null | boolean | number | string | readonly Plain[] | PlainObject
export type PlainObject = { readonly [key: string]: Plain }

/** Throws FIELD_UNKNOWN for the first field that is not among the names. */
export function refuseOthers (object: JsonObject, names: readonly string[], pointer: string): void {
  for (const key in object) {
    if (names.includes(key)) continue
    const near = nearest(key, names)
    throw new LossdError('FIELD_UNKNOWN',
      `There is no field ${shown(key)}; ${near.length > 0 ? 'nearest' : 'there are'}: ` +
      (near.length > 0 ? near : names).join(', '),
      { pointer: childPointer(pointer, key) })
  }
}

/** An object. Throws FIELD_INVALID. */
export function objectOf (value: Json | undefined, pointer: string): JsonObject {
  if (value === undefined || !isJsonObject(value)) throw invalid(value, 'an object', pointer)
  return value
}

/** True for a list; one of numbers alone is none, since codec reads it as a tensor. */
export function isList (value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** A text that is one of the choices; the fallback if there is none. Throws FIELD_INVALID. */
export function choiceOf<T extends string> (
  value: Json | undefined, choices: readonly T[], fallback: T, pointer: string
): T {
  if (value === undefined) return fallback
  const choice = choices.find(each => each === value)
  if (choice === undefined) throw invalid(value, `one of ${choices.join(', ')}`, pointer)
  return choice
}

/** A number within bounds; the fallback if there is none. Throws FIELD_INVALID. */
export function numberOf (
  value: Json | undefined, fallback: number | undefined, pointer: string,
  { least = 0, most = Number.MAX_VALUE, whole = false } = {}
): number {
  const given = value ?? fallback
  const fits = typeof given === 'number' && given >= least && given <= most
  if (fits && (!whole || Number.isInteger(given))) return given
  const kind = whole ? 'a whole number' : 'a number'
  const range = most === Number.MAX_VALUE || most === Number.MAX_SAFE_INTEGER
    ? `${least} or more`
    : `from ${least} to ${most}`
  throw invalid(value, `${kind}, ${range}`, pointer)
}

/** FIELD_INVALID: what the field must be, and what it is. */
export function invalid (value: Json | undefined, expected: string, pointer: string): LossdError {
  const field = pointer === '' ? 'The body' : pointer.slice(1).replaceAll('/', '.')
  return new LossdError('FIELD_INVALID',
    `${shown(field)} must be ${expected}; got ${kindOf(value)}`,
    { pointer })
}
