// The Open Inference Protocol's requests and replies, with the extension for binary tensors:
//
//     header, JSON │ bytes of the tensors that have a binary_data_size, in the order of the header
//
// The length of the header comes with the request; without one all of the body is JSON.

import type { Heap } from '../buffer/heap.ts'
import { bytesOf, elementCount, type Tensor, tensorBytes } from '../buffer/tensor.ts'
import { LossdError, shown } from '../errors.ts'
import { Numbers, rankMax } from './json-numbers.ts'
import { isJsonObject, type Json, type JsonObject, readJson } from './json-reader.ts'
import { childPointer } from './json-tensor.ts'
import type { JsonWriter } from './json-writer.ts'
import { kindOf } from './kind-of.ts'
import { badBinary, type Frame, type Head, wireBytes, type WireDatatype } from './scatter.ts'
import type { StagedTensor } from './staged.ts'

/** A request; its JSON numbers can be read until the next body is. */
export interface InferenceRequest {
  readonly id: string | undefined
  /** Scalars, binary_data_output left out. */
  readonly parameters: ReadonlyMap<string, Json>
  /** By name: tensors typed as in JSON, or staged. */
  readonly inputs: ReadonlyMap<string, Json>
  /** Undefined: all there are. */
  readonly outputs: readonly WantedOutput[] | undefined
  /** Whether outputs are binary that do not say; undefined if the request leaves it open. */
  readonly binary: boolean | undefined
}

export interface WantedOutput {
  readonly name: string
  readonly binary: boolean | undefined
}

/** A request whose binary tensors have arrived. */
export interface ArrivedInference {
  readonly head: Buffer
  readonly tensors: readonly StagedTensor[]
}

/** The frame of a body whose header has so many bytes. */
export function inferenceFrame (headBytes: number, tensorsMax: number): Frame<ArrivedInference> {
  return {
    prefixBytes: 0,
    headBytes: () => headBytes,
    readHead: head => readHead(head, tensorsMax)
  }
}

/** An arrived request. Throws what is wrong with its header. */
export function readArrived ({ head, tensors }: ArrivedInference): InferenceRequest {
  return readInference(readJson(head), tensors)
}

/**
 * A request from its JSON; binary tensors are taken from those given, in their order.
 * Throws FIELD_INVALID, FIELD_UNKNOWN.
 */
export function readInference (
  body: Json, staged: readonly StagedTensor[] = []
): InferenceRequest {
  const request = objectAt(body, '', ['id', 'parameters', 'inputs', 'outputs'])
  const { id, parameters = none, outputs } = request
  if (id !== undefined && typeof id !== 'string') throw invalid('/id', 'a text', id)
  const values = new Map<string, Json>()
  let binary: boolean | undefined
  const given = objectAt(parameters, '/parameters')
  for (const name in given) {
    if (name === 'binary_data_output') binary = flagAt(given, name, '/parameters')
    else values.set(name, scalarAt(given[name] ?? null, childPointer('/parameters', name)))
  }
  const inputs = new Map<string, Json>()
  let next = 0
  for (const { name, size, value } of readInputs(request)) {
    if (size === undefined) {
      inputs.set(name, value)
      continue
    }
    const tensor = staged[next++]
    if (tensor === undefined) {
      throw badBinary(`the input ${shown(name)} is binary, but no header length was given`)
    }
    inputs.set(name, tensor)
  }
  return { id, parameters: values, inputs, outputs: readOutputs(outputs), binary }
}

/** A result, and whether its bytes follow the header. */
export interface InferenceOutput {
  readonly name: string
  readonly tensor: Tensor
  readonly binary: boolean
}

/** Writes the outputs of a reply, as the last member of an object that is open. */
export function writeOutputs (
  writer: JsonWriter, heap: Heap, outputs: readonly InferenceOutput[]
): void {
  writer.text('"outputs":[')
  for (const [index, { name, tensor, binary }] of outputs.entries()) {
    const { datatype, shape } = tensor
    writer.text(index === 0 ? '{"name":' : ',{"name":').value(name)
      .text(`,"datatype":"${datatype}","shape":[${shape.join()}],`)
    if (binary) writer.text(`"parameters":{"binary_data_size":${tensorBytes(tensor)}}}`)
    else {
      const flat = { ...tensor, shape: [elementCount(shape)] }
      writer.text('"data":').tensor(heap, flat, 'plain').text('}')
    }
  }
  writer.text(']}')
}

/** The pieces of a binary reply: its header, to a multiple of 16, and views of the tensors. */
export function binaryReply (
  head: string | Buffer, heap: Heap, outputs: readonly InferenceOutput[]
): Buffer[] {
  const text = Buffer.from(head)
  const padded = Buffer.alloc(Math.ceil(text.length / 16) * 16, ' ')
  text.copy(padded)
  const views = outputs.filter(({ binary }) => binary).map(({ tensor }) => bytesOf(heap, tensor))
  return [padded, ...views]
}

const none: JsonObject = {}

const wireDatatypes: readonly WireDatatype[] =
  ['FP32', 'FP64', 'FP16', 'BF16', 'INT64', 'INT32', 'UINT8', 'BOOL']

function readHead (head: Buffer, tensorsMax: number): Head<ArrivedInference> {
  const parts = readInputs(objectAt(readJson(head), '')).flatMap(input => {
    const { name, size, shape } = input
    if (size === undefined) return []
    const datatype = datatypeOf(input.datatype, `${input.pointer}/datatype`)
    const bytes = shape.reduce((product, length) => product * length, wireBytes(datatype))
    if (bytes !== size) {
      throw badBinary(`the input ${shown(name)} has a binary_data_size of ${size}; ` +
        `${datatype} [${shape.join()}] needs ${bytes}`)
    }
    return [{ name, datatype, shape }]
  })
  if (parts.length > tensorsMax) {
    throw new LossdError('TENSORS_TOO_MANY',
      `The request has ${parts.length} tensors; the limit is ${tensorsMax}`)
  }
  // It is read again for what is no tensor; the piece that it came in is not ours.
  const kept = Buffer.from(head)
  return { parts, body: tensors => ({ head: kept, tensors }) }
}

interface Input {
  readonly name: string
  readonly pointer: string
  readonly datatype: Json
  readonly shape: readonly number[]
  /** Bytes of a binary one. */
  readonly size: number | undefined
  /** A typed tensor, if it is none. */
  readonly value: Json
}

function readInputs ({ inputs }: JsonObject): Input[] {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw invalid('/inputs', 'a list of tensors', inputs)
  }
  const names = new Set<string>()
  return inputs.map((input: Json, index) => {
    const pointer = `/inputs/${index}`
    const keys = ['name', 'datatype', 'shape', 'data', 'parameters']
    const { name, datatype = null, shape = null, data, parameters = none } =
      objectAt(input, pointer, keys)
    if (typeof name !== 'string' || name === '' || name.length > nameMax) {
      throw invalid(`${pointer}/name`, `a text of 1 to ${nameMax} characters`, name)
    }
    if (names.has(name)) throw invalid(`${pointer}/name`, 'another name than those before', name)
    names.add(name)
    const size = objectAt(parameters, `${pointer}/parameters`)['binary_data_size']
    if (size === undefined) {
      const value = Object.assign(Object.create(null), { datatype, shape, data: data ?? null })
      return { name, pointer, datatype, shape: [], size, value }
    }
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(`${pointer}/parameters/binary_data_size`, 'a number of bytes', size)
    }
    if (data !== undefined) throw invalid(`${pointer}/data`, 'left out of a binary tensor', data)
    return { name, pointer, datatype, shape: shapeOf(shape, `${pointer}/shape`), size, value: null }
  })
}

const nameMax = 64

function shapeOf (value: Json, pointer: string): number[] {
  if (value instanceof Numbers && value.shape.length === 1 && value.count <= rankMax &&
      value.fault === undefined && value.booleanIndex < 0) {
    const shape = Array.from(value.values)
    if (shape.every(length => Number.isSafeInteger(length) && length >= 0)) return shape
  }
  throw invalid(pointer, `a list of at most ${rankMax} whole numbers`, value)
}

function datatypeOf (value: Json, pointer: string): WireDatatype {
  const datatype = wireDatatypes.find(each => each === value)
  if (datatype !== undefined) return datatype
  throw new LossdError('DATATYPE_MISMATCH',
    `${pointer} must be one of ${wireDatatypes.join(', ')}; got ${kindOf(value)}`, { pointer })
}

function readOutputs (outputs: Json | undefined): WantedOutput[] | undefined {
  if (outputs === undefined) return undefined
  if (outputs instanceof Numbers && outputs.count === 0) return undefined
  if (!Array.isArray(outputs)) throw invalid('/outputs', 'a list of objects with names', outputs)
  return outputs.map((output: Json, index) => {
    const pointer = `/outputs/${index}`
    const { name, parameters = none } = objectAt(output, pointer, ['name', 'parameters'])
    if (typeof name !== 'string') throw invalid(`${pointer}/name`, 'a text', name)
    const own = objectAt(parameters, `${pointer}/parameters`, ['binary_data'])
    return { name, binary: flagAt(own, 'binary_data', `${pointer}/parameters`) }
  })
}

function objectAt (value: Json, pointer: string, keys?: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw invalid(pointer, 'an object', value)
  for (const key in value) {
    if (keys === undefined || keys.includes(key)) continue
    throw new LossdError('FIELD_UNKNOWN',
      `${pointer === '' ? 'A request' : pointer} has no field ${shown(key)}; ` +
      `there are: ${keys.join(', ')}`, { pointer: childPointer(pointer, key) })
  }
  return value
}

function flagAt (object: JsonObject, name: string, pointer: string): boolean | undefined {
  const value = object[name]
  if (value === undefined || typeof value === 'boolean') return value
  throw invalid(`${pointer}/${name}`, 'true or false', value)
}

function scalarAt (value: Json, pointer: string): Json {
  if (value !== null && typeof value !== 'object') return value
  throw invalid(pointer, 'a number, a text, true or false', value)
}

function invalid (pointer: string, expected: string, value: Json | undefined): LossdError {
  return new LossdError('FIELD_INVALID',
    `${pointer || 'The body'} must be ${expected}; got ${kindOf(value)}`, { pointer })
}
