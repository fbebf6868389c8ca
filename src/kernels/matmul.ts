// The matrix product as two steps of a program: pack into panels, then multiply.
//
//     C[m, n] = sum over k of A[m, k] · B[k, n]
//
//          B                     B in panels                 C = A · B, one block
//     ┌────────┬────────┬──     ┌────────┐ ┌────────┐      ┌──────┬──────┬──
//     │0      7│8     15│       │0      7│ │8     15│      │ 4×8  │ 4×8  │   a tile is 4 rows of A
//   k │0      7│8     15│  ──▶  │0      7│ │8     15│      ├──────┼──────┤   times a panel of B
//     │0      7│8     15│       │0      7│ │8     15│      │  ↓   │      │
//     └────────┴────────┴──     └────────┘ └────────┘      │      │      │
//      a row after a row        a panel after a panel      └──────┴──────┘
//
// While a panel stays in the first cache, the rows of A in a block pass by it, number by number;
// they stay in the second. A runs along k or is packed too, in panels of 4 rows. The kernels serve
// all lengths; what depends on lengths is decided in matmul-plan.ts and read by matmul-steps.ts,
// the walk over the panels and blocks. The arithmetic is in matmul-tiles.ts and matmul-panels.ts.
//
// A number of C is summed by one thread, in an order that depends on the lengths alone: the bits
// are the same for any number of threads and any cut into chunks.

import { pack } from './matmul-panels.ts'
import { planOffsets } from './matmul-plan.ts'
import { multiplyStep, packStep } from './matmul-steps.ts'
import { arithmeticOf, dots, storeLanes, tile, tileVectors } from './matmul-tiles.ts'
import type { ModuleText } from './module-text.ts'
import { FunctionText } from './text.ts'

export interface MatmulSpec {
  /** The number of the first of the two steps. */
  readonly index: number
  readonly precision: 'f32' | 'f64'
  readonly relaxed: boolean
  /** Which stride of A, and which of B, is 1. */
  readonly aContiguous: 'k' | 'm'
  readonly bContiguous: 'n' | 'k'
  readonly offsets: MatmulOffsets
}

/** Byte offsets in the record of arguments; each word is an unsigned i32. */
export interface MatmulOffsets {
  /** Addresses. Up to 32 bytes behind A, B and C are read, never written, and do not matter. */
  readonly a: number
  readonly b: number
  readonly c: number
  /** MatmulPlan.scratchBytes, aligned to 16, shared by all threads; not read if that is 0. */
  readonly scratch: number
  /** Lengths. */
  readonly m: number
  readonly n: number
  readonly k: number
  /** Strides in elements; along n, C is contiguous. */
  readonly aM: number
  readonly aK: number
  readonly bK: number
  readonly bN: number
  readonly cM: number
  /** Strides from product to product of a batch; an operand without one is shared by all. */
  readonly aBatch?: number
  readonly bBatch?: number
  readonly cBatch?: number
  /** Where MatmulPlan.words go: planWords of them, 8 bytes apart. */
  readonly plan: number
}

/**
 * Adds the two steps to a module: k<index> and a<index>, k<index + 1> and a<index + 1>, and the
 * functions that all products of a module share.
 */
export function emitMatmul (module: ModuleText, spec: MatmulSpec): void {
  const arithmetic = arithmeticOf(spec.precision, spec.relaxed)
  const offsets = { ...spec.offsets, ...planOffsets(spec.offsets.plan) }
  const has = {
    packsOfA: spec.aContiguous === 'm',
    bAlong: spec.bContiguous === 'k' ? 'k' : 'columns',
    dots: spec.aContiguous === 'k' && spec.bContiguous === 'k'
  } as const
  const shared = [
    ...tileVectors.map(vectors => tile(arithmetic, vectors)),
    storeLanes(arithmetic),
    ...has.dots ? [dots(arithmetic)] : [],
    ...has.packsOfA ? [pack(arithmetic, 'columns')] : [],
    pack(arithmetic, has.bAlong)
  ].filter(({ name }) => !module.has(name))
  for (const { name, write } of shared) module.define(name, write(module))
  for (const [place, step] of [packStep, multiplyStep].entries()) {
    module.export(`k${spec.index + place}`, step(module, arithmetic, offsets, has))
    module.export(`a${spec.index + place}`, new FunctionText('i32'))
  }
}
