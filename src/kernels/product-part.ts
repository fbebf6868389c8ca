// A matrix product of the schedule as a part of a program: which words it reads, and what the
// lengths make of them. The kernels themselves are those of matmul.ts.

import type { Axis } from '../formulas/graph.ts'
import type { Emission } from './lane-writer.ts'
import { matmul, type Matmul } from './matmul.ts'
import { planWords } from './matmul-plan.ts'
import type { LengthOf, Part } from './program.ts'
import type { ProductTask, Stored } from './schedule.ts'

/** The two steps of a product, from `index` on. */
export function emitProduct (task: ProductTask, index: number, emission: Emission): {
  part: Part
  matmul: Matmul
} {
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
  const scratch = word('scratch')
  const product = matmul({
    index,
    precision,
    relaxed,
    aContiguous: isLast(a, k) ? 'k' : 'm',
    bContiguous: isLast(b, k) ? 'k' : 'n',
    offsets: {
      a: record.word(a.place),
      b: record.word(b.place),
      c: record.word(to.place),
      scratch,
      plan: planWord,
      ...words,
      ...batchWords
    }
  })
  const part: Part = {
    title: `product over ${k.join(' × ')} for ${m.join(' × ')} by ${n.join(' × ')}`,
    fit: length => {
      const [rows, columns] = [countOf(m, length), countOf(n, length)]
      const lengths = { m: rows, n: columns, k: countOf(k, length), batch: countOf(batch, length) }
      const plan = product.plan(lengths)
      const set: (readonly [number, number])[] = [
        [words.m, lengths.m], [words.n, lengths.n], [words.k, lengths.k],
        [words.aM, stride(a, m, length)], [words.aK, stride(a, k, length)],
        [words.bK, stride(b, k, length)], [words.bN, stride(b, n, length)],
        [words.cM, columns]
      ]
      if (batchWords !== null) {
        set.push([batchWords.aBatch, stride(a, batch, length)],
          [batchWords.bBatch, stride(b, batch, length)], [batchWords.cBatch, rows * columns])
      }
      for (const [place, value] of plan.words.entries()) set.push([planWord + 8 * place, value])
      return {
        cuts: plan.steps.map(cut => ({ ...cut, unitsPerChunk: 0, units: 0 })),
        words: set,
        blocks: [[scratch, plan.scratchBytes]],
        threadBytes: 0
      }
    }
  }
  return { part, matmul: product }
}

function isLast ({ layout }: Stored, axes: readonly Axis[]): boolean {
  return axes.includes(layout.at(-1) ?? '')
}

function countOf (axes: readonly Axis[], length: LengthOf): number {
  return axes.reduce((product, axis) => product * length(axis), 1)
}

// Elements from one position along a group of neighbouring axes to the next.
function stride ({ layout }: Stored, axes: readonly Axis[], length: LengthOf): number {
  const last = layout.indexOf(axes.at(-1) ?? '')
  return last < 0 ? 0 : countOf(layout.slice(last + 1), length)
}
