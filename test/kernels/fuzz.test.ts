// Random programs, compiled, against the plain evaluator. LOSSD_FUZZ_RUNS and LOSSD_FUZZ_SEED make
// more of them; what fails is printed with its seed, as short as it can be made.

import fc from 'fast-check'
import t from 'tap'
import { reach } from '../../src/formulas/walk.ts'
import { enableRelaxedSimd } from '../../src/kernels/assemble.ts'
import { compileProgram } from '../../src/kernels/compile.ts'
import { evaluate } from '../evaluator.ts'
import { Random } from '../random.ts'
import { differences, type Operands, randomOperands } from './against-evaluator.ts'
import { type RandomProgram, randomPrograms } from './random-program.ts'

const numRuns = Number(process.env['LOSSD_FUZZ_RUNS'] ?? 150)
const seed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 11)
const rounding = { f32: 1e-5, f64: 1e-11 }

t.before(() => { enableRelaxedSimd() })

for (const precision of ['f32', 'f64'] as const) {
  t.test(`${numRuns} programs in ${precision}, seed ${seed}`, async t => {
    fc.assert(fc.property(randomPrograms, fc.boolean(), (given, relaxed) => {
      const { graph, outputs, lengths } = given
      const random = new Random(given.seed)
      const operands = randomOperands(outputs, lengths, new Map([['p', 0.75]]), random)
      const program = compileProgram({ graph, outputs, precision, relaxed })
      // An error made anywhere may reach everything.
      const tolerance = rounding[precision] * magnitude(given, operands)
      const rules = { relative: 10 * rounding[precision], absolute: tolerance, random }
      const found = differences(program, outputs, operands, rules)
      if (found.length > 0) throw new Error(found.join('\n'))
    }), { numRuns, seed })
    t.pass()
  })
}

// The largest value on the way to the outputs.
function magnitude ({ outputs }: RandomProgram, operands: Operands): number {
  const nodes = reach(outputs.map(output => output.node)).filter(node => !node.mask)
  const values = evaluate(nodes.map(node => ({ node, axes: node.axes })), operands)
  let largest = 1
  for (const each of values) {
    for (const value of each) {
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value))
    }
  }
  return largest
}
