// Taking along an axis: indices beyond its ends are held inside, and so are their gradients; along
// an axis without places nothing can be taken.

import t from 'tap'
import { bind } from '../../src/formulas/bind.ts'
import { define } from '../../src/formulas/define.ts'
import { type Evaluation, evaluateLoss } from './evaluate-loss.ts'

interface Tensor { readonly shape: readonly number[], readonly data: readonly number[] }
type Case = readonly [text: string, tensors: Readonly<Record<string, Tensor>>, slopes: number[]]

const row = (...data: number[]): Tensor => ({ shape: [data.length], data })
const x = row(1, -2, 4)

function evaluate (text: string, tensors: Readonly<Record<string, Tensor>>): Evaluation {
  const plain = Object.fromEntries(Object.entries(tensors)
    .map(([name, tensor]) => [name, { ...tensor, datatype: null }]))
  return evaluateLoss(define(text), plain, { reduction: 'sum' })
}

t.test('what is read beyond the ends has its gradient at the ends', async t => {
  const i = row(7, -1, 1)
  const texts: readonly Case[] = [
    ['x: real[N]; i: integer[M]; x[N = i]', { x, i }, [1, 1, 1]],
    ['x: real[N]; i: integer[N]; x * x[N = i]', { x, i }, [2, 5, -1]],
    ['x: real[N]; y: real[C]; i: class[M]; x[N = i] + y[i]',
      { x, y: row(1, 2, 3, 4, 5, 6, 7, 8), i: row(7, 0, 1) }, [1, 1, 1]],
    ['x: real[N]; i: class(N)[M] >= -1 < 9; x[i]', { x, i }, [1, 1, 1]],
    ['x: real[N]; x[N = 5]', { x }, [0, 0, 1]],
    ['x: real[N]; y: real[C]; M = axis(C); index(N)[N = index(M)] * x',
      { x, y: row(1, 2, 3, 4, 5) }, [7, 7, 7]],
    ['x: real[N]; i: integer[M]; index(N)[N = i] * x', { x, i }, [3, 3, 3]],
    // What is held inside the axis is still rounded down; what is whole is still held inside.
    ['x: real[N]; y: real[M]; x[N = clamp(y, 0, N - 1)]', { x, y: row(0.4, 1.7, 2) }, [1, 1, 1]],
    ['x: real[N]; y: real[M]; x[N = floor(y)]', { x, y: row(-0.4, 1.7, 9) }, [1, 1, 1]],
    ['x: real[N]; i: integer[M]; x[N = clamp(i, 0, N)]', { x, i }, [1, 1, 1]],
    ['x: real[N]; i: integer[M]; x[N = clamp(i, -1, N - 1)]', { x, i }, [1, 1, 1]],
    ['x: real[N]; i: integer[M]; x[N = clamp(i, 0, N - 2)]', { x, i }, [1, 2, 0]],
    ['x: real[N]; y: real[C]; i: integer[M]; x[N = clamp(i, 0, C - 1)]', { x, y: row(1, 2), i },
      [1, 2, 0]],
    ['x: real[N]; x[N = 1.5] + x[N = -1]', { x }, [1, 1, 0]],
    ['x: real[N]; f = (a, A) => a[A = 1] * sum(a, A); f(x, N)', { x }, [-2, 1, -2]]
  ]
  for (const [text, tensors, slopes] of texts) {
    t.same(evaluate(text, tensors).gradients.get('x'), slopes, text)
  }
})

t.test('nothing is taken along an axis without places', async t => {
  const nothing: Tensor = { shape: [0], data: [] }
  const texts: readonly (readonly [text: string, tensors: Record<string, Tensor>])[] = [
    ['x: real[N]; y: real[C]; y[C = 0] * x', { x, y: nothing }],
    ['x: real[N]; y: real[C]; z = y * x; z[C = index(N)]', { x, y: nothing }],
    ['y: real[C]; x: real[N]; y[C = order(x, N, N)]', { x, y: nothing }],
    ['y: real[C]; x: real[N]; x * order(y, C, N)', { x, y: nothing }]
  ]
  for (const [text, tensors] of texts) {
    t.throws(() => evaluate(text, tensors), { code: 'SHAPE_MISMATCH', message: /along C/ })
  }
  const renamed = 'y: real[C]; M = axis(C); sum(y * y[C = index(M)], M)'
  t.same(evaluate(renamed, { y: nothing }).loss, [0])
  const key = (length: number): string => bind(define('y: real[C]; y[C = 0]'),
    { y: { shape: [length], kind: 'real' } }, {}).key
  t.equal(key(2), key(3))
  t.not(key(2), key(0), 'it is traced anew')
})
