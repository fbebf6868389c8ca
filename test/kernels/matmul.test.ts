// The matrix product against sums in float64: lengths, layouts, precisions, batches, cuts.

import t from 'tap'
import type { MatmulLengths } from '../../src/kernels/matmul-plan.ts'
import {
  canary, compileProduct, type Form, hasRelaxed, type Numbers, type Operand, place, type Product
} from './matmul-module.ts'

const forms: Form[] = (['f32', 'f64'] as const).flatMap(precision =>
  (hasRelaxed ? [false, true] : [false]).flatMap(relaxed =>
    (['k', 'm'] as const).flatMap(aContiguous =>
      (['n', 'k'] as const).map(bContiguous =>
        ({ precision, relaxed, aContiguous, bContiguous })))))

/** m × k × n: every kind of tile, every edge, sums of several parts, several chunks. */
const shapes = [
  [1, 1, 1], [4, 4, 4], [3, 784, 3], [1, 1030, 70], [1, 20, 49], [70, 1030, 1], [2, 30, 500],
  [500, 30, 2], [13, 5, 25], [12, 7, 24], [16, 1, 16], [5, 512, 9], [5, 513, 12], [17, 1025, 31],
  [64, 784, 10], [31, 1, 700], [700, 2, 31], [130, 64, 300], [64, 784, 512]
] as const
const drawn = 100
const seed = 1

for (const form of forms) {
  t.test(titleOf(form), async t => {
    const product = compileProduct(form)
    const random = generator(seed)
    const upTo40 = () => 1 + random.below(40)
    const all = [...shapes, ...Array.from({ length: drawn }, () =>
      [upTo40(), upTo40(), upTo40()] as const)]
    const errors = all.map(([m, k, n]) => check(product, { m, n, k, batch: 1 }, random))
    t.same(errors.filter(isWrong(form)), [], `seed ${seed}`)
  })
}

t.test('a product over no k is zero, one of no rows or columns is nothing', async t => {
  for (const form of forms) {
    const product = compileProduct(form)
    for (const [m, k, n] of [[5, 0, 9], [40, 0, 40], [2, 0, 7], [0, 3, 4], [4, 3, 0]] as const) {
      t.equal(check(product, { m, n, k, batch: 1 }, generator(seed)), 0, titleOf(form))
    }
  }
})

t.test('a batch is many products; a stride of 0 shares an operand', async t => {
  for (const form of forms) {
    const product = compileProduct(form, true)
    const random = generator(seed)
    for (const shared of ['', 'a', 'b', 'ab']) {
      const errors = [[3, 5, 7, 9], [20, 30, 40, 3], [64, 9, 10, 5], [1, 64, 64, 40]]
        .map(([m = 0, k = 0, n = 0, batch = 0]) =>
          check(product, { m, n, k, batch }, random, shared))
      t.same(errors.filter(isWrong(form)), [], `${titleOf(form)}, shared: ${shared}`)
    }
  }
})

t.test('the cut: no chunk is long, few are short, small work is one chunk', async t => {
  for (const form of forms) {
    const { plan } = compileProduct(form)
    for (const [m, n, k] of [
      [64, 10, 784], [64, 512, 784], [4096, 4096, 4096], [1e6, 10, 100], [10, 1e6, 100],
      [10, 20, 1e6], [1, 1e6, 100], [1e6, 1, 100], [8, 8, 8]
    ] as const) {
      const { steps } = plan({ m, n, k })
      for (const { chunks, nanosecondsPerChunk } of steps) {
        t.ok(chunks <= 1 || nanosecondsPerChunk >= 40_000, `${m}×${k}×${n}: not short`)
        t.ok(nanosecondsPerChunk < 5e6, `${m}×${k}×${n}: not long`)
      }
    }
  }
})

/** The largest error against the size of a sum; NaN if anything was written where it must not. */
function check (
  product: Product, lengths: Required<MatmulLengths>, random: Random, shared = ''
): number {
  const { form } = product
  const { m, n, k, batch } = lengths
  const a = operand(form, m, k, shared.includes('a') ? 1 : batch, form.aContiguous === 'k', random)
  const b = operand(form, k, n, shared.includes('b') ? 1 : batch, form.bContiguous === 'n', random)
  const cM = n + random.below(3)
  const placed = place(product, lengths, a, b, cM)
  placed.run()
  const bits = bitsOf(placed.result)
  placed.run(chunks => random.shuffled(chunks))
  if (!bits.equals(bitsOf(placed.result)) || !placed.isContained()) return Number.NaN
  let worst = 0
  for (let line = 0; line < batch * m; line++) {
    const index = Math.floor(line / m)
    const row = line % m
    for (let column = 0; column < n; column++) {
      const [sum, size] = dot(a, index, row, b, column, k)
      const error = Math.abs((placed.result[line * cM + column] ?? Number.NaN) - sum)
      worst = Math.max(worst, error === 0 ? 0 : error / size)
    }
    const gap = placed.result.subarray(line * cM + n, (line + 1) * cM)
    if (bitsOf(gap).some(byte => byte !== canary)) return Number.NaN
  }
  return worst
}

/** A row times a column in float64, and the root of the sum of squares of the terms. */
function dot (
  a: Operand, batch: number, row: number, b: Operand, column: number, k: number
): [number, number] {
  const aFrom = batch * a.batchStride + row * a.rowStride
  const bFrom = batch * b.batchStride + column * b.columnStride
  let sum = 0
  let squares = 0
  for (let i = 0; i < k; i++) {
    const x = a.values[aFrom + i * a.columnStride] ?? Number.NaN
    const term = x * (b.values[bFrom + i * b.rowStride] ?? Number.NaN)
    sum += term
    squares += term * term
  }
  return [sum, Math.sqrt(squares)]
}

/** Random numbers in rows or columns with gaps of NaN between them. */
function operand (
  { precision }: Form, rows: number, columns: number, batch: number, rowMajor: boolean,
  random: Random
): Operand {
  const stride = (rowMajor ? columns : rows) + random.below(3)
  const [rowStride, columnStride] = rowMajor ? [stride, 1] : [1, stride]
  const product = stride * (rowMajor ? rows : columns)
  const values = new (precision === 'f32' ? Float32Array : Float64Array)(product * batch)
  values.fill(Number.NaN)
  for (let index = 0; index < batch * rows * columns; index++) {
    const row = Math.floor(index / columns) % rows
    const from = Math.floor(index / columns / rows) * product
    values[from + row * rowStride + index % columns * columnStride] = random.between(-1, 1)
  }
  return { values, rowStride, columnStride, batchStride: batch === 1 ? 0 : product }
}

function bitsOf (numbers: Numbers): Buffer {
  return Buffer.from(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
}

function isWrong ({ precision }: Form): (error: number) => boolean {
  return error => !(error < (precision === 'f32' ? 5e-6 : 1e-14))
}

function titleOf ({ precision, relaxed, aContiguous, bContiguous }: Form): string {
  return `${precision}${relaxed ? ' relaxed' : ''}, A along ${aContiguous}, B along ${bContiguous}`
}

interface Random {
  readonly below: (end: number) => number
  readonly between: (from: number, to: number) => number
  readonly shuffled: (length: number) => number[]
}

/** Marsaglia's xorshift of 32 bits. */
function generator (start: number): Random {
  let state = start
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return {
    below: end => Math.floor(next() * end),
    between: (from, to) => from + (to - from) * next(),
    shuffled: length => Array.from({ length }, (_, index) => ({ index, key: next() }))
      .sort((x, y) => x.key - y.key).map(({ index }) => index)
  }
}
