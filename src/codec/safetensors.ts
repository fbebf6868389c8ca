// safetensors: length of the header, u64 │ header, JSON │ the tensors' bytes, row-major.
// Read with all checks of the reference reader: names once, offsets without holes or overlap that
// cover all bytes, sizes that fit shape and datatype. safetensors-writer.ts is the other way.

import { LossdError, shown } from '../errors.ts'
import { Numbers } from './json-numbers.ts'
import { isJsonObject, type Json, type JsonObject, readJson } from './json-reader.ts'
import { childPointer } from './json-tensor.ts'
import { kindOf } from './kind-of.ts'
import { Recent } from './recent.ts'
import { badBinary, type Frame, type Head, wireBytes, type WireDatatype } from './scatter.ts'
import type { StagedTensor } from './staged.ts'

/** What a safetensors body holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StagedTensor>
  /** Its `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>
}

/** The frame of a body with at most so many tensors. */
export function safetensorsFrame (tensorsMax: number): Frame<Safetensors> {
  const recent = new Recent<{ readonly bytes: Buffer, readonly head: Head<Safetensors> }>(keptMax)
  return {
    prefixBytes,
    headBytes,
    readHead (bytes) {
      const known = recent.find(each => each.bytes.equals(bytes))
      if (known !== undefined) return known.head
      const head = readHead(bytes, tensorsMax)
      // The bytes may be part of a piece of the body, which would be kept as well.
      if (bytes.length <= keptBytesMax) recent.keep({ bytes: Buffer.from(bytes), head })
      return head
    }
  }
}

const keptMax = 8
const keptBytesMax = 2048

/** Of the length. */
export const prefixBytes = 8

const datatypesByName: Readonly<Record<string, WireDatatype>> = {
  F32: 'FP32', F64: 'FP64', F16: 'FP16', BF16: 'BF16', I64: 'INT64', I32: 'INT32', U8: 'UINT8',
  BOOL: 'BOOL'
}

// Bits of an element of the datatypes that are not taken: sizes are checked first, as always.
const otherBits: Readonly<Record<string, number>> = {
  I8: 8, I16: 16, U16: 16, U32: 32, U64: 64, C64: 64, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8,
  F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4
}

function headBytes (prefix: Buffer): number {
  if (prefix.length < prefixBytes) {
    throw badBinary(`a safetensors file has at least ${prefixBytes} bytes`)
  }
  return prefixBytes + Number(prefix.readBigUInt64LE())
}

/** A tensor as the header says it: texts of whole numbers are numbers now. */
interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

function readHead (head: Buffer, tensorsMax: number): Head<Safetensors> {
  if (head[prefixBytes] !== 0x7b) throw badBinary("the header does not begin with '{'")
  const text = head.subarray(prefixBytes)
  const header = readHeader(text)
  const metadata = new Map<string, string>()
  const entries: Entry[] = []
  for (const name in header) {
    const value = header[name] ?? null
    if (name === '__metadata__') readMetadata(value, metadata)
    else entries.push(readEntry(name, value, text))
  }
  if (entries.length > tensorsMax) {
    throw new LossdError('TENSORS_TOO_MANY',
      `The request has ${entries.length} tensors; the limit is ${tensorsMax}`)
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let end = 0
  for (const entry of entries) {
    checkPlace(entry, end)
    end = entry.end
  }
  const parts = entries.map(entry => ({ ...entry, datatype: datatypeOf(entry) }))
  return {
    parts,
    body: tensors => ({
      tensors: new Map(tensors.map((tensor, index) => [parts[index]?.name ?? '', tensor])),
      metadata
    })
  }
}

function readHeader (text: Buffer): JsonObject {
  let header: Json
  try {
    header = readJson(text)
  } catch (fault) {
    if (fault instanceof LossdError && fault.code === 'BAD_JSON') {
      throw badBinary(fault.message.replace('the body is not JSON', 'the header is not JSON'))
    }
    throw fault
  }
  if (isJsonObject(header)) return header
  throw badBinary(`the header is ${kindOf(header)} where an object belongs`)
}

function readMetadata (value: Json, metadata: Map<string, string>): void {
  if (value === null) return
  if (!isJsonObject(value)) {
    throw badBinary(`__metadata__ is ${kindOf(value)} where an object of texts belongs`)
  }
  for (const key in value) {
    const text = value[key] ?? null
    if (typeof text !== 'string') {
      throw badBinary(`__metadata__ has ${kindOf(text)} under ${shown(key)} where a text belongs`)
    }
    metadata.set(key, text)
  }
}

function readEntry (name: string, value: Json, text: Buffer): Entry {
  const wrong = (reason: string): LossdError =>
    badBinary(`the header says of ${shown(name)} ${reason}`)
  if (!isJsonObject(value)) throw wrong(`${kindOf(value)} where an object belongs`)
  const { dtype = null, shape = null, data_offsets: offsets = null } = value
  if (typeof dtype !== 'string') throw wrong(`the dtype ${kindOf(dtype)} where a text belongs`)
  const lengths = wholeNumbers(shape, text)
  if (lengths === undefined) throw wrong(`the shape ${kindOf(shape)} where whole numbers belong`)
  const places = wholeNumbers(offsets, text)
  const [begin, end] = places ?? []
  if (begin === undefined || end === undefined || places?.length !== 2) {
    throw wrong(`the data_offsets ${kindOf(offsets)} where two whole numbers belong`)
  }
  return { name, dtype, shape: lengths, begin, end }
}

// Digits only: 1.0 and 1e2 are no lengths.
function wholeNumbers (value: Json, text: Buffer): number[] | undefined {
  if (!(value instanceof Numbers) || value.shape.length !== 1) return undefined
  if (value.fault !== undefined) return undefined
  const texts = text.toString('latin1', value.from, value.to).match(/[^\s,[\]]+/g) ?? []
  return texts.every(each => /^\d+$/.test(each)) ? texts.map(Number) : undefined
}

function checkPlace ({ name, dtype, shape, begin, end }: Entry, from: number): void {
  const of = `tensor ${shown(name)}`
  if (begin !== from || end < begin) {
    throw badBinary(`${of} has the offsets [${begin},${end}]; the next one begins at ${from}`)
  }
  const bits = bitsOf(dtype)
  if (bits === undefined) throw badBinary(`${of} has the dtype ${shown(dtype)}, which is none`)
  const bytes = shape.reduce((product, length) => product * length, bits) / 8
  if (end - begin !== bytes) {
    throw badBinary(`${of} has ${end - begin} bytes; ${dtype} [${shape.join()}] needs ${bytes}`)
  }
}

function bitsOf (dtype: string): number | undefined {
  const datatype = Object.hasOwn(datatypesByName, dtype) ? datatypesByName[dtype] : undefined
  if (datatype !== undefined) return 8 * wireBytes(datatype)
  return Object.hasOwn(otherBits, dtype) ? otherBits[dtype] : undefined
}

function datatypeOf ({ name, dtype }: Entry): WireDatatype {
  const datatype = datatypesByName[dtype]
  if (datatype !== undefined) return datatype
  const pointer = childPointer('', name)
  throw new LossdError('DATATYPE_MISMATCH', `${pointer}: ${dtype} is not taken; these are: ` +
    Object.keys(datatypesByName).join(', '), { pointer })
}
