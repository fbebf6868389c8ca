// A tensor as a body gives it, plain, typed or staged: its shape and datatype before it has an
// address, and its elements written into the heap. A pointer says where it stands.

import { type Datatype, datatypes } from '../buffer/datatype.ts'
import type { Heap } from '../buffer/heap.ts'
import { type Allocator, allocateTensor, sameShape, type Tensor } from '../buffer/tensor.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import {
  type Elements, firstBeyond, narrowWholes, numbersOf, writeReals, writeWholes
} from './elements.ts'
import { integerRanges, type IntegerDatatype } from './integers.ts'
import { Numbers, rankMax } from './json-numbers.ts'
import { isJsonObject, type Json, type JsonObject } from './json-reader.ts'
import { kindOf } from './kind-of.ts'
import type { Memory } from './pad.ts'
import { StagedTensor } from './staged.ts'

/** A tensor of a body. Its elements can be read until the next body is, staged ones longer. */
export interface JsonTensor {
  /** Where the tensor stands, and where its elements do: JSON pointers into the body. */
  readonly pointer: string
  readonly dataPointer: string
  /** Null for plain numbers. */
  readonly datatype: Datatype | null
  readonly shape: readonly number[]
  readonly count: number
  readonly source: Numbers | StagedTensor | number
  /** Index of the first element that is true or false; -1 if none is. */
  readonly booleanIndex: number
}

/** A value of a body as a tensor. Throws TENSOR_INVALID, SHAPE_MISMATCH, DATATYPE_MISMATCH. */
export function readTensor (value: Json, pointer: string): JsonTensor {
  if (value instanceof StagedTensor) return readStaged(value, pointer)
  return isJsonObject(value) ? readTyped(value, pointer) : readPlain(value, pointer, pointer)
}

/**
 * Writes a tensor's elements into memory of the allocator as `datatype`: FP32 rounds to nearest,
 * integers must be whole and in range. Throws TENSOR_INVALID, HEAP_FULL.
 */
export function writeTensor (
  tensor: JsonTensor, datatype: Datatype, heap: Heap, allocator: Allocator
): Tensor {
  const written = allocateTensor(allocator, datatype, tensor.shape)
  writeElements(tensor, datatype, heap, written.address)
  return written
}

/** True if a tensor lies in the heap, for as long as its lease lasts. */
export function isStaged ({ source }: JsonTensor): boolean {
  return typeof source === 'object' && source.lease !== undefined
}

/**
 * The largest element: -Infinity if there is none, Infinity if one is not whole. Staged ones lie in
 * the memory given.
 */
export function largestOf ({ source, count }: JsonTensor, memory: Memory): number {
  const at = typeof source === 'number'
    ? () => source
    : numbersOf(source, source instanceof Numbers ? source.memory : memory)
  let largest = -Infinity
  for (let index = 0; index < count; index++) {
    const value = at(index)
    if (!Number.isInteger(value)) return Infinity
    largest = Math.max(largest, value)
  }
  return largest
}

/**
 * As writeTensor, into memory that is there already; perhaps only `count` elements from an index
 * on. Throws TENSOR_INVALID.
 */
export function writeElements (
  tensor: JsonTensor, datatype: Datatype, heap: Heap, address: number, from = 0,
  count = tensor.count
): void {
  const declared = tensor.datatype ?? datatype
  if (tensor.booleanIndex >= 0 && declared !== 'BOOL') {
    throw oddElement(tensor, tensor.booleanIndex, 'true or false where a number belongs')
  }
  const { source } = tensor
  const [all, memory] = typeof source === 'number'
    ? scalarElements(source)
    : [source, source instanceof Numbers ? source.memory : heap]
  const elements = count === tensor.count ? all : partOf(all, from, count)
  if (isInteger(declared)) checkIntegers(tensor, declared, elements, memory, from)
  if (isInteger(datatype)) {
    if (datatype !== declared) checkIntegers(tensor, datatype, elements, memory, from)
    const isNarrowed = memory === heap && narrowWholes(elements, heap, datatype, address)
    if (!isNarrowed) writeWholes(elements, memory, datatype, heap, address)
  } else {
    writeReals(elements, memory, datatype, heap, address)
  }
}

function partOf ({ datatype, address }: Elements, from: number, count: number): Elements {
  return { datatype, count, address: address + from * datatypes[datatype].bytes }
}

/** The pointer to a member of what a pointer names. */
export function childPointer (pointer: string, key: string | number): string {
  return typeof key === 'number' || (!key.includes('/') && !key.includes('~'))
    ? `${pointer}/${key}`
    : `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

const jsonDatatypes: readonly Datatype[] = ['FP32', 'FP64', 'INT64', 'INT32', 'UINT8', 'BOOL']
// Kernels count in 32 bits, also where another length is 0.
const lengthMax = 2 ** 31 - 1
const typedKeys = ['datatype', 'shape', 'data']

function readPlain (value: Json, pointer: string, dataPointer: string): JsonTensor {
  if (value instanceof Numbers) {
    const { fault, shape, count, booleanIndex } = value
    if (fault !== undefined) {
      throw notTensor(fault.indices.reduce<string>(childPointer, dataPointer), fault.reason)
    }
    return { pointer, dataPointer, datatype: null, shape, count, source: value, booleanIndex }
  }
  const scalar = scalarOf(value)
  if (scalar === undefined) throw oddValue(value, dataPointer)
  const booleanIndex = typeof value === 'boolean' ? 0 : -1
  return { pointer, dataPointer, datatype: null, shape: [], count: 1, source: scalar, booleanIndex }
}

function readTyped (value: JsonObject, pointer: string): JsonTensor {
  for (const key in value) {
    if (!typedKeys.includes(key)) {
      const place = childPointer(pointer, key)
      throw new LossdError('FIELD_UNKNOWN',
        `A tensor has datatype, shape and data, not ${shown(key)}`,
        { pointer: place })
    }
  }
  const missing = typedKeys.find(key => !(key in value))
  if (missing !== undefined) {
    throw notTensor(pointer, `an object without ${missing}; a tensor has ${typedKeys.join(', ')}`)
  }
  const datatype = readDatatype(value.datatype ?? null, `${pointer}/datatype`)
  const shape = readShape(value.shape ?? null, `${pointer}/shape`)
  const data = readPlain(value.data ?? null, pointer, `${pointer}/data`)
  const count = shape.reduce((product, length) => product * length, 1)
  const flat = data.shape.length <= 1 && data.count === count
  if (!flat && !sameShape(data.shape, shape)) {
    const held = data.shape.length <= 1 ? `${data.count} elements` : `shape [${data.shape.join()}]`
    throw new LossdError('SHAPE_MISMATCH',
      `${pointer} has shape [${shape.join()}], ${count} elements; its data has ${held}`,
      { pointer: `${pointer}/data` })
  }
  return { ...data, datatype, shape }
}

function readStaged (source: StagedTensor, pointer: string): JsonTensor {
  const { datatype, shape, count } = source
  return { pointer, dataPointer: pointer, datatype, shape, count, source, booleanIndex: -1 }
}

/** A datatype's name. Throws DATATYPE_MISMATCH. */
export function readDatatype (value: Json, pointer: string): Datatype {
  const datatype = jsonDatatypes.find(each => each === value)
  if (datatype !== undefined) return datatype
  const near = typeof value === 'string' ? nearest(value, jsonDatatypes) : []
  const reason = value === 'FP16' || value === 'BF16'
    ? `${value} can stand in binary bodies only; JSON takes ${jsonDatatypes.join(', ')}`
    : `there is no datatype ${kindOf(value)}; nearest: ` +
      (near.length > 0 ? near : jsonDatatypes).join(', ')
  throw new LossdError('DATATYPE_MISMATCH', `${pointer}: ${reason}`, { pointer })
}

function readShape (value: Json, pointer: string): readonly number[] {
  if (!(value instanceof Numbers) || value.shape.length !== 1 || value.fault !== undefined) {
    throw notTensor(pointer, `a shape is a list of whole numbers; got ${kindOf(value)}`)
  }
  if (value.count > rankMax) {
    throw notTensor(pointer, `${value.count} axes; the limit is ${rankMax}`)
  }
  const shape = Array.from(value.values)
  const odd = shape.findIndex(length => !Number.isInteger(length) || length < 0 ||
    length > lengthMax)
  if (odd >= 0 || value.booleanIndex >= 0) {
    const index = odd >= 0 ? odd : value.booleanIndex
    throw notTensor(`${pointer}/${index}`,
      `a length is a whole number from 0 to ${lengthMax}; got ${shape[index]}`)
  }
  return shape
}

function scalarOf (value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  return undefined
}

/** TENSOR_INVALID for the first place in a value that keeps it from being a tensor. */
function oddValue (value: Json, pointer: string): LossdError {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      if (scalarOf(each) === undefined && !(each instanceof Numbers)) {
        return oddValue(each, childPointer(pointer, index))
      }
    }
    return notTensor(pointer, 'an array whose rows differ')
  }
  const hint = isJsonObject(value) ? '' : '; NaN is "NaN"'
  return notTensor(pointer, `${kindOf(value)} where a number belongs${hint}`)
}

function notTensor (pointer: string, reason: string): LossdError {
  return new LossdError('TENSOR_INVALID', `${pointer}: ${reason}`, { pointer })
}

function oddElement (tensor: JsonTensor, index: number, reason: string): LossdError {
  const { source, dataPointer } = tensor
  const indices: number[] = []
  const shape = typeof source === 'number' ? [] : source.shape
  let rest = index
  for (const length of shape.toReversed()) {
    indices.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return notTensor(indices.reduce<string>(childPointer, dataPointer), reason)
}

function isInteger (datatype: Datatype): datatype is IntegerDatatype {
  return datatype in integerRanges
}

function checkIntegers (
  tensor: JsonTensor, datatype: IntegerDatatype, elements: Elements, memory: Memory, from: number
): void {
  if (elements.datatype === datatype) return
  const [least, beyond] = integerRanges[datatype]
  const at = numbersOf(elements, memory)
  const first = elements.datatype === 'INT64' ? firstBeyond(elements, memory, datatype) : 0
  const exactMax = exactMaxima[elements.datatype] ?? Infinity
  let rounded = -1
  for (let index = first; index < elements.count; index++) {
    const value = at(index)
    if (value >= least && value < beyond && Number.isInteger(value)) {
      if (Math.abs(value) >= exactMax) rounded = index
      continue
    }
    const number = textOf(value, elements.datatype)
    const reason = Number.isInteger(value)
      ? `${number} is beyond ${datatype}`
      : `${number} where a whole number belongs (${datatype})`
    throw oddElement(tensor, from + index, reason)
  }
  // Whole, but read as real numbers: one of them is -0, or it stands alone.
  if (rounded >= 0 && !(tensor.source instanceof StagedTensor)) {
    throw oddElement(tensor, from + rounded,
      `whole numbers from ${exactMax} on are exact in an array without -0; write 0`)
  }
}

/** From here on a whole number may have been another before it was rounded. */
const exactMaxima: Partial<Record<Datatype, number>> = { FP32: 2 ** 24, FP64: 2 ** 53 }

/** A number as a client may have written it. */
function textOf (value: number, datatype: Datatype): string {
  if (value === 2 ** 63) return String(BigInt(value))
  if (datatype !== 'FP32') return String(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}

// A scalar as elements of a memory.
function scalarElements (value: number): [Elements, Memory] {
  scalar.f64[0] = value
  return [{ datatype: 'FP64', count: 1, address: 0 }, scalar]
}

const bytes = new ArrayBuffer(8)
const scalar: Memory = {
  u8: new Uint8Array(bytes),
  i32: new Int32Array(bytes),
  i64: new BigInt64Array(bytes),
  f32: new Float32Array(bytes),
  f64: new Float64Array(bytes)
}
