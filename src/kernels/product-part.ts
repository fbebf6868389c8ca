// A matrix product of the schedule as a part of a program: which words it reads, and what the
// lengths make of them. The kernels themselves are those of matmul.ts.

import type { Axis } from '../formulas/graph.ts'
import type { Emission } from './lane-writer.ts'
import { emitMatmul, type MatmulSpec } from './matmul.ts'
import { plan, planWords } from './matmul-plan.ts'
import type { Fit, LengthOf } from './program.ts'
import type { ProductTask, Stored } from './schedule.ts'

/** What of a product decides how it is cut: how its kernels were made, and its axes. */
export interface ProductPart extends Pick<ProductTask, 'batch' | 'm' | 'n' | 'k'> {
  readonly kind: 'product'
  readonly title: string
  readonly spec: MatmulSpec
  /** Axes of the operands in memory order. */
  readonly a: readonly Axis[]
  readonly b: readonly Axis[]
}

/** Adds the two steps of a product, from `index` on; how they are cut. */
export function emitProduct (
  task: ProductTask, index: number, emission: Emission
): ProductPart {
  const { a, b, to, batch, m, n, k } = task
  const { record, precision, relaxed } = emission
  const word = (name: string): number => record.word(`product ${index} ${name}`)
  const words = {
    m: word('m'), n: word('n'), k: word('k'), aM: word('aM'), aK: word('aK'), bK: word('bK'),
    bN: word('bN'), cM: word('cM')
  }
  const batchWords = batch.length === 0
    ? null
    : { aBatch: word('aBatch'), bBatch: word('bBatch'), cBatch: word('cBatch') }
  const planWord = word('plan 0')
  for (let place = 1; place < planWords; place++) word(`plan ${place}`)
  const spec: MatmulSpec = {
    index,
    precision,
    relaxed,
    aContiguous: isLast(a, k) ? 'k' : 'm',
    bContiguous: isLast(b, k) ? 'k' : 'n',
    offsets: {
      a: record.word(a.place),
      b: record.word(b.place),
      c: record.word(to.place),
      scratch: word('scratch'),
      plan: planWord,
      ...words,
      ...batchWords
    }
  }
  const title = `product over ${k.join(' × ')} for ${m.join(' × ')} by ${n.join(' × ')}`
  emitMatmul(emission.module, spec)
  return { kind: 'product', title, spec, a: a.layout, b: b.layout, batch, m, n, k }
}

export function fitProduct ({ spec, a, b, batch, m, n, k }: ProductPart, length: LengthOf): Fit {
  const { offsets } = spec
  const [rows, columns] = [countOf(m, length), countOf(n, length)]
  const lengths = { m: rows, n: columns, k: countOf(k, length), batch: countOf(batch, length) }
  const { words: planned, steps, scratchBytes } = plan(spec, lengths)
  const words: (readonly [number, number])[] = [
    [offsets.m, lengths.m], [offsets.n, lengths.n], [offsets.k, lengths.k],
    [offsets.aM, stride(a, m, length)], [offsets.aK, stride(a, k, length)],
    [offsets.bK, stride(b, k, length)], [offsets.bN, stride(b, n, length)],
    [offsets.cM, columns]
  ]
  const { aBatch, bBatch, cBatch } = offsets
  if (aBatch !== undefined) words.push([aBatch, stride(a, batch, length)])
  if (bBatch !== undefined) words.push([bBatch, stride(b, batch, length)])
  if (cBatch !== undefined) words.push([cBatch, rows * columns])
  for (const [place, value] of planned.entries()) words.push([offsets.plan + 8 * place, value])
  return {
    cuts: steps.map(cut => ({ ...cut, unitsPerChunk: 0, units: 0 })),
    words,
    blocks: [[offsets.scratch, scratchBytes]],
    threadBytes: 0
  }
}

function isLast ({ layout }: Stored, axes: readonly Axis[]): boolean {
  return axes.includes(layout.at(-1) ?? '')
}

function countOf (axes: readonly Axis[], length: LengthOf): number {
  return axes.reduce((product, axis) => product * length(axis), 1)
}

// Elements from one position along a group of neighbouring axes to the next.
function stride (layout: readonly Axis[], axes: readonly Axis[], length: LengthOf): number {
  const last = layout.indexOf(axes.at(-1) ?? '')
  return last < 0 ? 0 : countOf(layout.slice(last + 1), length)
}
