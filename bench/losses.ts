// Every loss of the table, loss and gradients at about 1e5 elements, by the compiled program.

import { enableRelaxedSimd } from '../src/kernels/assemble.ts'
import { losses } from '../src/losses/index.ts'
import { digits, median, race, table } from './measure.ts'
import { createMachine, type Precision, prepareCall } from './prepare.ts'
import { tableWorkload } from './table-workloads.ts'

const kinds: readonly (Precision & { readonly name: string })[] = [
  { name: 'float32', precision: 'f32', relaxed: false },
  { name: 'float32 relaxed', precision: 'f32', relaxed: true },
  { name: 'float64', precision: 'f64', relaxed: false }
]

const relaxed = enableRelaxedSimd()
const machine = createMachine(1024)
const compiled: number[] = []
const rows: string[][] = []
for (const loss of losses) {
  const workload = tableWorkload(loss)
  const prepared = kinds.filter(kind => relaxed || !kind.relaxed).map(kind => {
    const program = prepareCall(machine, workload, kind)
    if (!Number.isFinite(program.loss())) throw new Error(`${loss.name} gives ${program.loss()}`)
    compiled.push(program.compileMs)
    return { name: kind.name, ...program }
  })
  const times = await race(prepared, { rounds: 5, turnMs: 20 })
  for (const { free } of prepared) free()
  const time = (name: string): number => times.get(name) ?? Number.NaN
  rows.push([loss.name, workload.title, ...kinds.map(({ name }) => digits(time(name) / 1000)),
    digits(time(relaxed ? 'float32 relaxed' : 'float32') / workload.count)])
}
console.log(table(['loss', 'first tensor', ...kinds.map(({ name }) => `${name}, µs`),
  'ns an element'], rows))
console.log(`\nCompiling took ${digits(median(compiled))} ms at the median, ` +
  `${digits(Math.max(...compiled))} ms at most.`)
await machine.close()
