// A loss of the table as the service runs it: text, checks, graph, gradient, program, record; all
// on the thread of the bench, so that a figure is one thread's.

import { Heap } from '../src/buffer/heap.ts'
import { type Tensor, viewOf } from '../src/buffer/tensor.ts'
import { Pool } from '../src/compute/pool.ts'
import { type Evaluated, PreparedLoss } from '../src/compute/prepared.ts'
import type { Machine } from '../src/compute/execute.ts'
import { define } from '../src/formulas/define.ts'
import type { Definition, TensorKind } from '../src/formulas/definition.ts'
import { LossPrograms } from '../src/kernels/loss-program.ts'
import { findLoss } from '../src/losses/index.ts'
import type { Values, Workload } from './workloads.ts'

export interface Precision {
  readonly precision: 'f32' | 'f64'
  readonly relaxed: boolean
}

/** What is asked of a loss. */
export interface Call {
  readonly definition: Definition
  readonly tensors: Readonly<Record<string, { readonly kind: TensorKind, readonly values: Values }>>
  readonly gradients: readonly string[]
}

export interface Prepared {
  /** One evaluation, inline: record written, kernels run, conditions read. */
  readonly run: () => void
  readonly loss: () => number
  /** By the first of the arguments whose gradients are wanted. */
  readonly gradient: () => Float32Array | Float64Array
  readonly compileMs: number
  readonly free: () => void
}

const mebibyte = 2 ** 20

/** A machine whose pool runs everything on the calling thread. */
export function createMachine (
  memoryMb: number
): Machine & { readonly close: () => Promise<void> } {
  const heap = Heap.create({ bytes: memoryMb * mebibyte })
  const always = Number.MAX_SAFE_INTEGER
  const pool = new Pool({ memory: heap.memory, threads: 1, inlineAlwaysUs: always })
  return { heap, pool, close: () => pool.close() }
}

/** Loss (mean) and gradient by the input, ready to run. */
export function prepare (
  machine: Machine, { loss: name, input, target }: Workload, kind: Precision
): Prepared {
  const loss = findLoss(name)
  if (loss === undefined) throw new Error(`no loss ${name}`)
  const classes = target.data instanceof BigInt64Array
  return prepareCall(machine, {
    definition: define(loss.formula, { rules: loss }),
    tensors: {
      input: { kind: 'real', values: input },
      target: { kind: classes ? 'class' : 'real', values: target }
    },
    gradients: ['input']
  }, kind)
}

/** Any call of a loss, options at their defaults. */
export function prepareCall (
  { heap, pool }: Machine, { definition, tensors, gradients }: Call,
  { precision, relaxed }: Precision
): Prepared {
  const began = performance.now()
  const datatype = precision === 'f32' ? 'FP32' : 'FP64'
  const programs = new LossPrograms({ relaxed, programsMax: 1, forget: () => {} })
  const given = Object.entries(tensors).map(([name, { kind, values: { shape } }]) => {
    const tensor: Tensor = { datatype: kind === 'real' ? datatype : 'INT64', shape, address: 0 }
    return [name, { kind, tensor }] as const
  })
  const prepared = new PreparedLoss({ heap, pool, programs },
    { definition, tensors: Object.fromEntries(given), options: {}, gradients, datatype }, Infinity)
  const compileMs = performance.now() - began
  const lease = heap.lease()
  const base = lease.allocate(prepared.bytes)
  for (const { name, datatype, shape, offset } of prepared.inputs) {
    const values = tensors[name]?.values.data ?? []
    const view = viewOf(heap, { datatype, shape, address: base + offset })
    for (const [index, value] of values.entries()) view[index] = value
  }
  const evaluate = (): Evaluated => {
    const evaluated = prepared.run(base, lease, {})
    if (evaluated instanceof Promise) throw new Error('a bench runs inline')
    return evaluated
  }
  let last = evaluate()
  const values = (tensor: Tensor | undefined): Float32Array | Float64Array =>
    viewOf(heap, tensor as Tensor & { datatype: typeof datatype })
  return {
    run: () => { last = evaluate() },
    loss: () => values(last.loss)[0] ?? Number.NaN,
    gradient: () => values(last.gradients.get(gradients[0] ?? '')),
    compileMs,
    free: () => lease.end()
  }
}
