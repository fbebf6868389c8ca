// The losses as the routes need them: the row of the table, its definition, and what is said about
// it. Everything is made once, at start, from the table.

import { LossdError } from '../errors.ts'
import { define } from '../formulas/define.ts'
import type { Definition, TensorArgument } from '../formulas/definition.ts'
import { optionsSchema } from '../formulas/options.ts'
import { type Loss, losses } from '../losses/index.ts'

export interface LossEntry {
  readonly loss: Loss
  readonly definition: Definition
  /** Its name, and the name of its class in PyTorch. */
  readonly names: readonly string[]
  /** Tensors that are arguments of PyTorch's constructor. */
  readonly tensorOptions: ReadonlySet<string>
  /** Gradients given when a request names none. */
  readonly defaultGradients: readonly string[]
  /** Gradients a request may name. */
  readonly differentiable: readonly string[]
}

/** An entry for each loss of the table, in its order. */
export const catalogue: readonly LossEntry[] =
  losses.map(loss => entryOf(loss, definitionOf(loss)))

/** The entry of a name or alias. */
export function findEntry (name: string): LossEntry | undefined {
  return catalogue.find(({ names }) => names.includes(name))
}

/** What GET /v1/losses says of a loss. */
export function summaryOf ({ loss, definition, ...entry }: LossEntry): Record<string, unknown> {
  const { name, torch, task, summary, choose } = loss
  return {
    name,
    torch: torch === '' ? null : torch,
    task,
    summary,
    choose,
    arguments: definition.tensors.map(tensor => ({
      name: tensor.name,
      shape: tensor.text,
      differentiable: entry.differentiable.includes(tensor.name),
      optional: tensor.default !== null,
      in: entry.tensorOptions.has(tensor.name) ? 'options' : 'body'
    })),
    options: optionsSchema(definition)
  }
}

/** What the routes need of a loss with its definition. */
export function entryOf (loss: Loss, definition: Definition): LossEntry {
  const tensorOptions = new Set(loss.tensorOptions)
  const never = new Set(loss.frozen?.filter(([, when]) => when === 'true').map(([name]) => name))
  const differentiable = definition.tensors
    .filter(tensor => isReal(tensor) && !never.has(tensor.name))
    .map(({ name }) => name)
  return {
    loss,
    definition,
    names: [loss.name, loss.torch].filter(name => name !== ''),
    tensorOptions,
    differentiable,
    defaultGradients: differentiable.filter(name => name !== 'target' && !tensorOptions.has(name))
  }
}

function definitionOf (loss: Loss): Definition {
  try {
    return define(loss.formula, { rules: loss })
  } catch (fault) {
    const where = fault instanceof LossdError ? fault.errors[0]?.position : undefined
    throw new Error(`The formula of ${loss.name} is wrong at ${where}: ${String(fault)}`)
  }
}

function isReal ({ kinds }: TensorArgument): boolean {
  return kinds.some(({ kind }) => kind === 'real')
}
