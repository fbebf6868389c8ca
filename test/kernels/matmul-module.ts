// A matrix product as a module of its own over a memory of its own, with canaries around what it
// writes: what the tests and the bench of src/kernels/matmul.ts run.

import { enableRelaxedSimd } from '../../src/kernels/assemble.ts'
import { emitMatmul, type MatmulSpec } from '../../src/kernels/matmul.ts'
import { type MatmulLengths, type MatmulPlan, plan, planWords }
  from '../../src/kernels/matmul-plan.ts'
import { ModuleText } from '../../src/kernels/module-text.ts'

export type Form = Pick<MatmulSpec, 'precision' | 'relaxed' | 'aContiguous' | 'bContiguous'>
type Kernel = (record: number, first: number, last: number) => void
export type Numbers = Float32Array | Float64Array

export interface Product {
  readonly form: Form
  /** The kernels of both steps, and what follows each. */
  readonly steps: readonly (readonly [Kernel, Kernel])[]
  readonly plan: (lengths: MatmulLengths) => MatmulPlan
}

/** Numbers and their strides, in elements. */
export interface Operand {
  readonly values: Numbers
  readonly rowStride: number
  readonly columnStride: number
  readonly batchStride: number
}

/** A product with its operands in memory, ready to run. */
export interface Placed {
  readonly plan: MatmulPlan
  readonly result: Numbers
  /** Runs all chunks of both steps, at once or one by one in the order given for their number. */
  readonly run: (order?: (chunks: number) => readonly number[]) => void
  /** True if nothing was written around the result and the scratch. */
  readonly isContained: () => boolean
  /** Where the next product may be placed. */
  readonly end: number
}

export const hasRelaxed = enableRelaxedSimd()

// Everything lies about the middle of 4 GiB, where addresses turn negative if taken as signed.
const middle = 2 ** 31
const memory = new WebAssembly.Memory({
  initial: (middle + 2 ** 27) / 65536, maximum: 65536, shared: true
})
const bytes = new Uint8Array(memory.buffer)
const view = new DataView(memory.buffer)

const names = ['a', 'b', 'c', 'scratch', 'm', 'n', 'k', 'aM', 'aK', 'bK', 'bN', 'cM',
  'aBatch', 'bBatch', 'cBatch', 'plan'] as const
type Words = Record<typeof names[number], number>
const offset = (name: typeof names[number]): number => 64 + 8 * names.indexOf(name)
const start = middle - 8192
const recordBytes = 64 + 8 * (names.length + planWords)

const firstStep = 3
export const canary = 0xa5
const margin = 256

/** Compiles the product; it serves all lengths. Without `batched` it has no strides of a batch. */
export function compileProduct (form: Form, batched = false): Product {
  const all: Words = Object.assign({}, ...names.map(name => ({ [name]: offset(name) })))
  const { aBatch, bBatch, cBatch, ...single } = all
  const offsets = batched ? all : single
  const spec: MatmulSpec = { index: firstStep, ...form, offsets }
  const module = new ModuleText()
  emitMatmul(module, spec)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), {
    lossd: { memory, thread: new WebAssembly.Global({ value: 'i32' }, 0) }
  })
  const exported = (name: string): Kernel => {
    const kernel = instance.exports[name]
    if (typeof kernel !== 'function') throw new Error(`${name} is not exported`)
    return (...args) => { kernel(...args) }
  }
  const steps = [firstStep, firstStep + 1].map(step =>
    [exported(`k${step}`), exported(`a${step}`)] as const)
  return { form, steps, plan: lengths => plan(spec, lengths) }
}

/** Places a product from an address on; the rows of C are `cM` numbers apart. */
export function place (
  { form, steps, plan }: Product, lengths: Required<MatmulLengths>,
  a: Operand, b: Operand, cM: number, record = start
): Placed {
  const { m, n, k, batch } = lengths
  const size = form.precision === 'f32' ? 4 : 8
  const planned = plan(lengths)
  let next = record + recordBytes + margin
  const take = (length: number): number => {
    const address = Math.ceil(next / 64) * 64
    next = address + length + margin
    return address
  }
  const cBytes = m * n === 0 ? 0 : ((batch * m - 1) * cM + n) * size
  const words: Words = {
    a: take(a.values.byteLength), b: take(b.values.byteLength), c: take(cBytes),
    scratch: take(planned.scratchBytes), m, n, k, aM: a.rowStride, aK: a.columnStride,
    bK: b.rowStride, bN: b.columnStride, cM,
    aBatch: a.batchStride, bBatch: b.batchStride, cBatch: m * cM, plan: 0
  }
  if (next > bytes.length) throw new Error('the operands do not fit the memory')
  bytes.fill(canary, record, next)
  for (const name of names) view.setUint32(record + offset(name), words[name], true)
  for (const [index, word] of planned.words.entries()) {
    view.setUint32(record + offset('plan') + 8 * index, word, true)
  }
  for (const [address, { values }] of [[words.a, a], [words.b, b]] as const) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address)
  }
  const isCanary = (from: number, to: number): boolean =>
    bytes.subarray(from, to).every(byte => byte === canary)
  return {
    plan: planned,
    result: size === 4
      ? new Float32Array(memory.buffer, words.c, cBytes / size)
      : new Float64Array(memory.buffer, words.c, cBytes / size),
    run: order => {
      for (const [index, [kernel, after]] of steps.entries()) {
        const chunks = planned.steps[index]?.chunks ?? 0
        if (order === undefined) kernel(record, 0, chunks)
        else for (const chunk of order(chunks)) kernel(record, chunk, chunk + 1)
        after(record, 0, 0)
      }
    },
    isContained: () => isCanary(words.c - margin, words.c) &&
      isCanary(words.c + cBytes, words.scratch) &&
      isCanary(words.scratch + planned.scratchBytes, next),
    end: Math.ceil(next / 64) * 64
  }
}
