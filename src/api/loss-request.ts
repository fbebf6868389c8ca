// A JSON body as a request for one loss: every argument, option and field by its name, checked
// against the loss's declarations. The tensors are read, but do not lie in the heap yet.

import { isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { Numbers } from '../codec/json-numbers.ts'
import {
  childPointer, type JsonTensor, largestOf, readDatatype, readTensor
} from '../codec/json-tensor.ts'
import type { Memory } from '../codec/pad.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import type { Definition } from '../formulas/definition.ts'
import type { Options } from '../formulas/options.ts'
import type { TextFields } from './text-fields.ts'

export interface LossRequest {
  readonly tensors: ReadonlyMap<string, JsonTensor>
  /** The tensors that stand among the options, as PyTorch's constructor arguments. */
  readonly inOptions: ReadonlySet<string>
  /** As they stand in the body; binding checks them against the declarations. */
  readonly options: Options
  /** Undefined when the request leaves the choice to the loss. */
  readonly gradients: readonly string[] | undefined
  readonly gradOutput: JsonTensor | undefined
  /** True if the diagonals of the Hessian are wanted. */
  readonly secondOrder: boolean
  /** What the Hessian is to be multiplied by, by argument. */
  readonly vectors: ReadonlyMap<string, JsonTensor>
  /** True if warnings are errors. */
  readonly strict: boolean
  /** Undefined when the arguments decide. */
  readonly datatype: 'FP32' | 'FP64' | undefined
  /** True if an argument outside the options is typed: so is the reply. */
  readonly typed: boolean
  /** The largest elements of tensors that lengths are made with; none unless a loss has such. */
  readonly largest?: ReadonlyMap<string, number>
}

/**
 * The request with the numbers that lengths are made with. What is too much to look at here stays
 * unknown: Infinity.
 */
export function withLargest (
  request: LossRequest, { measured }: Definition, memory: Memory
): LossRequest {
  if (measured.length === 0) return request
  const largest = new Map<string, number>()
  for (const name of measured) {
    const tensor = request.tensors.get(name)
    if (tensor !== undefined && tensor.count <= lookedAtMax) {
      largest.set(name, largestOf(tensor, memory))
    }
  }
  return { ...request, largest }
}

const lookedAtMax = 1 << 16

/** Reads a body. Throws the errors of API.md section 6 that are 422, each with its pointer. */
export function readLossRequest (
  body: JsonObject, loss: string, definition: Definition, tensorsMax: number
): LossRequest {
  const tensors = new Map<string, JsonTensor>()
  const inOptions = new Set<string>()
  const options: Record<string, Json> = {}
  let gradients: readonly string[] | undefined
  let gradOutput: JsonTensor | undefined
  let datatype: LossRequest['datatype']
  let secondOrder = false
  let vectors = none
  let strict = false
  let typed = false

  for (const key in body) {
    const value = body[key] ?? null
    if (key === 'options') {
      readOptions(value, definition, tensors, inOptions, options)
    } else if (key === 'gradients') {
      gradients = readNames(value, '/gradients')
    } else if (key === 'grad_output') {
      gradOutput = readTensor(value, '/grad_output')
    } else if (key === 'second_order') {
      secondOrder = readSecondOrder(value)
    } else if (key === 'hessian_vector') {
      vectors = readVectors(value)
    } else if (key === 'strict') {
      strict = readFlag(value, '/strict')
    } else if (key === 'datatype') {
      datatype = readComputing(value)
    } else if (isTensor(definition, key)) {
      if (tensors.has(key)) throw twice(key)
      const tensor = readTensor(value, childPointer('', key))
      tensors.set(key, tensor)
      typed ||= tensor.datatype !== null
    } else {
      throw unknownField(key, loss, definition)
    }
    if (tensors.size + vectors.size > tensorsMax) {
      throw new LossdError('TENSORS_TOO_MANY',
        `The request has more than ${tensorsMax} tensors, the limit`)
    }
  }
  for (const { name, text, default: fallback } of definition.tensors) {
    if (fallback === null && !tensors.has(name)) {
      throw new LossdError('ARGUMENT_MISSING',
        `${loss} needs ${name}, ${text}; the request does not give it`, { pointer: `/${name}` })
    }
  }
  const wishes = { gradients, gradOutput, secondOrder, vectors, strict }
  return { tensors, inOptions, options, ...wishes, datatype, typed }
}

/** Fields of a request that are no arguments. */
export const requestFields =
  ['options', 'gradients', 'grad_output', 'datatype', 'second_order', 'hessian_vector', 'strict']

/** The fields of a request that can be texts beside its tensors; all other texts are options. */
export const lossTexts = {
  fields: { gradients: 'names', datatype: 'value', strict: 'value', second_order: 'value' },
  others: 'options'
} as const satisfies TextFields

const none: ReadonlyMap<string, JsonTensor> = new Map()

function readSecondOrder (value: Json): boolean {
  if (value === 'diagonal') return true
  throw new LossdError('FIELD_INVALID', `second_order must be "diagonal"; got ${kindOf(value)}`,
    { pointer: '/second_order' })
}

function readVectors (value: Json): ReadonlyMap<string, JsonTensor> {
  if (!isJsonObject(value)) {
    throw new LossdError('FIELD_INVALID', 'hessian_vector must be an object, a tensor for each ' +
      `argument; got ${kindOf(value)}`, { pointer: '/hessian_vector' })
  }
  const vectors = new Map<string, JsonTensor>()
  for (const key in value) {
    vectors.set(key, readTensor(value[key] ?? null, childPointer('/hessian_vector', key)))
  }
  return vectors
}

function readOptions (
  value: Json, definition: Definition, tensors: Map<string, JsonTensor>, inOptions: Set<string>,
  options: Record<string, Json>
): void {
  if (!isJsonObject(value)) {
    throw new LossdError('FIELD_INVALID', `options must be an object; got ${kindOf(value)}`,
      { pointer: '/options' })
  }
  for (const key in value) {
    const given = value[key] ?? null
    if (isTensor(definition, key)) {
      if (tensors.has(key)) throw twice(key)
      tensors.set(key, readTensor(given, `/options/${key}`))
      inOptions.add(key)
      continue
    }
    options[key] = given
  }
}

function isTensor (definition: Definition, name: string): boolean {
  for (const tensor of definition.tensors) if (tensor.name === name) return true
  return false
}

function twice (name: string): LossdError {
  return new LossdError('FIELD_INVALID',
    `${name} stands both at the top level and among the options; one of them is enough`,
    { pointer: `/options/${name}` })
}

/** A list of names. Throws FIELD_INVALID. */
export function readNames (value: Json, pointer: string): readonly string[] {
  if (value instanceof Numbers && value.count === 0 && value.shape.length === 1) return []
  if (Array.isArray(value)) {
    const names = value.filter((each): each is string => typeof each === 'string')
    if (names.length === value.length) return names
  }
  throw new LossdError('FIELD_INVALID',
    `${pointer.slice(1)} must be a list of names; got ${kindOf(value)}`, { pointer })
}

/** true or false. Throws FIELD_INVALID. */
export function readFlag (value: Json, pointer: string): boolean {
  if (typeof value === 'boolean') return value
  throw new LossdError('FIELD_INVALID',
    `${pointer.slice(1)} must be true or false; got ${kindOf(value)}`, { pointer })
}

function readComputing (value: Json): 'FP32' | 'FP64' {
  const datatype = readDatatype(value, '/datatype')
  if (datatype === 'FP32' || datatype === 'FP64') return datatype
  throw new LossdError('DATATYPE_MISMATCH', `datatype must be FP32 or FP64; got ${datatype}`,
    { pointer: '/datatype' })
}

function unknownField (key: string, loss: string, definition: Definition): LossdError {
  const pointer = childPointer('', key)
  const isOption = key === 'reduction' || definition.options.some(({ name }) => name === key)
  if (isOption) {
    return new LossdError('FIELD_UNKNOWN',
      `${key} is an option: it belongs into options, not beside them`, { pointer })
  }
  const names = [...definition.tensors.map(({ name }) => name), ...requestFields]
  const near = nearest(key, names)
  return new LossdError('FIELD_UNKNOWN', `${loss} has no field ${shown(key)}; ` +
    `${near.length > 0 ? 'nearest' : 'it has'}: ${(near.length > 0 ? near : names).join(', ')}`,
    { pointer })
}
