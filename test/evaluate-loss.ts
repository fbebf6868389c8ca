// A loss evaluated as the service does it, on tensors that lie in the heap already.

import type { Lease } from '../src/buffer/lease.ts'
import { viewOf } from '../src/buffer/tensor.ts'
import { type Evaluated, type EvaluationMachine, PreparedLoss } from '../src/compute/prepared.ts'
import { type LossCall, vectorPrefix } from '../src/kernels/loss-program.ts'

/** A promise if the work left this thread. @throws as PreparedLoss and its run. */
export function evaluateLoss (
  machine: EvaluationMachine, call: LossCall, lease: Lease
): Evaluated | Promise<Evaluated> {
  return runPrepared(machine, new PreparedLoss(machine, call, Infinity), call, lease)
}

/** Runs on the call's tensors where they lie. */
export function runInPlace (
  prepared: PreparedLoss, { tensors }: LossCall, lease: Lease
): Evaluated | Promise<Evaluated> {
  const places = new Map(Object.entries(tensors)
    .map(([name, { tensor }]) => [name, tensor] as const))
  return prepared.run(lease.allocate(prepared.ownBytes), lease, {}, places)
}

/** Copies the call's tensors to their places and runs. */
export function runPrepared (
  { heap }: EvaluationMachine, prepared: PreparedLoss, call: LossCall, lease: Lease
): Evaluated | Promise<Evaluated> {
  const { tensors, gradOutput, vectors = {} } = call
  const base = lease.allocate(prepared.bytes)
  for (const { name, offset } of prepared.inputs) {
    const beside = name === 'grad_output' ? gradOutput : vectors[name.slice(vectorPrefix.length)]
    const tensor = tensors[name]?.tensor ?? beside
    if (tensor === undefined) throw new Error(`${name} is not given`)
    const { byteLength } = viewOf(heap, tensor)
    heap.u8.copyWithin(base + offset, tensor.address, tensor.address + byteLength)
  }
  return prepared.run(base, lease, {})
}
