// A loss of the table as the service runs it: text, graph, gradient, program, record; all on the
// thread of the bench, so that a figure is one thread's.

import { Heap } from '../src/buffer/heap.ts'
import { execute, type Machine, type Operands } from '../src/compute/execute.ts'
import { Pool } from '../src/compute/pool.ts'
import { bind } from '../src/formulas/bind.ts'
import { define } from '../src/formulas/define.ts'
import { gradient } from '../src/formulas/gradient.ts'
import { Graph } from '../src/formulas/graph.ts'
import { reduced, trace } from '../src/formulas/trace.ts'
import { compileProgram } from '../src/kernels/compile.ts'
import type { Compiled } from '../src/kernels/program.ts'
import { losses } from '../src/losses/index.ts'
import type { Values, Workload } from './workloads.ts'

export interface Precision {
  readonly precision: 'f32' | 'f64'
  readonly relaxed: boolean
}

export interface Prepared {
  /** One evaluation, inline: memory leased, record filled, kernels run, memory given back. */
  readonly run: () => void
  readonly loss: () => number
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
export function prepare (machine: Machine, workload: Workload, kind: Precision): Prepared {
  const { heap } = machine
  const began = performance.now()
  const { program, lengths } = compile(workload, kind)
  const compileMs = performance.now() - began
  const lease = heap.lease()
  const element = kind.precision === 'f32' ? 4 : 8
  const count = workload.input.data.length
  const place = ({ data }: Values): number => {
    const whole = data instanceof BigInt64Array
    const address = lease.allocate(data.length * (whole ? 8 : element))
    if (whole) heap.i64.set(data, address / 8)
    else view(address, data.length).set(data)
    return address
  }
  const view = (address: number, length: number): Float32Array | Float64Array =>
    (element === 4 ? heap.f32 : heap.f64).subarray(address / element, address / element + length)
  const outputs = new Map([
    ['loss', lease.allocate(element)],
    ['slope', lease.allocate(count * element)]
  ])
  const operands: Operands = {
    lengths,
    inputs: new Map([['input', place(workload.input)], ['target', place(workload.target)]]),
    numbers: new Map(),
    outputs
  }
  const run = (): void => {
    const own = heap.lease()
    const pending = execute(machine, program, operands, own)
    if (pending !== undefined) throw new Error('a bench runs inline')
    own.end()
  }
  return {
    run,
    loss: () => view(outputs.get('loss') ?? 0, 1)[0] ?? Number.NaN,
    gradient: () => view(outputs.get('slope') ?? 0, count),
    compileMs,
    free: () => lease.end()
  }
}

function compile (
  { loss: name, input, target }: Workload, { precision, relaxed }: Precision
): { program: Compiled, lengths: ReadonlyMap<string, number> } {
  const row = losses.find(loss => loss.name === name)
  if (row === undefined) throw new Error(`no loss ${name}`)
  const definition = define(row.formula)
  const classes = target.data instanceof BigInt64Array
  const binding = bind(definition, {
    input: { shape: input.shape, kind: 'real' },
    target: { shape: target.shape, kind: classes ? 'class' : 'real' }
  }, {})
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const { loss } = reduced(graph, traced, 'mean')
  const node = traced.inputs.get('input')
  if (node === undefined) throw new Error(`${name} has no input`)
  const [slope] = gradient(graph, loss, graph.constant(1), [node])
  if (slope === undefined) throw new Error(`${name} has no gradient`)
  const outputs = [
    { name: 'loss', node: loss, layout: [] },
    { name: 'slope', node: slope, layout: node.layout }
  ]
  return { program: compileProgram({ graph, outputs, precision, relaxed }), lengths: binding.axes }
}
