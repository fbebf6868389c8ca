// A value of a body in a word or two, for sentences that say what came.

import { shown } from '../errors.ts'
import { isJsonObject, type Json } from './json-reader.ts'

export function kindOf (value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(shown(value))
  if (value === null || typeof value !== 'object') return String(value)
  return isJsonObject(value) ? 'an object' : 'an array'
}
