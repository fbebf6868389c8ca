// PyTorch's training runs of test/golden/sessions, made by test/golden/sessions.py.

import { readdirSync, readFileSync } from 'node:fs'
import type { JsonObject } from '../../src/codec/json-reader.ts'

export type Nested = number | readonly Nested[]

/** What PyTorch computed in one datatype. */
export interface Run {
  readonly losses: readonly number[]
  readonly grad_norms: readonly number[]
  readonly parameters: Readonly<Record<string, Nested>>
}

export interface Vector {
  readonly name: string
  readonly model: JsonObject
  readonly loss: JsonObject
  readonly optimizer: JsonObject
  readonly steps: number
  /** The learning rate of each step, if it changes. */
  readonly schedule: readonly number[] | null
  readonly weights: Readonly<Record<string, Nested>>
  /** Input and target, used in turn. */
  readonly batches: readonly (readonly [Nested, Nested])[]
  readonly FP32: Run
  readonly FP64: Run
}

// Compiled tests lie in dist/test, data stays in test.
const root = import.meta.url.includes('/dist/') ? '../../../' : '../../'
const folder = new URL(`${root}test/golden/sessions/`, import.meta.url)

export const vectors: readonly Vector[] = readdirSync(folder)
  .filter(file => file.endsWith('.json'))
  .map(file => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))

/** All numbers of nested arrays, row-major. */
export function flat (values: Nested): number[] {
  return typeof values === 'number' ? [values] : values.flatMap(flat)
}

/** The lengths of nested arrays. */
export function shapeOf (values: Nested): number[] {
  if (typeof values === 'number') return []
  return [values.length, ...shapeOf(values[0] ?? [])]
}

/** The largest difference in units of 1 + |expected|. */
export function distance (actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  return expected.reduce((worst, value, index) =>
    Math.max(worst, Math.abs((actual[index] ?? Number.NaN) - value) / (1 + Math.abs(value))), 0)
}
