// The body of a step as tensors in memory: held against the model and the loss, and read at once,
// before the step waits for its turn.

import { Numbers } from '../codec/json-numbers.ts'
import type { JsonObject } from '../codec/json-reader.ts'
import { childPointer, type JsonTensor, readTensor } from '../codec/json-tensor.ts'
import { type Needed, placeAll } from '../compute/place.ts'
import { LossdError, nearest } from '../errors.ts'
import type { TensorShape } from '../formulas/bind.ts'
import { resolveKinds } from '../formulas/kinds.ts'
import { isList, numberOf, invalid, refuseOthers } from './fields.ts'
import type { OperationMemory, Tensors } from './memory.ts'
import { inputAxes, modelLengths, outputAxes } from './model-graph.ts'
import { moved } from './moved.ts'
import { objectiveFor } from './objective.ts'
import { planStep, type Recipe, type StepPlan, type Wanted } from './step-graph.ts'

export interface StepRequest {
  /** The session's, its loss for the tensors of the step. */
  readonly recipe: Recipe
  readonly plan: StepPlan
  readonly inputShape: readonly number[]
  /** The graph's inputs that come with the step: `input`, `loss.target`, … */
  readonly tensors: Tensors
  /** Undefined: the optimizer's. */
  readonly lr: number | undefined
  readonly wanted: ReadonlySet<Wanted>
  /** True if a tensor was typed: so is the reply. */
  readonly typed: boolean
}

const choices: readonly Wanted[] = ['outputs', 'gradients', 'grad_input']

/**
 * Reads a step into memory. @throws Unfinished while large tensors are converted; rows of status
 * 422 with pointers, HEAP_FULL.
 */
export function readStep (
  session: Recipe, constants: Tensors, datatype: 'FP32' | 'FP64', body: JsonObject,
  memory: OperationMemory
): StepRequest {
  const { model } = session
  const objective = objectiveFor(session.objective, Object.keys(body))
  const recipe = { ...session, objective }
  const { given, loss, definition, output } = objective
  refuseOthers(body, ['input', ...given.map(({ name }) => name), 'lr', 'return'], '')
  const wanted = readWanted(body)
  const lr = body.lr === undefined ? undefined : numberOf(body.lr, undefined, '/lr')
  const input = readArgument(body, 'input', 'The model')
  checkInput(input, model.features)
  const tensors = new Map<string, JsonTensor>()
  for (const { name, default: fallback } of given) {
    if (name in body || fallback === null) tensors.set(name, readArgument(body, name, loss.name))
  }
  const lengths = modelLengths(model, input.shape)
  const outputShape = outputAxes(model, inputAxes(input.shape.length))
    .map(axis => lengths.get(axis) ?? 0)
  const kinds = moved('/loss', [...constants.keys()], () => resolveKinds(definition, {
    [output]: { shape: outputShape, datatype: null },
    ...Object.fromEntries(tensors),
    ...Object.fromEntries(constants)
  }, loss.floating), output)
  const shapes: Record<string, TensorShape> = {}
  for (const [name, { shape }] of constants) shapes[name] = { shape, kind: 'real' }
  for (const [name, { shape, datatype: given }] of tensors) {
    const kind = kinds[name] ?? 'real'
    shapes[name] = { shape, kind, datatype: kind === 'real' ? 'real' : wholeDatatype(given) }
  }
  const plan = planStep(recipe, input.shape, shapes, wanted)

  const needed = new Map<string, Needed>([['input', { tensor: input, datatype }]])
  for (const [name, tensor] of tensors) {
    const own = shapes[name]?.datatype ?? 'real'
    needed.set(`loss.${name}`, { tensor, datatype: own === 'real' ? datatype : own })
  }
  const placed = placeAll(needed, memory.heap, memory.lease)
  const typed = [input, ...tensors.values()].some(tensor => tensor.datatype !== null)
  return { recipe, plan, inputShape: input.shape, tensors: placed, lr, wanted, typed }
}

function readArgument (body: JsonObject, name: string, owner: string): JsonTensor {
  const value = body[name]
  if (value !== undefined) return readTensor(value, childPointer('', name))
  const pointer = childPointer('', name)
  throw new LossdError('ARGUMENT_MISSING', `${owner} needs ${name}; the step does not give it`,
    { pointer })
}

function checkInput ({ shape, datatype }: JsonTensor, features: number): void {
  if (datatype === 'BOOL') {
    throw new LossdError('DATATYPE_MISMATCH', 'input is BOOL; expected FP32 or FP64',
      { pointer: '/input' })
  }
  if (shape.length > 0 && (features === 0 || shape.at(-1) === features)) return
  const needed = features === 0 ? '[…]' : `[…, ${features}]`
  throw new LossdError('SHAPE_MISMATCH',
    `input has shape [${shape.join()}]; the model needs ${needed}`, { pointer: '/input' })
}

// Indices are read as they lie; plain numbers are INT64.
function wholeDatatype (given: JsonTensor['datatype']): 'INT64' | 'INT32' | 'UINT8' | 'BOOL' {
  return given === null || given === 'FP32' || given === 'FP64' ? 'INT64' : given
}

function readWanted ({ return: list }: JsonObject): ReadonlySet<Wanted> {
  const wanted = new Set<Wanted>()
  // A list without elements is read as numbers.
  if (list === undefined || (list instanceof Numbers && list.count === 0)) return wanted
  if (!isList(list)) throw invalid(list, `a list of ${choices.join(', ')}`, '/return')
  for (const [index, name] of list.entries()) {
    const choice = choices.find(each => each === name)
    if (choice === undefined) {
      const near = typeof name === 'string' ? nearest(name, choices) : []
      const expected = `one of ${(near.length > 0 ? near : choices).join(', ')}`
      throw invalid(name, expected, `/return/${index}`)
    }
    wanted.add(choice)
  }
  return wanted
}
