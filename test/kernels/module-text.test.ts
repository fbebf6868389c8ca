// Modules are written as bytes, without an assembler between. A disassembler and an assembler that
// are not ours must make the same of them: what is shown of a program as WAT is what runs.

import t from 'tap'
import { catalogue } from '../../src/api/catalogue.ts'
import { readObject } from '../../src/api/bodies.ts'
import { createLossAnswers } from '../../src/api/loss-answer.ts'
import { Heap } from '../../src/buffer/heap.ts'
import { startCodec } from '../../src/compute/codec-work.ts'
import { Pool } from '../../src/compute/pool.ts'
import { whenFinished } from '../../src/compute/when-finished.ts'
import {
  binaryOf, enableRelaxedSimd, loadAssembler, textOf
} from '../../src/kernels/assemble.ts'
import { compileCode } from '../../src/kernels/compile.ts'
import { codes, signed, whole } from '../../src/kernels/instructions.ts'
import type { LossRecipe } from '../../src/kernels/loss-compile.ts'
import { lossGraph } from '../../src/kernels/loss-graph.ts'
import { LossPrograms } from '../../src/kernels/loss-program.ts'
import { ModuleText } from '../../src/kernels/module-text.ts'
import { f32, f64, i32, i64, set } from '../../src/kernels/shorthand.ts'
import { FunctionText } from '../../src/kernels/text.ts'

const relaxed = enableRelaxedSimd()
const kinds = [{ precision: 'f32', relaxed }, { precision: 'f64', relaxed: false }] as const

t.before(() => loadAssembler())

t.test('instructions: each has the code of its name', async t => {
  // Behind `unreachable` any operands will do.
  const immediates = '\0'.repeat(16)
  for (const [name, code] of codes) {
    const fn = new FunctionText('i32')
    fn.write(`\0${code}${immediates}`)
    const module = new ModuleText()
    module.export('f', fn)
    const [, text = ''] = (await textOf(module.bytes())).split('(param $p0 i32)')
    const found = [...text.matchAll(/\(([a-z][\w.]*)/g)].map(([, word]) => word)
    t.equal(found.find(word => word !== 'unreachable') ?? 'unreachable', name)
    t.notMatch(text, /align=/, 'the alignment is that of the instruction')
  }
})

t.test('numbers: each is read as itself', async t => {
  const fn = new FunctionText('i32')
  const numbers = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]
  const wide = [...numbers.map(BigInt), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 35n, -(2n ** 41n)]
  const [i, l, f, d] = [fn.local('i32'), fn.local('i64'), fn.local('f32'), fn.local('f64')]
  fn.write(...numbers.map(value => set(i, i32(value))))
  fn.write(...wide.map(value => set(l, i64(value))))
  fn.write(set(f, f32(1.5)), set(d, f64(-0.1)), set(d, f64(-Infinity)))
  const module = new ModuleText()
  module.export('f', fn)
  const text = await textOf(module.bytes())
  const read = (type: string): string[] =>
    [...text.matchAll(new RegExp(`${type}\\.const ([^\\s)]+)`, 'g'))].map(([, word = '']) => word)
  t.same(read('i32').map(Number), numbers)
  t.same(read('i64').map(BigInt), wide)
  t.match(read('f32'), ['0x1.8p+0'])
  t.match(read('f64'), [/^-0x1\.99/, '-inf'])
  t.equal(whole(2 ** 32 - 1), '\xff\xff\xff\xff\x0f')
  t.equal(signed(-(2 ** 31)), '\x80\x80\x80\x80\x78')
})

t.test('losses: each program is what its text says', async t => {
  const heap = Heap.create({ bytes: 64 << 20 })
  const pool = new Pool({ memory: heap.memory, threads: 1, inlineAlwaysUs: 1e9 })
  const recipes: LossRecipe[] = []
  const programs = new LossPrograms({
    relaxed: false,
    programsMax: 1000,
    forget: () => {},
    doer: (work, given) => {
      recipes.push(given as LossRecipe)
      return work.run(given)
    }
  })
  const machine = { heap, pool, programs }
  await startCodec(machine)
  const answer = createLossAnswers({ machine, tensorsMax: 64, resultElementsMax: 1 << 20 })
  for (const entry of catalogue) {
    const example = entry.loss.cases.find(({ reply }) => reply !== undefined)
    const body = readObject(Buffer.from(JSON.stringify(example?.request)))
    const patience = { deadlineMs: 5000, signal: new AbortController().signal }
    recipes.length = 0
    await whenFinished(patience, left => answer(entry, body, left))
    const [recipe] = recipes
    if (recipe === undefined) throw new Error(`${entry.loss.name} was not compiled`)
    const { definition, binding, wishes } = recipe
    for (const kind of kinds) {
      const { graph, outputs } = lossGraph(definition, binding, wishes)
      const { bytes } = compileCode({ graph, outputs, ...kind })
      const again = binaryOf(await textOf(bytes))
      t.ok(Buffer.from(bytes).equals(again), `${entry.loss.name} ${kind.precision}`)
    }
  }
  await pool.close()
  heap.close()
})
