// Random formulas of the language, each with a random request: the plain evaluator, kernels in
// float64 and in float32, difference quotients, the derivative's own text read back, and PyTorch
// where it is there must agree. LOSSD_FUZZ_RUNS and LOSSD_FUZZ_SEED make more of them; what fails
// is printed with its seed, as short as it can be made.

import fc from 'fast-check'
import t from 'tap'
import { words } from '../src/formulas/words.ts'
import { FormulaChecks } from './formulas/formula-checks.ts'
import { signs, written } from './formulas/formula-ops.ts'
import { wordMakes } from './formulas/formula-words.ts'
import { randomFormulas } from './formulas/random-formula.ts'
import { Torch } from './formulas/torch-formula.ts'
import { createMachine } from './machine.ts'

t.setTimeout(3_600_000)

const numRuns = Number(process.env['LOSSD_FUZZ_RUNS'] ?? 300)
const seed = Number(process.env['LOSSD_FUZZ_SEED'] ?? 11)

t.test(`${numRuns} formulas, seed ${seed}`, async t => {
  const machine = await createMachine()
  const torch = await Torch.start()
  t.teardown(() => torch?.close())
  const checks = new FormulaChecks(machine, torch)
  await fc.assert(fc.asyncProperty(randomFormulas, formula => checks.check(formula)),
    { numRuns, seed })
  const { counts, untold } = checks
  t.comment(JSON.stringify({ ...counts, untold: Object.fromEntries(untold) }))
  await machine.close(t)
  t.ok(counts.slopes > numRuns, 'most formulas have slopes')
  t.ok(counts.texts > numRuns, 'most derivatives can be printed')
  t.ok(counts.refused + counts.unstable + counts.kinks <= 0.03 * numRuns,
    'few formulas tell nothing')
  // A Python that is named has torch.
  const isSkipped = torch === null && process.env['LOSSD_PYTHON'] === undefined
  t.ok(counts.torch > 0.7 * numRuns, 'PyTorch tells for most',
    { skip: isSkipped && 'there is no Python with torch' })
})

t.test('all words and signs take part', async t => {
  const texts = fc.sample(randomFormulas, { numRuns: 1000, seed: 1 }).map(({ text }) => text)
  const missing = (used: string): boolean => !texts.some(text => text.includes(used))
  const reserved = new Set(['axis', 'uniform'])
  t.same([...words.keys()].filter(word => !reserved.has(word) && missing(`${word}(`)), [])
  t.same([...signs.values()].filter(sign => missing(sign)), [])
  t.same(written.filter(({ name }) => !signs.has(name) && missing(`${name}(`)), [])
  t.ok(Object.keys(wordMakes).length > 0)
})
