// PyTorch's own numbers: the vectors of test/golden, each as a request for a loss of the table with
// the reply that PyTorch 2.15 gives. Every suite that compares with PyTorch reads them here.

import { readdirSync, readFileSync } from 'node:fs'

/** A tensor of a vector; numbers that JSON lacks are written as texts. */
export interface GoldenTensor {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'float64' | 'int64'
  readonly data: readonly (number | string)[]
}

/** One vector, with the names that lossd gives to the loss. */
export interface GoldenCase {
  /** The name of the loss in URLs. */
  readonly loss: string
  /** Unique among all vectors of a precision. */
  readonly name: string
  readonly dtype: 'float32' | 'float64'
  readonly options: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, GoldenTensor>>
  readonly output?: GoldenTensor
  readonly grads: Readonly<Record<string, GoldenTensor>>
  /** Arguments that are real but have no gradient in PyTorch. */
  readonly nondiff: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly error?: { readonly type: string, readonly message: string }
  readonly tolerance: Tolerance
}

export interface Tolerance {
  readonly rtol: number
  readonly atol: number
  /** True if 0 is as good as NaN: gradients of what has no probability at all. */
  readonly zeroForNaN?: boolean
}

const folder = 'test/golden'

// Files that are not called after their loss.
const renamed: ReadonlyMap<string, string> = new Map([
  ['nll-loss2d', 'nll'],
  ['adaptive-log-softmax-with-loss', 'adaptive-log-softmax-with-loss']
])

type Part = 'grads' | 'nondiff' | 'tags' | 'tolerance'

interface GoldenFile {
  readonly loss: string
  readonly tolerance: Readonly<Record<string, Tolerance>>
  readonly cases: readonly (Omit<GoldenCase, Part> & Partial<GoldenCase>)[]
}

/** All vectors of a precision. */
export function cases (dtype: 'float32' | 'float64'): GoldenCase[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  return files.flatMap(name => read(`${folder}/${name}`)).filter(each => each.dtype === dtype)
}

function read (path: string): GoldenCase[] {
  const file = JSON.parse(readFileSync(path, 'utf8')) as GoldenFile
  const kebab = file.loss.replaceAll('_', '-')
  const loss = renamed.get(kebab) ?? kebab.replace(/-loss$/, '')
  return file.cases.map(each => ({
    ...each,
    ...apart(each),
    loss,
    name: `${file.loss} ${each.name}`,
    grads: each.grads ?? {},
    nondiff: each.nondiff ?? {},
    tags: each.tags ?? [],
    tolerance: {
      ...file.tolerance[each.dtype] ?? { rtol: 0, atol: 0 },
      zeroForNaN: loss === 'ctc' && each.name.startsWith('neg_inf_log_probs')
    }
  }))
}

// Lists among the options are tensors.
function apart (
  { options, inputs }: Pick<GoldenCase, 'options' | 'inputs'>
): Pick<GoldenCase, 'options' | 'inputs'> {
  const rows = Object.entries(options)
  const lists = rows.flatMap(([name, data]) => Array.isArray(data)
    ? [[name, { shape: [data.length], dtype: 'int64', data }] as const]
    : [])
  return {
    options: Object.fromEntries(rows.filter(([, value]) => !Array.isArray(value))),
    inputs: { ...inputs, ...Object.fromEntries(lists) }
  }
}

/** What lossd refuses on purpose: size_average and reduce. */
export function isLegacy ({ tags }: GoldenCase): boolean { return tags.includes('legacy') }

/** Vectors whose float32 result depends on how PyTorch rounds in between. */
export function isNoisy ({ tags }: GoldenCase): boolean {
  return tags.includes('f32_noisy') || tags.includes('f32_range')
}

export function numbersOf ({ data }: GoldenTensor): number[] { return data.map(Number) }

/** Where numbers differ from PyTorch's by more than atol + rtol · |expected|; empty if nowhere. */
export function differences (
  found: ArrayLike<number>, expected: readonly number[],
  { rtol, atol, zeroForNaN = false }: Tolerance
): string[] {
  if (found.length !== expected.length) {
    return [`${found.length} numbers instead of ${expected.length}`]
  }
  return expected.flatMap((wanted, place) => {
    const value = found[place] ?? Number.NaN
    const nothing = Number.isNaN(wanted) && (Number.isNaN(value) || (zeroForNaN && value === 0))
    const same = value === wanted || nothing ||
      Math.abs(value - wanted) <= atol + rtol * Math.abs(wanted)
    return same ? [] : [`[${place}] ${value} instead of ${wanted}`]
  })
}
