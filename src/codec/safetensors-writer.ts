// Writes safetensors: length of the header, u64 │ header, JSON │ the tensors' bytes, row-major.
// Data begins at a multiple of 16 and every tensor at a multiple of its element's size.

import type { Heap } from '../buffer/heap.ts'
import { bytesOf, sameForm, type Tensor, tensorBytes } from '../buffer/tensor.ts'
import { Recent } from './recent.ts'
import { prefixBytes } from './safetensors.ts'
import { wireBytes } from './scatter.ts'

/** A tensor of a file that is written, by its name. */
export type NamedTensor = readonly [name: string, tensor: Tensor]

/** A file's pieces: its header, then views of the tensors in the heap. */
export function writeSafetensors (
  heap: Heap, tensors: readonly NamedTensor[], metadata: Metadata
): Buffer[] {
  const layout = layouts.find(each => fits(each, tensors)) ?? layouts.keep(layoutOf(tensors))
  if (layout.head === undefined || !sameTexts(layout.metadata, metadata)) {
    layout.metadata = metadata
    layout.head = headOf(layout.entries, metadata)
  }
  const pieces = [layout.head]
  for (const index of layout.order) {
    const [, tensor] = tensors[index] ?? []
    if (tensor !== undefined) pieces.push(bytesOf(heap, tensor))
  }
  return pieces
}

type Metadata = Readonly<Record<string, string>>

/** What files have alike whose tensors differ in their numbers alone. */
interface Layout {
  readonly forms: readonly (readonly [name: string, form: Pick<Tensor, 'datatype' | 'shape'>])[]
  /** Indices of the tensors, as they lie one behind the other, and what the header says of each. */
  readonly order: readonly number[]
  readonly entries: Readonly<Record<string, object>>
  /** The last header, of this metadata. */
  head?: Buffer
  metadata: Metadata
}

const layouts = new Recent<Layout>(8)
const alignment = 16

const namesOf = {
  FP32: 'F32', FP64: 'F64', INT64: 'I64', INT32: 'I32', UINT8: 'U8', BOOL: 'BOOL'
} as const satisfies Record<Tensor['datatype'], string>

function fits ({ forms }: Layout, tensors: readonly NamedTensor[]): boolean {
  if (forms.length !== tensors.length) return false
  for (let index = 0; index < forms.length; index++) {
    const [name, form] = forms[index] ?? []
    const [otherName, tensor] = tensors[index] ?? []
    if (name !== otherName || form === undefined || tensor === undefined) return false
    if (!sameForm(form, tensor)) return false
  }
  return true
}

function sameTexts (a: Metadata, b: Metadata): boolean {
  let more = Object.keys(a).length
  for (const key in b) if (a[key] !== b[key] || --more < 0) return false
  return more === 0
}

function layoutOf (tensors: readonly NamedTensor[]): Layout {
  const forms = tensors.map(([name, { datatype, shape }]) => [name, { datatype, shape }] as const)
  // By falling size of an element every tensor is aligned; the large ones come first.
  const ordered = [...forms.entries()].sort(([, [, a]], [, [, b]]) =>
    wireBytes(b.datatype) - wireBytes(a.datatype) || tensorBytes(b) - tensorBytes(a))
  let to = 0
  const entries = ordered.map(([, [name, form]]) => {
    const from = to
    to += tensorBytes(form)
    return [name, { dtype: namesOf[form.datatype], shape: form.shape, data_offsets: [from, to] }]
  })
  const order = ordered.map(([index]) => index)
  return { forms, order, entries: Object.fromEntries(entries), metadata: {} }
}

function headOf (entries: Layout['entries'], metadata: Metadata): Buffer {
  const text = JSON.stringify({ __metadata__: metadata, ...entries })
  const end = prefixBytes + Buffer.byteLength(text)
  const bytes = Math.ceil(end / alignment) * alignment
  const head = Buffer.alloc(bytes, ' ')
  head.writeBigUInt64LE(BigInt(bytes - prefixBytes))
  head.write(text, prefixBytes)
  return head
}
