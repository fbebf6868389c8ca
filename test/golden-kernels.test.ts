// Every vector of PyTorch's through the compiled kernels, in float32 and float64, plain and
// relaxed.

import t, { type Test } from 'tap'
import { Heap } from '../src/buffer/heap.ts'
import type { Lease } from '../src/buffer/lease.ts'
import { allocateTensor, type Tensor, viewOf } from '../src/buffer/tensor.ts'
import { Pool } from '../src/compute/pool.ts'
import type { EvaluationMachine } from '../src/compute/prepared.ts'
import { LossdError } from '../src/errors.ts'
import { define } from '../src/formulas/define.ts'
import type { Definition, TensorKind } from '../src/formulas/definition.ts'
import { withMembers } from '../src/formulas/members.ts'
import { resolveKinds } from '../src/formulas/kinds.ts'
import { enableRelaxedSimd } from '../src/kernels/assemble.ts'
import { LossPrograms } from '../src/kernels/loss-program.ts'
import { findLoss, losses } from '../src/losses/index.ts'
import { evaluateLoss } from './evaluate-loss.ts'
import { cases, differences, type GoldenCase, isLegacy, isNoisy, numbersOf } from './golden.ts'

t.setTimeout(600_000)

const definitions = new Map(losses.map(loss => [loss.name, define(loss.formula, { rules: loss })]))
const isRelaxed = enableRelaxedSimd()
const heap = Heap.create({ bytes: 64 << 20 })
const pool = new Pool({ memory: heap.memory, threads: 1, inlineAlwaysUs: 1e9 })
await pool.ready
t.teardown(() => pool.close())

for (const relaxed of isRelaxed ? [false, true] : [false]) {
  const forget = (program: { readonly id: number }): void => pool.forget(program.id)
  const programs = new LossPrograms({ relaxed, programsMax: 1000, forget })
  for (const dtype of ['float32', 'float64'] as const) {
    t.test(`${dtype}${relaxed ? ', relaxed' : ''}`, async t => {
      for (const golden of cases(dtype)) {
        if (isLegacy(golden) || (dtype === 'float32' && isNoisy(golden))) continue
        await check(t, { heap, pool, programs }, golden)
      }
    })
  }
}

t.test('everything came back', async t => t.equal(heap.usedBytes, 0))

async function check (t: Test, machine: EvaluationMachine, golden: GoldenCase): Promise<void> {
  const definition =
    withMembers(definitions.get(golden.loss) as Definition, Object.keys(golden.inputs))
  const lease = heap.lease()
  try {
    const found = await evaluate(machine, definition, golden, lease)
    if (golden.error !== undefined) {
      t.fail(`${golden.name} is refused`)
      return
    }
    const wrong = Object.entries(found).flatMap(([name, values]) => {
      const expected = name === 'loss' ? golden.output : golden.grads[name]
      if (expected === undefined) return []
      const texts = differences(values, numbersOf(expected), golden.tolerance)
      return texts.map(text => `${name}${text}`)
    })
    t.same(wrong.slice(0, 3), [], golden.name)
  } catch (fault) {
    if (golden.error === undefined || !(fault instanceof LossdError)) throw fault
    t.pass(golden.name)
  } finally {
    lease.end()
  }
}

async function evaluate (
  machine: EvaluationMachine, definition: Definition, golden: GoldenCase, lease: Lease
): Promise<Record<string, ArrayLike<number>>> {
  const datatypes = { float32: 'FP32', float64: 'FP64', int64: 'INT64' } as const
  const shapes = Object.fromEntries(Object.entries(golden.inputs)
    .map(([name, { shape, dtype }]) => [name, { shape, datatype: datatypes[dtype] }]))
  const kinds = resolveKinds(definition, shapes, findLoss(golden.loss)?.floating ?? false)
  const tensors: Record<string, { kind: TensorKind, tensor: Tensor }> = {}
  const datatype = golden.dtype === 'float32' ? 'FP32' : 'FP64'
  for (const [name, input] of Object.entries(golden.inputs)) {
    const kind = kinds[name] ?? 'real'
    const numbers = numbersOf(input)
    const tensor = allocateTensor(lease, kind === 'real' ? datatype : 'INT64', input.shape)
    if (kind === 'real') viewOf(heap, { ...tensor, datatype }).set(numbers)
    else viewOf(heap, { ...tensor, datatype: 'INT64' }).set(numbers.map(BigInt))
    tensors[name] = { kind, tensor }
  }
  const gradients = Object.keys(golden.grads)
  const call = { definition, tensors, options: golden.options, gradients, datatype } as const
  const result = await evaluateLoss(machine, call, lease)
  const values = new Map([['loss', result.loss], ...result.gradients])
  return Object.fromEntries([...values].map(([name, tensor]) =>
    [name, viewOf(heap, { ...tensor, datatype })]))
}
