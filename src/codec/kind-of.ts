// A value of a body in a word or two, for sentences that say what came.

import { shown } from '../errors.ts'
import { Numbers } from './json-numbers.ts'
import { isJsonObject, type Json } from './json-reader.ts'
import { StagedTensor } from './staged.ts'

export function kindOf (value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(shown(value))
  if (value === null || typeof value !== 'object') return String(value)
  if (isJsonObject(value)) return 'an object'
  if (value instanceof StagedTensor) return 'a tensor'
  const isNumbers = value instanceof Numbers && value.fault === undefined
  const count = value instanceof Numbers ? value.count : value.length
  return count === 0 ? 'an empty array' : isNumbers ? 'an array of numbers' : 'an array'
}
