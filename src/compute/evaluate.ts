// One evaluation of a loss on tensors that lie in the heap.

import type { Tensor } from '../buffer/tensor.ts'
import type { Lease } from '../buffer/lease.ts'
import type { LossCall, LossPrograms } from '../kernels/loss-program.ts'
import type { Machine } from './execute.ts'
import type { RunOptions } from './pool.ts'
import { PreparedLoss } from './prepared.ts'

/** What losses are evaluated on. */
export interface EvaluationMachine extends Machine {
  readonly programs: LossPrograms
}

/** The results of a loss; tensors lie in the heap until the lease ends. */
export interface Evaluated {
  readonly loss: Tensor
  readonly gradients: ReadonlyMap<string, Tensor>
  /** Diagonals of the Hessian, by argument; empty unless wanted. */
  readonly hessians: ReadonlyMap<string, Tensor>
  /** The Hessian times the vectors given. */
  readonly hessianVectors: ReadonlyMap<string, Tensor>
  /** What the mean divided by; null without one. */
  readonly denominator: number | null
  readonly warnings: readonly { readonly code: string, readonly message: string }[]
}

export interface EvaluationOptions extends RunOptions {
  /** Most elements of the loss. */
  readonly resultElementsMax?: number
}

/**
 * Evaluates a loss and what else is wished; a promise if the work left this thread.
 * @throws what LossPrograms.plan throws, RESULT_TOO_LARGE, HEAP_FULL, QUEUE_FULL; TARGET_RANGE,
 * VALUE_RANGE and VALUE_REFUSED for values; the promise also WORKER_LOST, DEADLINE_EXCEEDED,
 * CANCELLED.
 */
export function evaluateLoss (
  machine: EvaluationMachine, call: LossCall, lease: Lease, options: EvaluationOptions = {}
): Evaluated | Promise<Evaluated> {
  const { resultElementsMax = Infinity, ...run } = options
  const prepared = new PreparedLoss(machine, call, resultElementsMax)
  const base = lease.allocate(prepared.bytes)
  for (const { offset, bytes, given } of prepared.inputs) {
    machine.heap.u8.copyWithin(base + offset, given, given + bytes)
  }
  return prepared.run(base, lease, run)
}
