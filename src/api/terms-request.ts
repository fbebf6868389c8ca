// The body of POST /v1/losses: terms, and beside them the arguments and wishes they share.

import { isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { childPointer } from '../codec/json-tensor.ts'
import { kindOf } from '../codec/kind-of.ts'
import { StagedTensor } from '../codec/staged.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import { entryFor, type LossEntry } from './catalogue.ts'
import { readNames } from './loss-request.ts'

/** One of the losses that are added. */
export interface Term {
  readonly index: number
  /** As the body calls it. */
  readonly name: string
  readonly entry: LossEntry
  readonly scale: number
  readonly options: JsonObject
}

/** The entry of a name that stands at `pointer`. Throws LOSS_UNKNOWN. */
export type FindLoss = (name: string, options: JsonObject, pointer: string) => LossEntry

/** Most terms of a request. */
export const termsMax = 16

const none: JsonObject = {}
const shared = ['grad_output', 'datatype', 'strict', 'second_order']

/** The terms of a body. Throws FIELD_INVALID, FIELD_UNKNOWN, GRADIENT_UNKNOWN, what find throws. */
export function readTerms (body: JsonObject, find: FindLoss): Term[] {
  const { terms: list } = body
  if (!Array.isArray(list) || list.length === 0 || list.length > termsMax) {
    const got = Array.isArray(list) ? `${list.length} of them` : kindOf(list)
    throw invalid('/terms', `terms must be a list of 1 to ${termsMax} losses, such as ` +
      `[{"loss": "mse", "scale": 0.7}]; got ${got}`)
  }
  const terms = list.map((term: Json, index) => readTerm(term, index, find))
    .map(term => ({ ...term, entry: entryFor(term.entry, body, term.options) }))
  refuseOthers(body, terms)
  return terms
}

/** The body that a term would have alone. */
export function termBody (body: JsonObject, { entry, options }: Term): JsonObject {
  const own: Record<string, Json> = { options }
  for (const key of shared) if (body[key] !== undefined) own[key] = body[key]
  // All terms compute alike: one typed FP64 argument makes the sum FP64.
  if (own['datatype'] === undefined && hasDouble(body)) own['datatype'] = 'FP64'
  for (const { name } of entry.definition.tensors) {
    const tensor = body[name]
    if (tensor !== undefined) own[name] = tensor
  }
  if (body.gradients !== undefined) {
    own['gradients'] = readNames(body.gradients, '/gradients')
      .filter(name => hasTensor(entry, name))
  }
  const vectors = body['hessian_vector']
  if (vectors !== undefined) {
    own['hessian_vector'] = isJsonObject(vectors) ? vectorsOf(vectors, entry) : vectors
  }
  return own
}

function vectorsOf (vectors: JsonObject, entry: LossEntry): JsonObject {
  const own: Record<string, Json> = {}
  for (const name in vectors) if (hasTensor(entry, name)) own[name] = vectors[name] ?? null
  return own
}

function readTerm (term: Json, index: number, find: FindLoss): Term {
  const pointer = `/terms/${index}`
  if (!isJsonObject(term)) {
    throw invalid(pointer, `A term must be an object with a loss; got ${kindOf(term)}`)
  }
  for (const key in term) {
    if (['loss', 'scale', 'options'].includes(key)) continue
    throw new LossdError('FIELD_UNKNOWN',
      `A term has loss, scale and options, but no field ${shown(key)}`,
      { pointer: childPointer(pointer, key) })
  }
  const { loss, scale = 1, options = none } = term
  if (typeof loss !== 'string') {
    throw invalid(`${pointer}/loss`, `loss must be the name of a loss; got ${kindOf(loss)}`)
  }
  if (typeof scale !== 'number' || !Number.isFinite(scale)) {
    throw invalid(`${pointer}/scale`, `scale must be a finite number; got ${kindOf(scale)}`)
  }
  if (!isJsonObject(options)) {
    throw invalid(`${pointer}/options`, `options must be an object; got ${kindOf(options)}`)
  }
  return { index, name: loss, entry: find(loss, options, `${pointer}/loss`), scale, options }
}

function refuseOthers (body: JsonObject, terms: readonly Term[]): void {
  const names = [...new Set(terms.flatMap(({ entry }) =>
    entry.definition.tensors.map(({ name }) => name)))]
  const known = ['terms', 'gradients', 'hessian_vector', ...shared, ...names]
  for (const key in body) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    throw new LossdError('FIELD_UNKNOWN', `A sum of losses has no field ${shown(key)}; ` +
      `${near.length > 0 ? 'nearest' : 'it has'}: ${(near.length > 0 ? near : known).join(', ')}`,
      { pointer: childPointer('', key) })
  }
  const refuseName = (name: string, pointer: string): void => {
    if (terms.some(({ entry }) => hasTensor(entry, name))) return
    throw new LossdError('GRADIENT_UNKNOWN', `No term has an argument ${shown(name)}; ` +
      `there are: ${names.join(', ')}`, { pointer })
  }
  const { gradients = null, hessian_vector: vectors = null } = body
  if (gradients !== null) {
    for (const [index, name] of readNames(gradients, '/gradients').entries()) {
      refuseName(name, `/gradients/${index}`)
    }
  }
  if (!isJsonObject(vectors)) return
  for (const name in vectors) refuseName(name, childPointer('/hessian_vector', name))
}

function hasTensor ({ definition }: LossEntry, name: string): boolean {
  return definition.tensors.some(tensor => tensor.name === name)
}

function hasDouble (body: JsonObject): boolean {
  return Object.entries(body).some(([name, value]) =>
    name !== 'grad_output' && (value instanceof StagedTensor || isJsonObject(value)) &&
    value['datatype'] === 'FP64')
}

function invalid (pointer: string, detail: string): LossdError {
  return new LossdError('FIELD_INVALID', detail, { pointer })
}
