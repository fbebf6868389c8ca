// Binary bodies made at random from a seed: whole ones, and such with a few bytes, words or lengths
// changed. Beside them what the reference reader of safetensors would say, written from its rules.

import type { Random } from '../random.ts'
import { type Entry, file } from '../safetensors.ts'

const itemBytes: Readonly<Record<string, number>> = {
  F32: 4, F64: 8, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1, I8: 1, U16: 2
}
const lengths = [0, 1, 1, 2, 3, 5, 17]
const words = ['F32', 'F63', 'null', '[]', '{}', '[1', ']', '"', ':', ',', '-1', '1.0', '1e3',
  '4294967296', '9007199254740993', '1e999', '__metadata__', '__proto__', '\\u0000', '\u00e9', ' ']

/** A safetensors file, mostly a good one. */
export function randomFile (random: Random): Buffer {
  const header: Record<string, unknown> = {}
  const data: Uint8Array[] = []
  if (random.below(3) === 0) header['__metadata__'] = { note: 'x'.repeat(random.below(20)) }
  let end = 0
  for (let count = random.below(4); count >= 0; count--) {
    const { dtype, shape, bytes } = randomEntry(random)
    const begin = end
    end += bytes.length
    header[nameOf(random)] = { dtype, shape, data_offsets: [begin, end] }
    data.push(bytes)
  }
  const text = JSON.stringify(header) + ' '.repeat(random.below(9))
  return mutated(file(text, data), random)
}

/** A request of the Open Inference Protocol, and the length of its header. */
export function randomInference (random: Random): { body: Buffer, head: number } {
  const data: Uint8Array[] = []
  const inputs = Array.from({ length: 1 + random.below(3) }, () => {
    const { dtype, shape, bytes } = randomEntry(random)
    const datatype = dtype.replace(/^F/, 'FP').replace(/^I/, 'INT').replace(/^U/, 'UINT')
    if (random.below(3) === 0) {
      return { name: nameOf(random), datatype, shape, data: Array.from(bytes) }
    }
    data.push(bytes)
    const parameters = { binary_data_size: bytes.length }
    return { name: nameOf(random), datatype, shape, parameters }
  })
  const outputs = random.below(2) === 0 ? {} : { outputs: [{ name: 'loss' }] }
  const text = JSON.stringify({ inputs, parameters: { reduction: 'sum' }, ...outputs })
  const body = mutated(Buffer.concat([Buffer.from(text), ...data]), random)
  const off = random.below(20) === 0 ? random.below(9) - 4 : 0
  return { body, head: Math.max(1, Buffer.byteLength(text) + off) }
}

/**
 * Whether the reference reader takes a file; undefined where only the text of its numbers or keys
 * decides, which JSON.parse does not tell.
 */
export function referenceTakes (body: Buffer): boolean | undefined {
  if (body.length < 8) return false
  const length = body.readBigUInt64LE()
  if (length > BigInt(body.length - 8)) return false
  const start = 8 + Number(length)
  const text = body.subarray(8, start)
  if (text[0] !== 0x7b) return false
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch {
    return false
  }
  const keys = text.toString('latin1').replaceAll(/[^"a-zA-Z0-9_.]/g, '')
  if (/__proto__|constructor|prototype|\d[.eE]|-0|\\/.test(keys + text.toString('latin1'))) {
    return undefined
  }
  if (typeof header !== 'object' || header === null) return false
  const { __metadata__: metadata, ...tensors } = header as Record<string, unknown>
  if (!isMetadata(metadata)) return false
  const places: [number, number][] = []
  for (const entry of Object.values(tensors)) {
    const place = placeOf(entry)
    if (place === undefined) return false
    places.push(place)
  }
  places.sort(([a, b], [c, d]) => a - c || b - d)
  let end = 0
  for (const [from, to] of places) {
    if (from !== end || to < from) return false
    end = to
  }
  // A key that stands twice is lost in JSON.parse.
  const counts = ['"dtype"', '"shape"', '"data_offsets"']
    .map(key => text.toString('latin1').split(key).length - 1)
  if (counts.some(count => count !== places.length)) return undefined
  return start + end === body.length
}

function isMetadata (metadata: unknown): boolean {
  if (metadata === undefined || metadata === null) return true
  return typeof metadata === 'object' && !Array.isArray(metadata) &&
    Object.values(metadata).every(value => typeof value === 'string')
}

function placeOf (entry: unknown): [number, number] | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>
  const bytes = typeof dtype === 'string' ? itemBytes[dtype] : undefined
  if (bytes === undefined || !areWhole(shape) || !areWhole(offsets)) return undefined
  const [from, to] = offsets
  if (from === undefined || to === undefined || offsets.length !== 2) return undefined
  return to - from === shape.reduce((product, length) => product * length, bytes)
    ? [from, to]
    : undefined
}

function areWhole (value: unknown): value is number[] {
  return Array.isArray(value) && value.every(each => Number.isInteger(each) && each >= 0)
}

function randomEntry (random: Random): Entry {
  const names = Object.keys(itemBytes)
  const dtype = names[random.below(random.below(8) === 0 ? names.length : 8)] ?? 'F32'
  const rank = random.below(12) === 0 ? 9 : random.below(4)
  const choices = rank > 3 ? 3 : lengths.length
  const shape = Array.from({ length: rank }, () => lengths[random.below(choices)] ?? 1)
  const count = shape.reduce((product, length) => product * length, itemBytes[dtype] ?? 4)
  const bytes = Uint8Array.from({ length: count }, () => random.below(dtype === 'BOOL' ? 2 : 256))
  return { dtype, shape, bytes }
}

function nameOf (random: Random): string {
  const names = ['input', 'target', 'weight', 'grad_output', 'a/b~c', '', 'é', 'hessian_vector.x']
  return names[random.below(names.length)] ?? ''
}

// Every other one stays as it is.
function mutated (body: Buffer, random: Random): Buffer {
  let bytes = body
  for (let changes = random.below(6) - 3; changes > 0; changes--) {
    const at = random.below(bytes.length)
    const word = words[random.below(words.length)] ?? ''
    switch (random.below(4)) {
      case 0: bytes[at] = random.below(256); break
      case 1: bytes = bytes.subarray(0, at); break
      case 2: bytes.write(word, at); break
      default: bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(word), bytes.subarray(at)])
    }
    if (bytes.length === 0) return bytes
  }
  return bytes
}
