// A matrix product of the schedule as a part of a program: which words it reads, and what the
// lengths make of them. The kernels themselves are those of matmul.ts.

import type { Axis } from '../formulas/graph.ts'
import { matmul, type Matmul } from './matmul.ts'
import { planWords } from './matmul-plan.ts'
import type { Fit, LengthOf, Part } from './program.ts'
import type { RecordLayout } from './record.ts'
import type { ProductTask, Stored } from './schedule.ts'

/** The two steps of a product, from `index` on. */
export function emitProduct (task: ProductTask, index: number, emission: {
  record: RecordLayout
  precision: 'f32' | 'f64'
  relaxed: boolean
}): { part: Part; matmul: Matmul } {
  const { record, precision, relaxed } = emission
  const word = (name: string): number => record.word(`product ${index} ${name}`)
  const words = {
    m: word('m'), n: word('n'), k: word('k'), aM: word('aM'), aK: word('aK'), bK: word('bK'),
    bN: word('bN'), cM: word('cM')
  }
  const isBatch = task.batch.length > 0
  const batch = { aBatch: word('aBatch'), bBatch: word('bBatch'), cBatch: word('cBatch') }
  const plan = word('plan 0')
  for (let place = 1; place < planWords; place++) word(`plan ${place}`)
  const scratch = word('scratch')
  const product = matmul({
    index,
    precision,
    relaxed,
    aContiguous: isLast(task.a, task.k) ? 'k' : 'm',
    bContiguous: isLast(task.b, task.k) ? 'k' : 'n',
    offsets: {
      a: record.word(task.a.place), b: record.word(task.b.place), c: record.word(task.to.place),
      scratch, ...words, ...(isBatch ? batch : {}), plan
    }
  })
  const part: Part = {
    title: `product over ${task.k.join(' × ')} for ${task.m.join(' × ')} by ${task.n.join(' × ')}`,
    fit: (length): Fit => {
      const [m, n, k] = [task.m, task.n, task.k].map(axes => count(axes, length)) as [number, number, number]
      const fit = product.plan({ m, n, k, batch: count(task.batch, length) })
      const strides: [number, number][] = [
        [words.m, m], [words.n, n], [words.k, k],
        [words.aM, stride(task.a, task.m, length)], [words.aK, stride(task.a, task.k, length)],
        [words.bK, stride(task.b, task.k, length)], [words.bN, stride(task.b, task.n, length)],
        [words.cM, n]
      ]
      if (isBatch) {
        strides.push([batch.aBatch, stride(task.a, task.batch, length)],
          [batch.bBatch, stride(task.b, task.batch, length)], [batch.cBatch, m * n])
      }
      return {
        cuts: fit.steps.map(cut => ({ ...cut, unitsPerChunk: 0, units: 0 })),
        words: [...strides, ...fit.words.map((value, place): [number, number] => [plan + 8 * place, value])],
        blocks: [[scratch, fit.scratchBytes]],
        threadBytes: 0
      }
    }
  }
  return { part, matmul: product }
}

function isLast (stored: Stored, axes: readonly Axis[]): boolean {
  return axes.includes(stored.layout.at(-1) ?? '')
}

function count (axes: readonly Axis[], length: LengthOf): number {
  return axes.reduce((product, axis) => product * length(axis), 1)
}

// Elements from one position along a group of neighbouring axes to the next.
function stride (stored: Stored, axes: readonly Axis[], length: LengthOf): number {
  const last = stored.layout.indexOf(axes.at(-1) ?? '')
  return last < 0 ? 0 : count(stored.layout.slice(last + 1), length)
}
