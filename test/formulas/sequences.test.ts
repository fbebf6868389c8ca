// Words that work in order along an axis, on numbers small enough to be checked by hand: running
// sums, places by size, recurrences and their neighbours; and the gradients of the same.

import t from 'tap'
import { define } from '../../src/formulas/define.ts'
import { type Evaluation, evaluateLoss } from './evaluate-loss.ts'

const tensors = {
  x: { shape: [4], datatype: null, data: [1, -2, 4, 1] },
  m: { shape: [2, 3], datatype: null, data: [1, 2, 3, 4, 6, 8] }
}
const declared = { x: 'x: real[T]', m: 'm: real[N, C]' }

function run (name: 'x' | 'm', text: string, reduction: string): Evaluation {
  const definition = define(`${declared[name]}\n${text}`)
  return evaluateLoss(definition, { [name]: tensors[name] }, { reduction })
}

type Row = readonly [name: 'x' | 'm', text: string, value: number[], slope: number[]]

const rows: readonly Row[] = [
  ['x', 'cumsum(x, T)', [1, -1, 3, 4], [4, 3, 2, 1]],
  ['x', 'cumsum(x, T, false)', [1, -1, 3, 4], [4, 3, 2, 1]],
  ['x', 'cumsum(x, T, true)', [4, 3, 5, 1], [1, 2, 3, 4]],
  ['x', 'cumsum(-x, T)', [-1, 1, -3, -4], [-4, -3, -2, -1]],
  ['x', 'cumsum(2, T) + 0 * x', [2, 4, 6, 8], [0, 0, 0, 0]],
  ['x', 'cumsum(2, T, true) + 0 * x', [8, 6, 4, 2], [0, 0, 0, 0]],
  ['m', 'cumsum(m, N)', [1, 2, 3, 5, 8, 11], [2, 2, 2, 1, 1, 1]],
  ['m', 'cumsum(m, C)', [1, 3, 6, 4, 10, 18], [3, 2, 1, 3, 2, 1]],
  // Equal ones keep their order.
  ['x', 'order(x, T, T) + 0 * x', [2, 0, 3, 1], [0, 0, 0, 0]],
  ['x', 'order(-x, T, T) + 0 * x', [1, 0, 3, 2], [0, 0, 0, 0]],
  ['x', 'x[T = order(x, T, T)]', [4, 1, 1, -2], [1, 1, 1, 1]],
  ['x', 'x[T = order(x, T, T)] * index(T)', [0, 1, 2, -6], [1, 3, 0, 2]],
  ['x', 'K = axis(2); order(x, T, K) + 0 * sum(x, T)', [2, 0], [0, 0, 0, 0]],
  ['x', 'K = axis(2); x[T = order(x, T, K)]', [4, 1], [1, 0, 1, 0]],
  ['m', 'm[N = order(m, N, N)]', [4, 6, 8, 1, 2, 3], [1, 1, 1, 1, 1, 1]],
  ['x', 'scan(T, p => p + x, 0)', [1, -1, 3, 4], [4, 3, 2, 1]],
  ['x', 'scan(T, p => p + x, 10)', [11, 9, 13, 14], [4, 3, 2, 1]],
  ['x', 'scan(T, p => p + x, 10, true)', [14, 13, 15, 11], [1, 2, 3, 4]],
  ['x', 'scan(T, p => 2 * p + x, 0, false)', [1, 0, 4, 9], [15, 7, 3, 1]],
  ['x', 'scan(T, p => x * p, 1)', [1, -2, -8, -8], [-17, 9, -4, -8]],
  ['x', 'scan(T, p => x * 3, 1)', [3, -6, 12, 3], [3, 3, 3, 3]],
  ['x', 'scan(T, p => p * 2, 1) + 0 * x', [2, 4, 8, 16], [0, 0, 0, 0]],
  ['m', 'scan(N, p => p[C = index(C) - 1] + m, 0)', [1, 2, 3, 4, 7, 10], [2, 2, 1, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = index(C) + 1] + m, 0)', [1, 2, 3, 6, 9, 8], [1, 2, 2, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = 1 + index(C)] + m, 0)', [1, 2, 3, 6, 9, 8], [1, 2, 2, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = index(C) - 2] + m, 5)', [6, 7, 8, 9, 11, 14], [2, 1, 1, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = index(C) + 7] + m, 5)', [6, 7, 8, 9, 11, 13], [1, 1, 1, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = index(C) - 1][C = index(C) - 1] + m, 0)', [1, 2, 3, 4, 6, 9],
    [2, 1, 1, 1, 1, 1]],
  ['m', 'scan(N, p => p[C = index(C) - 0] + m, 0)', [1, 2, 3, 5, 8, 11], [2, 2, 2, 1, 1, 1]],
  ['m', 'scan(N, p => -p[C = index(C) - 1] + m, 0)', [1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 1, 1]],
  // Outside of a recurrence an index beyond the end is held at the end.
  ['m', 'm[C = index(C) - 1]', [1, 1, 2, 4, 4, 6], [2, 1, 0, 2, 1, 0]],
  ['m', 'm[C = index(C) + 1]', [2, 3, 3, 6, 8, 8], [0, 1, 2, 0, 1, 2]],
  ['m', 'sum(m, N)[C = index(C) - 1] * m', [5, 10, 24, 20, 30, 64], [18, 16, 8, 18, 16, 8]]
]

for (const [name, text, value, slope] of rows) {
  t.test(text, async t => {
    t.same(run(name, text, 'none').loss, value)
    t.same(run(name, text, 'sum').gradients.get(name), slope, 'its gradient')
  })
}
