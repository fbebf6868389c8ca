// A session's model: layers one after the other, each a formula. It knows its tensors by their
// state_dict names; model-graph.ts traces it into a graph.

import type { Json } from '../codec/json-reader.ts'
import { childPointer } from '../codec/json-tensor.ts'
import { kindOf } from '../codec/kind-of.ts'
import { LossdError, nearest } from '../errors.ts'
import { type Layer, layers } from '../layers/index.ts'
import {
  choiceOf, invalid, isList, numberOf, objectOf, refuseOthers, type Plain
} from './fields.ts'

/** A layer in its place, with all its options. */
export interface Block {
  /** Its place in the Sequential, from 0: the first part of its tensors' names. */
  readonly index: number
  readonly layer: Layer
  readonly options: Readonly<Record<string, number | boolean>>
}

/** A tensor that a model learns. */
export interface ModelTensor {
  /** As in a state_dict: `0.weight`. */
  readonly name: string
  readonly shape: readonly number[]
  /** It starts uniform between ± this. */
  readonly bound: number
}

export interface Model {
  readonly blocks: readonly Block[]
  readonly tensors: readonly ModelTensor[]
  /** Length of the input's last dimension; 0 if no layer asks for one. */
  readonly features: number
  /** What the code of its program depends on: the layers and which tensors they have. */
  readonly structure: string
}

/** Most layers of a model; each adds to the program that a step compiles. */
export const layersMax = 32

/** A model from its JSON, `{type: 'Sequential', layers: [{type, …}]}`. Throws rows of 422. */
export function readModel (value: Json | undefined, pointer: string): Model {
  const object = objectOf(value, pointer)
  refuseOthers(object, ['type', 'layers'], pointer)
  choiceOf(object.type, ['Sequential'], 'Sequential', `${pointer}/type`)
  const list = object.layers
  if (!isList(list) || list.length === 0) {
    throw invalid(list, 'a list of layers', `${pointer}/layers`)
  }
  if (list.length > layersMax) {
    throw modelInvalid('A model', `at most ${layersMax} layers long`, String(list.length),
      `${pointer}/layers`)
  }
  const blocks = list.map((each, index) => readBlock(each, index, `${pointer}/layers/${index}`))
  const tensors = blocks.flatMap(tensorsOf)
  if (tensors.length === 0) {
    throw modelInvalid('A model', 'made of layers of which one learns (Linear)',
      blocks.map(block => block.layer.type).join(', '), `${pointer}/layers`)
  }
  return {
    blocks, tensors, features: chain(blocks, pointer), structure: blocks.map(structureOf).join()
  }
}

/** The model as JSON, all options filled in. */
export function describeModel ({ blocks }: Model): Plain {
  return {
    type: 'Sequential',
    layers: blocks.map(({ layer, options }) => ({ type: layer.type, ...options }))
  }
}

/** The parameters of a block that it has: without its option a parameter is missing. */
export function parametersOf ({ layer, options }: Block): Layer['parameters'] {
  return layer.parameters.filter(({ option }) => option === undefined || options[option] === true)
}

/** The name of a block's tensor in a state_dict. */
export function tensorName ({ index }: Block, parameter: string): string {
  return `${index}.${parameter}`
}

function readBlock (value: Json, index: number, pointer: string): Block {
  const object = objectOf(value, pointer)
  const layer = layers.find(({ type }) => type === object.type)
  if (layer === undefined) {
    const types = layers.map(({ type }) => type)
    const near = typeof object.type === 'string' ? nearest(object.type, types) : []
    throw modelInvalid(`Layer ${index}’s type`,
      `one of ${(near.length > 0 ? near : types).join(', ')}`, kindOf(object.type),
      `${pointer}/type`)
  }
  refuseOthers(object, ['type', ...Object.keys(layer.options)], pointer)
  const options: Record<string, number | boolean> = {}
  for (const [name, option] of Object.entries(layer.options)) {
    const place = childPointer(pointer, name)
    if (option.kind === 'whole') {
      options[name] = numberOf(object[name], undefined, place,
        { least: option.minimum, most: 2 ** 31 - 1, whole: true })
    } else {
      const given = object[name] ?? option.default
      if (typeof given !== 'boolean') throw invalid(given, 'true or false', place)
      options[name] = given
    }
  }
  return { index, layer, options }
}

/** Length of an axis of a layer's formula. */
function lengthOf ({ layer, options }: Block, axis: string): number {
  return Number(options[layer.lengths[axis] ?? ''])
}

function tensorsOf (block: Block): ModelTensor[] {
  return parametersOf(block).map(({ name, axes, fan }) => ({
    name: tensorName(block, name),
    shape: axes.map(axis => lengthOf(block, axis)),
    bound: 1 / Math.sqrt(lengthOf(block, fan))
  }))
}

function structureOf (block: Block): string {
  return [block.layer.type, ...parametersOf(block).map(({ name }) => name)].join(':')
}

/** Each layer takes what the one before gives. Returns what the first takes. */
function chain (blocks: readonly Block[], pointer: string): number {
  let features = 0
  let first = 0
  let giver: Block | undefined
  for (const block of blocks) {
    const { features: names } = block.layer
    if (names === undefined) continue
    const taken = lengthOf(block, names.input)
    first ||= taken
    if (giver !== undefined && taken !== features) {
      throw modelInvalid(`Layer ${block.index} (${block.layer.type})`,
        `made for the ${features} features that layer ${giver.index} gives`, String(taken),
        `${pointer}/layers/${block.index}/${block.layer.lengths[names.input] ?? ''}`)
    }
    features = lengthOf(block, names.output)
    giver = block
  }
  return first
}

function modelInvalid (part: string, expected: string, value: string, pointer: string): LossdError {
  return new LossdError('MODEL_INVALID', `${part} must be ${expected}; got ${value}`, { pointer })
}
