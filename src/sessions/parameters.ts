// The parameters of a body, as load_state_dict takes them: every name of the model and no other,
// each of its own shape.

import type { JsonObject } from '../codec/json-reader.ts'
import { childPointer, readTensor, writeTensor } from '../codec/json-tensor.ts'
import { LossdError } from '../errors.ts'
import { refuseOthers } from './fields.ts'
import type { OperationMemory, Tensors } from './memory.ts'
import type { ModelTensor } from './model.ts'

/** Throws FIELD_UNKNOWN, ARGUMENT_MISSING, SHAPE_MISMATCH, TENSOR_INVALID, HEAP_FULL. */
export function readParameters (
  tensors: readonly ModelTensor[], datatype: 'FP32' | 'FP64', body: JsonObject,
  memory: OperationMemory
): Tensors {
  refuseOthers(body, tensors.map(({ name }) => name), '')
  return new Map(tensors.map(({ name, shape }) => {
    const pointer = childPointer('', name)
    const value = body[name]
    if (value === undefined) {
      throw new LossdError('ARGUMENT_MISSING',
        `The parameters need ${name} [${shape.join()}]`, { pointer })
    }
    const tensor = readTensor(value, pointer)
    if (tensor.shape.join() !== shape.join()) {
      throw new LossdError('SHAPE_MISMATCH',
        `${name} has shape [${tensor.shape.join()}]; the model needs [${shape.join()}]`,
        { pointer })
    }
    return [name, writeTensor(tensor, datatype, memory.heap, memory.lease)]
  }))
}
