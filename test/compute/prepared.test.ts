// A prepared call gives the bits of evaluateLoss, again and again, inline and on workers, and its
// refusals and warnings.

import t, { type Test } from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import type { Lease } from '../../src/buffer/lease.ts'
import { allocateTensor, type Tensor, viewOf } from '../../src/buffer/tensor.ts'
import { type Evaluated, evaluateLoss, type EvaluationMachine } from '../../src/compute/evaluate.ts'
import { Pool } from '../../src/compute/pool.ts'
import { PreparedLoss } from '../../src/compute/prepared.ts'
import { define } from '../../src/formulas/define.ts'
import { loadAssembler } from '../../src/kernels/assemble.ts'
import { type LossCall, LossPrograms } from '../../src/kernels/loss-program.ts'
import { findLoss } from '../../src/losses/index.ts'

await loadAssembler()

async function machineOf (t: Test, inlineUs: number): Promise<EvaluationMachine> {
  const heap = Heap.create({ bytes: 32 << 20 })
  const limits = { inlineAlwaysUs: inlineUs, inlineBudgetUs: inlineUs }
  const pool = new Pool({ memory: heap.memory, threads: 2, ...limits })
  await pool.ready
  t.teardown(() => pool.close())
  const programs = new LossPrograms({ relaxed: false, programsMax: 8, forget: () => {} })
  return { heap, pool, programs }
}

/** A call of a loss on made-up numbers. */
function callOf (
  heap: Heap, lease: Lease, name: string, rows: number, datatype: 'FP32' | 'FP64', index?: number
): LossCall {
  const loss = findLoss(name)
  if (loss === undefined) throw new Error(name)
  const input = allocateTensor(lease, datatype, [rows, 5])
  const view = datatype === 'FP32' ? heap.f32 : heap.f64
  const first = input.address / (datatype === 'FP32' ? 4 : 8)
  for (let place = 0; place < rows * 5; place++) view[first + place] = Math.sin(place)
  const target = allocateTensor(lease, 'INT64', [rows])
  for (let row = 0; row < rows; row++) heap.i64[target.address / 8 + row] = BigInt(index ?? row % 5)
  const isClass = name === 'cross-entropy'
  return {
    definition: define(loss.formula, { rules: loss }),
    tensors: {
      input: { kind: 'real', tensor: input },
      target: isClass ? { kind: 'class', tensor: target } : { kind: 'real', tensor: input }
    },
    options: {},
    gradients: ['input'],
    datatype
  }
}

function bits (heap: Heap, { loss, gradients, denominator }: Evaluated): unknown {
  const of = (tensor: Tensor | undefined) =>
    tensor && Buffer.from(viewOf(heap, tensor).slice().buffer)
  return [of(loss), of(gradients.get('input')), denominator]
}

/** Copies the call's inputs to their places and runs. */
function run (
  { heap }: EvaluationMachine, prepared: PreparedLoss, call: LossCall, lease: Lease
): Evaluated | Promise<Evaluated> {
  const base = lease.allocate(prepared.bytes)
  for (const { name, offset } of prepared.inputs) {
    const tensor = call.tensors[name]?.tensor
    if (tensor !== undefined) {
      const view = viewOf(heap, tensor)
      heap.u8.copyWithin(base + offset, tensor.address, tensor.address + view.byteLength)
    }
  }
  return prepared.run(base, lease, {})
}

for (const [where, inlineUs] of [['inline', 1e9], ['on workers', 0]] as const) {
  t.test(`the bits of evaluateLoss, ${where}`, async t => {
    const machine = await machineOf(t, inlineUs)
    for (const name of ['mse', 'cross-entropy']) {
      for (const datatype of ['FP32', 'FP64'] as const) {
        for (const rows of [1, 7, 20_000]) {
          const lease = machine.heap.lease()
          const call = callOf(machine.heap, lease, name, rows, datatype)
          const expected = bits(machine.heap, await evaluateLoss(machine, call, lease))
          const prepared = new PreparedLoss(machine, call, 1e6)
          for (let time = 0; time < 3; time++) {
            const found = bits(machine.heap, await run(machine, prepared, call, lease))
            t.same(found, expected, `${name} ${datatype} ${rows}`)
          }
          t.equal(prepared.fits, true)
          lease.end()
        }
      }
    }
    t.equal(machine.heap.usedBytes, 0)
  })
}

t.test('refusals, warnings and limits are those of the loss', async t => {
  const machine = await machineOf(t, 1e9)
  const lease = machine.heap.lease()
  const wrong = callOf(machine.heap, lease, 'cross-entropy', 3, 'FP32', 9)
  const prepared = new PreparedLoss(machine, wrong, 1e6)
  t.throws(() => run(machine, prepared, wrong, lease),
    { code: 'TARGET_RANGE', message: /holds 9 at \[0\]/ })
  const ignored = callOf(machine.heap, lease, 'cross-entropy', 3, 'FP32', -100)
  const nothing = await run(machine, new PreparedLoss(machine, ignored, 1e6), ignored, lease)
  t.match(nothing.warnings, [{ code: 'no_valid_targets', message: /NaN/ }])
  const large = { ...callOf(machine.heap, lease, 'mse', 3, 'FP32'), options: { reduction: 'none' } }
  t.throws(() => new PreparedLoss(machine, large, 10),
    { code: 'RESULT_TOO_LARGE', message: /\[3,5\], 15/ })
  lease.end()
})
