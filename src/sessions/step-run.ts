// One step computed: the program of its plan, memory for the results, and what the loss's checks
// say. It reads a session's values and changes none of them.

import { allocateTensor, type Tensor, viewOf } from '../buffer/tensor.ts'
import { execute, type Machine } from '../compute/execute.ts'
import { whenFinished } from '../compute/when-finished.ts'
import { LossdError } from '../errors.ts'
import { explain } from '../formulas/checks.ts'
import type { Description } from './description.ts'
import type { Waiting } from './mailbox.ts'
import { type OperationMemory, scalarOf, type Tensors } from './memory.ts'
import { pointerTo } from './objective.ts'
import { stepNumbers } from './step-graph.ts'
import type { StepProgram, StepPrograms } from './step-programs.ts'
import type { StepRequest } from './step-request.ts'

/** What steps run on. */
export interface StepMachine {
  readonly machine: Machine
  readonly programs: StepPrograms
}

/** A session's values, as a step finds them. */
export interface StepState {
  readonly parameters: Tensors
  /** The optimizer's. */
  readonly states: Tensors
  readonly step: number
}

/** A silent surprise of PyTorch's, said aloud. */
export interface StepWarning {
  readonly code: string
  readonly message: string
}

export interface StepOutcome {
  readonly loss: number
  readonly gradNorm: number
  /** True if all numbers that the session would go on with are finite. */
  readonly finite: boolean
  readonly lr: number
  readonly warnings: readonly StepWarning[]
  /** All results by their names in the graph; they lie in the operation's memory. */
  readonly results: Tensors
}

/** Throws rows of 422 that only values can meet, HEAP_FULL, and what the pool throws. */
export async function computeStep (
  { machine, programs }: StepMachine, description: Description, state: StepState,
  request: StepRequest, memory: OperationMemory, waiting: Waiting
): Promise<StepOutcome> {
  const { datatype, constants } = description
  const { recipe, plan, inputShape, wanted } = request
  const precision = datatype === 'FP32' ? 'f32' : 'f64'
  const rank = inputShape.length
  const { program, left } = await whenFinished(waiting, left => ({
    program: programs.find(plan.key, { recipe, rank, bound: plan.bound, wanted, precision }), left
  }))
  const results = allocate(program, description, state, request, memory)
  const lr = request.lr ?? Number(recipe.descent.options.lr)
  const fixed = [...constants].map(([name, tensor]) => [`loss.${name}`, tensor] as const)
  const running = execute(machine, program.compiled, {
    lengths: plan.lengths,
    inputs: addresses([...request.tensors, ...state.parameters, ...state.states, ...fixed]),
    numbers: new Map([...plan.numbers, ...stepNumbers(recipe.descent, state.step + 1, lr)]),
    outputs: addresses(results)
  }, memory.lease, left)
  if (running !== undefined) await running

  const number = (name: string): number => {
    const tensor = results.get(name)
    return tensor === undefined ? Number.NaN : scalarOf(machine.heap, tensor)
  }
  check(machine, program, description, request, number)
  const finite = number('lost') === 0
  const warnings = program.warnings
    .filter(({ always }, index) => always || number(`warning ${index}`) > 0)
    .map(warning => ({
      code: warning.code,
      message: explain(recipe.objective.definition, plan.bound.binding, warning)
    }))
  return {
    loss: number('loss'), gradNorm: Math.sqrt(number('norm')), finite, lr, warnings, results
  }
}

/** The next values of these tensors, or they themselves if a step leaves them alone. */
export function nextOf (results: Tensors, tensors: Tensors): Tensors {
  const next = new Map<string, Tensor>()
  for (const name of tensors.keys()) {
    const tensor = results.get(`next ${name}`)
    if (tensor !== undefined) next.set(name, tensor)
  }
  return next.size === tensors.size && next.size > 0 ? next : tensors
}

/** The gradients that were asked for, by the names of their parameters. */
export function gradientsOf (results: Tensors, parameters: Tensors): Tensors {
  const gradients = new Map<string, Tensor>()
  for (const name of parameters.keys()) {
    const tensor = results.get(`gradient ${name}`)
    if (tensor !== undefined) gradients.set(name, tensor)
  }
  return gradients
}

// Memory for all results of a program, by their names in the graph.
function allocate (
  { outputs }: StepProgram, { datatype }: Description, { parameters, states }: StepState,
  { plan, inputShape }: StepRequest, { lease }: OperationMemory
): Tensors {
  return new Map(outputs.map(name => {
    const like = parameters.get(name.replace(/^(next|gradient) /, '')) ??
      states.get(name.replace(/^next /, ''))
    const own = name === 'outputs' ? plan.outputShape : name === 'grad_input' ? inputShape : []
    return [name, allocateTensor(lease, datatype, like?.shape ?? own)]
  }))
}

function check (
  { heap }: Machine, { checks }: StepProgram, { constants }: Description,
  { recipe: { objective }, plan, tensors }: StepRequest, number: (name: string) => number
): void {
  for (const [index, failed] of checks.entries()) {
    if (!(number(`check ${index}`) > 0)) continue
    const tensor = tensors.get(`loss.${failed.argument}`) ?? constants.get(failed.argument)
    const values = tensor === undefined ? [] : viewOf(heap, tensor)
    const detail = explain(objective.definition, plan.bound.binding, failed, values)
    throw new LossdError(failed.code, detail, { pointer: pointerTo(objective, failed.argument) })
  }
}

function addresses (tensors: Iterable<readonly [string, Tensor]>): Map<string, number> {
  const found = new Map<string, number>()
  for (const [name, { address }] of tensors) found.set(name, address)
  return found
}
