// The body of POST /v1/sessions: what a session is made of, all defaults filled in.

import { elementCount, type Tensor } from '../buffer/tensor.ts'
import { Numbers } from '../codec/json-numbers.ts'
import { isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { childPointer, writeTensor } from '../codec/json-tensor.ts'
import { StagedTensor } from '../codec/staged.ts'
import { LossdError } from '../errors.ts'
import { readDescent } from './descent.ts'
import {
  choiceOf, invalid, isList, numberOf, objectOf, type Plain, refuseOthers
} from './fields.ts'
import type { OperationMemory, Tensors } from './memory.ts'
import { readModel } from './model.ts'
import { type FindLoss, readObjective } from './objective.ts'
import type { Recipe } from './step-graph.ts'

export interface Description {
  readonly recipe: Recipe
  readonly datatype: 'FP32' | 'FP64'
  readonly seed: number
  readonly ttlSeconds: number
  /** What becomes of a step whose loss, gradient or next parameters are not finite. */
  readonly nonFinite: 'error' | 'skip' | 'allow'
  readonly metadata: Plain
  /** Tensors of the loss that stay the same, in memory that is to be kept. */
  readonly constants: Tensors
}

export interface DescriptionLimits {
  readonly ttlSecondsMax: number
  /** Bytes of a session's tensors. */
  readonly bytesMax: number
  /** Losses beside those of the table. */
  readonly findLoss: FindLoss
}

const fields = [
  'model', 'loss', 'optimizer', 'datatype', 'seed', 'ttl_seconds', 'durability', 'non_finite',
  'metadata'
]
const ttlSecondsDefault = 3600
const metadataBytesMax = 16_384

/**
 * `raw` are the bytes of the body. Throws rows of status 422 with pointers, SESSION_TOO_LARGE,
 * HEAP_FULL.
 */
export function readDescription (
  body: JsonObject, raw: Buffer, limits: DescriptionLimits, memory: OperationMemory
): Description {
  refuseOthers(body, fields, '')
  const recipe = {
    model: readModel(body.model, '/model'),
    objective: readObjective(body.loss, '/loss', limits.findLoss),
    descent: readDescent(body.optimizer, '/optimizer')
  }
  const datatype = choiceOf(body.datatype, ['FP32', 'FP64'], 'FP32', '/datatype')
  choiceOf(body.durability, ['memory'], 'memory', '/durability')
  const seed = numberOf(body.seed, 0, '/seed', { most: Number.MAX_SAFE_INTEGER, whole: true })
  const ttlSeconds = numberOf(body.ttl_seconds, Math.min(ttlSecondsDefault, limits.ttlSecondsMax),
    '/ttl_seconds', { least: 1, most: limits.ttlSecondsMax })
  const nonFinite = choiceOf(body.non_finite, ['error', 'skip', 'allow'], 'error', '/non_finite')
  const metadata = readMetadata(body.metadata, raw)
  checkSize(recipe, datatype, limits)
  const constants = new Map<string, Tensor>()
  for (const [name, tensor] of recipe.objective.constants) {
    constants.set(name, writeTensor(tensor, datatype, memory.heap, memory.lease))
  }
  return { recipe, datatype, seed, ttlSeconds, nonFinite, metadata, constants }
}

function checkSize (
  { model, descent }: Recipe, datatype: 'FP32' | 'FP64', { bytesMax }: DescriptionLimits
): void {
  const count = model.tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const bytes = count * (1 + descent.states.length) * (datatype === 'FP32' ? 4 : 8)
  if (bytes <= bytesMax) return
  throw new LossdError('SESSION_TOO_LARGE',
    `The session needs ${bytes} bytes; the limit is ${bytesMax}`,
    { pointer: '/model' })
}

function readMetadata (value: Json | undefined, raw: Buffer): Plain {
  const given = value === undefined ? {} : objectOf(value, '/metadata')
  const metadata = plainOf(given, raw, '/metadata')
  const bytes = Buffer.byteLength(JSON.stringify(metadata))
  if (bytes <= metadataBytesMax) return metadata
  throw new LossdError('FIELD_INVALID',
    `metadata must be an object of at most ${metadataBytesMax} bytes; got ${bytes}`,
    { pointer: '/metadata' })
}

// Arrays of numbers are kept by codec as their place in the body: here they are read once more.
function plainOf (value: Json, raw: Buffer, pointer: string): Plain {
  if (value instanceof Numbers) {
    if (value.to - value.from > metadataBytesMax) throw invalid(value, 'short', pointer)
    try {
      return JSON.parse(raw.toString('utf8', value.from, value.to))
    } catch {
      throw invalid(value, 'JSON without NaN and Infinity', pointer)
    }
  }
  if (isList(value)) {
    return value.map((each, index) => plainOf(each, raw, childPointer(pointer, index)))
  }
  if (value instanceof StagedTensor) throw invalid(value, 'JSON', pointer)
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value)
      .map(([key, each]) => [key, plainOf(each, raw, childPointer(pointer, key))]))
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw invalid(value, 'a finite number', pointer)
  }
  return value
}
