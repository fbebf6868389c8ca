// One evaluation of a loss: outputs allocated, the program run, conditions looked at.

import { allocateTensor, type Tensor, viewOf } from '../buffer/tensor.ts'
import type { Lease } from '../buffer/lease.ts'
import { LossdError } from '../errors.ts'
import {
  type LossCall, type LossPlan, type LossPrograms, sentenceOf
} from '../kernels/loss-program.ts'
import { execute, type Machine } from './execute.ts'
import type { RunOptions } from './pool.ts'

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

const slotBytes = 8

/**
 * Evaluates a loss and its gradients; a promise if the work left this thread.
 * @throws what LossPrograms.plan throws, HEAP_FULL, QUEUE_FULL; TARGET_RANGE, VALUE_RANGE and
 * VALUE_REFUSED for values; the promise also WORKER_LOST, DEADLINE_EXCEEDED, CANCELLED.
 */
export function evaluateLoss (
  machine: EvaluationMachine, call: LossCall, lease: Lease, options: RunOptions = {}
): Evaluated | Promise<Evaluated> {
  const plan = machine.programs.plan(call)
  const inputs = new Map<string, number>()
  for (const name in call.tensors) inputs.set(name, call.tensors[name]?.tensor.address ?? 0)
  if (call.gradOutput !== undefined) inputs.set('grad_output', call.gradOutput.address)
  const { outputs, loss, gradients } = allocate(call, plan, lease)
  const operands = { lengths: plan.binding.axes, inputs, numbers: plan.binding.numbers, outputs }
  const running = execute(machine, plan.program, operands, lease, options)
  const finish = (): Evaluated => {
    refuse(machine, call, plan, outputs)
    const read = (name: string): number => numberAt(machine, call.datatype, outputs.get(name) ?? 0)
    return {
      loss,
      gradients,
      hessians: nothing,
      hessianVectors: nothing,
      denominator: plan.hasDenominator ? read('denominator') : null,
      warnings: plan.known.length + plan.warnings.size === 0 ? none : warningsOf(call, plan, read)
    }
  }
  return running === undefined ? finish() : running.then(finish)
}

const none: readonly never[] = []
const nothing: ReadonlyMap<string, Tensor> = new Map()

function allocate (call: LossCall, { program, shape, binding }: LossPlan, lease: Lease): {
  outputs: Map<string, number>
  loss: Tensor
  gradients: Map<string, Tensor>
} {
  const loss = allocateTensor(lease, call.datatype, shape)
  const gradients = new Map<string, Tensor>()
  const outputs = new Map([['loss', loss.address]])
  for (const name of call.gradients) {
    const tensor = allocateTensor(lease, call.datatype, binding.tensors.get(name)?.shape ?? [])
    gradients.set(name, tensor)
    outputs.set(`gradient ${name}`, tensor.address)
  }
  // The numbers that are left share one block.
  const numbers = program.outputs.filter(([name]) => !outputs.has(name))
  const block = numbers.length === 0 ? 0 : lease.allocate(numbers.length * slotBytes)
  for (const [index, [name]] of numbers.entries()) outputs.set(name, block + index * slotBytes)
  return { outputs, loss, gradients }
}

function numberAt ({ heap }: Machine, datatype: LossCall['datatype'], address: number): number {
  return datatype === 'FP32' ? heap.f32[address >>> 2] ?? 0 : heap.f64[address >>> 3] ?? 0
}

function refuse (
  machine: Machine, { datatype, definition, tensors }: LossCall, { checks, binding }: LossPlan,
  outputs: ReadonlyMap<string, number>
): void {
  for (const [name, check] of checks) {
    if (!(numberAt(machine, datatype, outputs.get(name) ?? 0) > 0)) continue
    const tensor = tensors[check.argument]?.tensor
    const values = tensor === undefined ? [] : viewOf(machine.heap, tensor)
    const detail = sentenceOf(definition, binding, check, values)
    throw new LossdError(check.code, detail, { pointer: `/${check.argument}` })
  }
}

function warningsOf (
  { definition }: LossCall, { binding, warnings, known }: LossPlan, read: (name: string) => number
): { code: string, message: string }[] {
  const held = [...known]
  for (const [name, warning] of warnings) if (read(name) > 0) held.push(warning)
  return held.map(warning => (
    { code: warning.code, message: sentenceOf(definition, binding, warning) }))
}
