// safetensors files as a client writes and reads them, from the format's own description, so that
// the service is not tested by itself.

export interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** A float32 tensor. */
export function f32 (shape: readonly number[], values: readonly number[]): Entry {
  return { dtype: 'F32', shape, bytes: bytesOf(Float32Array.from(values)) }
}

export function f64 (shape: readonly number[], values: readonly number[]): Entry {
  return { dtype: 'F64', shape, bytes: bytesOf(Float64Array.from(values)) }
}

export function i64 (shape: readonly number[], values: readonly number[]): Entry {
  return { dtype: 'I64', shape, bytes: bytesOf(BigInt64Array.from(values.map(BigInt))) }
}

export function bytesOf (view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

/** A file; the header is not padded, so that nothing is aligned. */
export function encode (
  tensors: Readonly<Record<string, Entry>>, metadata?: Readonly<Record<string, string>>
): Buffer {
  let end = 0
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const begin = end
    end += bytes.length
    return [name, { dtype, shape, data_offsets: [begin, end] }]
  })
  const header = { ...(metadata && { __metadata__: metadata }), ...Object.fromEntries(entries) }
  return file(JSON.stringify(header), Object.values(tensors).map(({ bytes }) => bytes))
}

/** A file of any header. */
export function file (header: string, data: readonly Uint8Array[] = []): Buffer {
  const text = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...data])
}

export interface Decoded {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: Readonly<Record<string, Entry & { readonly values: readonly number[] }>>
  /** Where the data begins. */
  readonly start: number
}

export function decode (bytes: Buffer): Decoded {
  const start = 8 + Number(bytes.readBigUInt64LE())
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(bytes.toString('utf8', 8, start))
  const tensors = Object.entries(entries as Record<string, Described>).map(([name, entry]) => {
    const { dtype, shape, data_offsets: [from, to] } = entry
    const own = Uint8Array.from(bytes.subarray(start + from, start + to))
    const values = Array.from<number | bigint, number>(viewers[dtype]?.(own.buffer) ?? own, Number)
    return [name, { dtype, shape, bytes: own, values }]
  })
  return { metadata, tensors: Object.fromEntries(tensors), start }
}

interface Described {
  readonly dtype: string
  readonly shape: number[]
  readonly data_offsets: [number, number]
}

const viewers: Readonly<Record<string, (buffer: ArrayBuffer) => Iterable<number | bigint>>> = {
  F32: buffer => new Float32Array(buffer),
  F64: buffer => new Float64Array(buffer),
  I64: buffer => new BigInt64Array(buffer)
}
