// A prepared call gives the bits of its program run alone, again and again, inline and on workers,
// and the refusals and warnings of its loss.

import t, { type Test } from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import type { Lease } from '../../src/buffer/lease.ts'
import { allocateTensor, type Tensor, viewOf } from '../../src/buffer/tensor.ts'
import { execute } from '../../src/compute/execute.ts'
import { Pool } from '../../src/compute/pool.ts'
import {
  type Evaluated, type EvaluationMachine, PreparedLoss
} from '../../src/compute/prepared.ts'
import { define } from '../../src/formulas/define.ts'
import { type LossCall, LossPrograms } from '../../src/kernels/loss-program.ts'
import { findLoss } from '../../src/losses/index.ts'
import { runInPlace, runPrepared } from '../evaluate-loss.ts'

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

type Bits = Pick<Evaluated, 'loss' | 'gradients' | 'denominator'>

function bits (heap: Heap, { loss, gradients, denominator }: Bits): unknown {
  const of = (tensor: Tensor | undefined) =>
    tensor && Buffer.from(viewOf(heap, tensor).slice().buffer)
  return [of(loss), of(gradients.get('input')), denominator]
}

/** The same without a prepared call: its program on outputs of its own. */
async function alone (
  machine: EvaluationMachine, call: LossCall, lease: Lease
): Promise<unknown> {
  const { heap, programs } = machine
  const { datatype } = call
  const { program, binding: { axes: lengths, numbers }, shape } = programs.plan(call)
  const input = call.tensors['input']?.tensor
  const loss = allocateTensor(lease, datatype, shape)
  const gradient = allocateTensor(lease, datatype, input?.shape ?? [])
  const results = new Map([['loss', loss], ['gradient input', gradient]])
  for (const [name] of program.outputs) {
    if (!results.has(name)) results.set(name, allocateTensor(lease, datatype, []))
  }
  const addresses = (tensors: Iterable<[string, Tensor]>): Map<string, number> =>
    new Map([...tensors].map(([name, { address }]) => [name, address]))
  const given = Object.entries(call.tensors)
    .map(([name, { tensor }]): [string, Tensor] => [name, tensor])
  const operands = {
    lengths, numbers, inputs: addresses(given), outputs: addresses(results)
  }
  await execute(machine, program, operands, lease)
  const denominator = results.get('denominator')
  return bits(heap, {
    loss,
    gradients: new Map([['input', gradient]]),
    denominator: denominator === undefined ? null : Number(viewOf(heap, denominator)[0])
  })
}

for (const [where, inlineUs] of [['inline', 1e9], ['on workers', 0]] as const) {
  t.test(`the bits of the program alone, ${where}`, async t => {
    const machine = await machineOf(t, inlineUs)
    for (const name of ['mse', 'cross-entropy']) {
      for (const datatype of ['FP32', 'FP64'] as const) {
        for (const rows of [1, 7, 20_000]) {
          const lease = machine.heap.lease()
          const call = callOf(machine.heap, lease, name, rows, datatype)
          const expected = await alone(machine, call, lease)
          const prepared = new PreparedLoss(machine, call, 1e6)
          for (let time = 0; time < 3; time++) {
            const found = bits(machine.heap, await runPrepared(machine, prepared, call, lease))
            t.same(found, expected, `${name} ${datatype} ${rows}`)
          }
          const inPlace = bits(machine.heap, await runInPlace(prepared, call, lease))
          t.same(inPlace, expected, `${name} ${datatype} ${rows}, nothing copied`)
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
  t.throws(() => runPrepared(machine, prepared, wrong, lease),
    { code: 'TARGET_RANGE', message: /holds 9 at \[0\]/ })
  t.throws(() => runInPlace(prepared, wrong, lease),
    { code: 'TARGET_RANGE', message: /holds 9 at \[0\]/ })
  const ignored = callOf(machine.heap, lease, 'cross-entropy', 3, 'FP32', -100)
  const without = new PreparedLoss(machine, ignored, 1e6)
  const nothing = await runPrepared(machine, without, ignored, lease)
  t.match(nothing.warnings, [{ code: 'no_valid_targets', message: /NaN/ }])
  const large = { ...callOf(machine.heap, lease, 'mse', 3, 'FP32'), options: { reduction: 'none' } }
  t.throws(() => new PreparedLoss(machine, large, 10),
    { code: 'RESULT_TOO_LARGE', message: /\[3,5\], 15/ })
  lease.end()
})
