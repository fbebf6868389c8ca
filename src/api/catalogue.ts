// The losses as the routes need them: the row of the table, its definition, and what is said about
// it. Everything is made once, at start, from the table.

import { isJsonObject, type Json, type JsonObject } from '../codec/json-reader.ts'
import { LossdError } from '../errors.ts'
import { define } from '../formulas/define.ts'
import type { Definition, TensorArgument } from '../formulas/definition.ts'
import { templateOf } from '../formulas/families.ts'
import { withMembers } from '../formulas/members.ts'
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
  const isDifferentiable = (tensor: TensorArgument): boolean => isTemplate(definition, tensor)
    ? isReal(tensor)
    : entry.differentiable.includes(tensor.name)
  return {
    name,
    torch: torch === '' ? null : torch,
    task,
    summary,
    choose,
    arguments: listed(definition).map(tensor => ({
      name: tensor.name,
      shape: tensor.text,
      differentiable: isDifferentiable(tensor),
      optional: tensor.default !== null || isTemplate(definition, tensor),
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

const sizes = new WeakMap<Definition, LossEntry>()

/** The entry for the members of families that a body gives. Throws TENSORS_TOO_MANY. */
export function entryFor (
  entry: LossEntry, body: JsonObject, options: Json = body.options ?? null
): LossEntry {
  const { loss, definition } = entry
  if (definition.families.length === 0) return entry
  const names = [...Object.keys(body), ...(isJsonObject(options) ? Object.keys(options) : [])]
  const own = withMembers(definition, names)
  const known = sizes.get(own) ?? entryOf(loss, own)
  sizes.set(own, known)
  return known
}

/** The tensors of a definition, those of a family as x.I. */
export function listed ({ tensors, families }: Definition): readonly TensorArgument[] {
  return [...new Set(tensors.map(tensor => templateOf(families, tensor.name) ?? tensor))]
}

function isTemplate ({ families }: Definition, tensor: TensorArgument): boolean {
  return families.some(({ templates }) => templates.includes(tensor))
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
