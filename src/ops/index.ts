// The op table: every op a formula can be made of, in the order of the families. Rows of one family
// stand in one file; a test proves that no file is missing.

import { arithmetic } from './arithmetic.ts'
import { bounds } from './bounds.ts'
import { comparison } from './comparison.ts'
import { exponential } from './exponential.ts'
import { logarithm } from './logarithm.ts'
import { logistic } from './logistic.ts'
import type { Op } from './op.ts'
import { power } from './power.ts'
import { saturating } from './saturating.ts'
import { softmax } from './softmax.ts'
import { structural } from './structural.ts'
import { trigonometric } from './trigonometric.ts'

/** All rows: those with lanes, and composites whose value is a text. */
export const ops: readonly Op[] = [
  ...arithmetic,
  ...comparison,
  ...bounds,
  ...exponential,
  ...logarithm,
  ...power,
  ...trigonometric,
  ...saturating,
  ...logistic,
  ...softmax
]

const byName = new Map(ops.map(op => [op.name, op]))
const structuralByName = new Map(structural.map(op => [op.name, op]))

/** The row of a name, or undefined: a structural op of the graph, or no op at all. */
export function findOp (name: string): Op | undefined {
  return byName.get(name)
}

/** The row of a reduction: sum, max, min. */
export function findStructural (name: string): (typeof structural)[number] | undefined {
  return structuralByName.get(name)
}

export type { Lane, Lanes, Op } from './op.ts'
