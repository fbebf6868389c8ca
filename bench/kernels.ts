// Common losses at several sizes, loss and gradient, by the compiled program beside the loop one
// would write in JavaScript, and beside a copy of as many bytes: the limit that memory sets.

import { enableRelaxedSimd } from '../src/kernels/assemble.ts'
import { type Competitor, digits, median, race, table } from './measure.ts'
import { plain } from './plain.ts'
import { createMachine, type Precision, prepare } from './prepare.ts'
import { kernelWorkloads, type Workload } from './workloads.ts'

const kinds: readonly (Precision & { readonly name: string })[] = [
  { name: 'float32', precision: 'f32', relaxed: false },
  { name: 'float32 relaxed', precision: 'f32', relaxed: true },
  { name: 'float64', precision: 'f64', relaxed: false },
  { name: 'float64 relaxed', precision: 'f64', relaxed: true }
]

const relaxed = enableRelaxedSimd()
const machine = createMachine(1024)
const compiled: number[] = []
const rows: string[][] = []
for (const make of kernelWorkloads()) rows.push(await measure(make()))
console.log(table(['loss', 'shape', 'plain JS', ...kinds.map(({ name }) => name), 'GB/s', 'of copy',
  'against JS'], rows))
console.log(`\nCompiling took ${digits(median(compiled))} ms at the median, the first ` +
  `${digits(compiled[0] ?? Number.NaN)} ms.`)
await machine.close()

/** A row: nanoseconds an element for each kind, then what the best float32 one makes of memory. */
async function measure (workload: Workload): Promise<string[]> {
  const count = workload.input.data.length
  const script = plain(workload)
  const expected = script.run()
  const prepared = kinds.filter(kind => relaxed || !kind.relaxed).map(kind => {
    const program = prepare(machine, workload, kind)
    program.run()
    compiled.push(program.compileMs)
    compare(workload, program.loss(), expected, program.gradient(), script.gradient)
    return { name: kind.name, ...program }
  })
  const bytes = bytesMoved(workload)
  const source = new Uint8Array(bytes / 2).fill(1)
  const copy = new Uint8Array(bytes / 2)
  const competitors: Competitor[] = [
    { name: 'plain JS', run: script.run },
    ...prepared,
    { name: 'copy', run: () => copy.set(source) }
  ]
  const large = count > 1e6
  const turns = large ? { rounds: 3, turnMs: 100 } : { rounds: 7, turnMs: 30 }
  const times = await race(competitors, turns)
  for (const { free } of prepared) free()
  const time = (name: string): number => times.get(name) ?? Number.NaN
  const best = relaxed ? Math.min(time('float32'), time('float32 relaxed')) : time('float32')
  return [workload.loss, workload.title,
    ...['plain JS', ...kinds.map(({ name }) => name)].map(name => digits(time(name) / count)),
    digits(bytes / best), `${Math.round(100 * time('copy') / best)} %`,
    `${digits(time('plain JS') / best)} ×`]
}

/** What float32 has to move: input and target read once, the gradient written once. */
function bytesMoved ({ input, target }: Workload): number {
  const wide = target.data instanceof BigInt64Array ? 8 : 4
  return Math.ceil((8 * input.data.length + wide * target.data.length) / 2) * 2
}

/** A bench of wrong numbers is none. */
function compare (
  { loss, title }: Workload, value: number, expected: number, slopes: ArrayLike<number>,
  expectedSlopes: ArrayLike<number>
): void {
  let worst = Math.abs(value - expected) / Math.max(1, Math.abs(expected))
  let scale = 0
  for (let index = 0; index < expectedSlopes.length; index++) {
    scale = Math.max(scale, Math.abs(expectedSlopes[index] ?? 0))
  }
  for (let index = 0; index < expectedSlopes.length; index++) {
    const slope = slopes[index] ?? Number.NaN
    const difference = Math.abs(slope - (expectedSlopes[index] ?? 0)) / scale
    if (!(difference <= worst)) worst = difference
  }
  if (!(worst < 1e-4)) throw new Error(`${loss} (${title}) is wrong by ${worst}`)
}
