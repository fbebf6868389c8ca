// Matrix products as the emitter of programs makes them, one thread, against what 128-bit lanes
// can do at most in the same run. C = A · B is m × k × n; N and T say which operand is turned.

import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { assemble, loadAssembler } from '../src/kernels/assemble.ts'
import { compileProduct, type Form, hasRelaxed, place } from '../test/kernels/matmul-module.ts'
import { type Competitor, digits, race, table } from './measure.ts'

const layouts = {
  NT: { aContiguous: 'k', bContiguous: 'k' },
  NN: { aContiguous: 'k', bContiguous: 'n' },
  TN: { aContiguous: 'm', bContiguous: 'n' }
} as const
type Layout = keyof typeof layouts

/** A Linear layer forward is NT, its gradient by the input NN, by the weight TN. */
const shapes: readonly (readonly [number, number, number])[] =
  [[64, 784, 10], [64, 784, 512], [512, 64, 784], [256, 1024, 1024]]

export interface MatmulRow {
  readonly shape: string
  readonly layout: Layout
  readonly relaxed: boolean
  readonly gigaflops: number
  readonly ofPeak: number
}

/** Measures all shapes and layouts, float32, with and without relaxed SIMD. */
export async function run (): Promise<MatmulRow[]> {
  const rows: MatmulRow[] = []
  await loadAssembler()
  for (const relaxed of hasRelaxed ? [false, true] : [false]) {
    const peak = peakOf(relaxed)
    for (const [m, k, n] of shapes) {
      const competitors: Competitor[] = [peak]
      let end: number | undefined
      for (const [name, layout] of Object.entries(layouts)) {
        const form: Form = { precision: 'f32', relaxed, ...layout }
        const a = operand(m, k, layout.aContiguous === 'k')
        const b = operand(k, n, layout.bContiguous === 'n')
        const placed = place(compileProduct(form), { m, n, k, batch: 1 }, a, b, n, end)
        end = placed.end
        competitors.push({ name, run: () => { placed.run() } })
      }
      for (const { run } of competitors) await warm(run)
      const times = await race(competitors)
      const most = peak.operations / (times.get(peak.name) ?? Number.NaN)
      for (const layout of ['NT', 'NN', 'TN'] as const) {
        const gigaflops = 2 * m * n * k / (times.get(layout) ?? Number.NaN)
        rows.push({
          shape: `${m}×${k}×${n}`, layout, relaxed, gigaflops, ofPeak: gigaflops / most
        })
      }
    }
  }
  return rows
}

/** Runs until the optimizing compiler, which works beside, is done. */
async function warm (run: () => unknown): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    const end = performance.now() + 20
    do run(); while (performance.now() < end)
    await setTimeout(10)
  }
}

/** As many independent sums as fit in the registers, nothing loaded or stored. */
function peakOf (relaxed: boolean): Competitor & { readonly operations: number } {
  const sums = Array.from({ length: relaxed ? 11 : 13 }, (_, index) => `(local.get ${index + 3})`)
  const turns = 1000
  const step = (sum: string): string => relaxed
    ? `(f32x4.relaxed_madd ${sum} (local.get 1) (local.get 2))`
    : `(f32x4.add (f32x4.mul ${sum} (local.get 1)) (local.get 2))`
  const instance = new WebAssembly.Instance(assemble(`(module
    (func (export "peak") (param i32) (result v128)
      (local v128 v128 ${sums.map(() => 'v128').join(' ')})
      (loop $next
        ${sums.map((sum, index) => `(local.set ${index + 3} ${step(sum)})`).join('\n')}
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $next (local.get 0)))
      ${sums.reduce((a, b) => `(v128.xor ${a} ${b})`)})
    (func (export "run") (drop (call 0 (i32.const ${turns})))))`))
  const { run } = instance.exports
  if (typeof run !== 'function') throw new Error('the peak is not exported')
  return { name: 'peak', run: () => run(), operations: turns * sums.length * 8 }
}

function operand (rows: number, columns: number, rowMajor: boolean): Parameters<typeof place>[2] {
  return {
    values: Float32Array.from({ length: rows * columns }, () => Math.random() - 0.5),
    rowStride: rowMajor ? columns : 1,
    columnStride: rowMajor ? 1 : rows,
    batchStride: 0
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await run()
  console.log(table(
    ['m × k × n', 'form', 'relaxed SIMD', 'GFLOP/s', 'of 128-bit peak'],
    rows.map(({ shape, layout, relaxed, gigaflops, ofPeak }) =>
      [shape, layout, relaxed ? 'yes' : 'no', digits(gigaflops), ofPeak.toFixed(2)])
  ))
}
