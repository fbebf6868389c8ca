// Losses evaluated as the service does it, on a heap and a pool of their own, with numbers in
// JavaScript arrays before and after: what the suites over the whole table compare.

import type { Test } from 'tap'
import { Heap } from '../src/buffer/heap.ts'
import type { Lease } from '../src/buffer/lease.ts'
import { allocateTensor, type Tensor, viewOf } from '../src/buffer/tensor.ts'
import { Pool, type PoolSettings } from '../src/compute/pool.ts'
import type { Definition, TensorKind } from '../src/formulas/definition.ts'
import { LossPrograms } from '../src/kernels/loss-program.ts'
import { evaluateLoss } from './evaluate-loss.ts'

export interface RequestTensor {
  readonly kind: TensorKind
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

export type Precision = 'FP32' | 'FP64'

export interface Request {
  readonly definition: Definition
  readonly tensors: Readonly<Record<string, RequestTensor>>
  readonly options: Readonly<Record<string, number | boolean | string>>
  readonly gradients: readonly string[]
  /** The upstream gradient, of the loss's shape. */
  readonly gradOutput?: Pick<RequestTensor, 'shape' | 'data'>
  readonly datatype: Precision
}

/** Numbers with their shape. */
export interface Result {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array
}

export interface Reply {
  readonly loss: Result
  readonly gradients: Readonly<Record<string, Result>>
  readonly denominator: number | null
}

export interface LossMachine {
  readonly heap: Heap
  readonly pool: Pool
  ask (request: Request): Promise<Reply>
  /** Ends the threads; everything borrowed must have come back. */
  close (t: Test): Promise<void>
}

/** A machine whose jobs all run inline, unless the settings of the pool say otherwise. */
export async function createMachine (
  settings: Omit<PoolSettings, 'memory'> = { threads: 1, inlineAlwaysUs: 1e9 }
): Promise<LossMachine> {
  const heap = Heap.create({ bytes: 64 << 20 })
  const pool = new Pool({ memory: heap.memory, ...settings })
  const forget = (program: { readonly id: number }): void => pool.forget(program.id)
  const programs = new LossPrograms({ relaxed: false, programsMax: 4000, forget })
  await pool.ready
  return {
    heap,
    pool,
    async ask (request) {
      const lease = heap.lease()
      try {
        const call = callOf(heap, request, lease)
        const { loss, gradients, denominator } =
          await evaluateLoss({ heap, pool, programs }, call, lease)
        const slopes = [...gradients].map(([name, tensor]) => [name, resultOf(heap, tensor)])
        return { loss: resultOf(heap, loss), gradients: Object.fromEntries(slopes), denominator }
      } finally {
        lease.end()
      }
    },
    async close (t) {
      t.equal(heap.usedBytes, 0, 'everything borrowed came back')
      await pool.close()
      heap.close()
    }
  }
}

type LossCall = Parameters<typeof evaluateLoss>[1]

function callOf (heap: Heap, request: Request, lease: Lease): LossCall {
  const { definition, options, gradients, gradOutput, datatype } = request
  const tensors: Record<string, { kind: TensorKind, tensor: Tensor }> = {}
  for (const [name, { kind, shape, data }] of Object.entries(request.tensors)) {
    const tensor = kind === 'real'
      ? write(heap, allocateTensor(lease, datatype, shape), data)
      : write(heap, allocateTensor(lease, 'INT64', shape), data)
    tensors[name] = { kind, tensor }
  }
  const call = { definition, tensors, options, gradients, datatype }
  if (gradOutput === undefined) return call
  const upstream = allocateTensor(lease, datatype, gradOutput.shape)
  return { ...call, gradOutput: write(heap, upstream, gradOutput.data) }
}

function write (heap: Heap, tensor: Tensor, data: ArrayLike<number>): Tensor {
  const view = viewOf(heap, tensor)
  if (view instanceof BigInt64Array) view.set(Array.from(data, BigInt))
  else view.set(data)
  return tensor
}

function resultOf (heap: Heap, tensor: Tensor): Result {
  const { shape, datatype } = tensor
  if (datatype === 'FP32') return { shape, data: viewOf(heap, { ...tensor, datatype }).slice() }
  if (datatype === 'FP64') return { shape, data: viewOf(heap, { ...tensor, datatype }).slice() }
  throw new Error(`a result in ${datatype}`)
}
