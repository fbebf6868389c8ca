// Training through compiled kernels: 50 steps equal to PyTorch 2.15 from the same weights, in
// float32 and float64.

import t, { type Test } from 'tap'
import { viewOf } from '../../src/buffer/tensor.ts'
import type { Machine } from '../../src/compute/execute.ts'
import { Sessions } from '../../src/sessions/store.ts'
import { bodyOf, machineOf, putParameters, stepOnce } from './machine.ts'
import { distance, flat, type Vector, vectors } from './vectors.ts'

// In units of 1 + |value| after 50 steps. PyTorch's own tolerances are 1.3e-6 and 1e-7 for one
// operation; rounding errors of 50 steps add up, so float32 is given five times that.
const tolerances = { FP32: 6.5e-6, FP64: 1e-12 } as const

t.test('50 steps of each run', async t => {
  const machine = await machineOf(t)
  const sessions = new Sessions(machine)
  t.teardown(() => sessions.close())
  for (const vector of vectors) {
    for (const datatype of ['FP32', 'FP64'] as const) {
      t.test(`${vector.name} in ${datatype} descends as PyTorch does`, async t => {
        const { losses, norms, parameters } = await descend(machine, sessions, vector, datatype)
        const expected = vector[datatype]
        const tolerance = tolerances[datatype]
        near(t, losses, expected.losses, tolerance, 'the losses')
        near(t, norms, expected.grad_norms, tolerance, 'the norms of the gradient')
        for (const [name, values] of Object.entries(expected.parameters)) {
          near(t, parameters.get(name) ?? [], flat(values), tolerance, name)
        }
      })
    }
  }
})

function near (
  t: Test, actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string
): void {
  const worst = distance(actual, expected)
  t.ok(worst <= tolerance, `${what} differ by ${worst}`)
}

async function descend (
  machine: Machine, sessions: Sessions, vector: Vector, datatype: 'FP32' | 'FP64'
) {
  const { model, loss, optimizer, weights } = vector
  const raw = Buffer.from(JSON.stringify({ model, loss, optimizer, datatype }))
  const session = sessions.create(bodyOf({ model, loss, optimizer, datatype }), raw)
  await putParameters(machine, session, weights)
  const losses: number[] = []
  const norms: number[] = []
  for (let step = 0; step < vector.steps; step++) {
    const [input, target] = vector.batches[step % vector.batches.length] ?? [0, 0]
    const lr = vector.schedule?.[step]
    const own = lr === undefined ? {} : { lr }
    const result = await stepOnce(machine, session, { input, target, ...own })
    losses.push(result.loss)
    norms.push(result.gradNorm)
  }
  const parameters = new Map<string, number[]>()
  for (const [name, tensor] of session.parameters) {
    parameters.set(name, [...viewOf(machine.heap, tensor)].map(Number))
  }
  await session.end()
  return { losses, norms, parameters }
}
