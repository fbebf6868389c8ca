// A request for a loss as it stands in JSON, evaluated without a kernel: the cases of the losses'
// files and the table of their conditions are run here.

import { define } from '../../src/formulas/define.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import { withMembers } from '../../src/formulas/members.ts'
import { type Case, findLoss, losses, type Plain } from '../../src/losses/index.ts'
import { type Argument, evaluateLoss, type Evaluation } from '../formulas/evaluate-loss.ts'

const definitions = new Map(losses.map(loss => [loss.name, define(loss.formula, { rules: loss })]))

/** The definition of a loss of the table. */
export function definitionOf (name: string): Definition {
  const definition = definitions.get(name)
  if (definition === undefined) throw new Error(`There is no loss ${name}`)
  return definition
}

/** Throws what the request throws. */
export function runCase (name: string, request: Case['request']): Evaluation {
  const definition = withMembers(definitionOf(name), Object.keys(request))
  const { options = {}, gradients: _, ...tensors } =
    request as { options?: Record<string, unknown>, gradients?: unknown, [name: string]: unknown }
  const values = Object.entries(options)
  const isTensor = ([name]: [string, unknown]): boolean =>
    definition.tensors.some(tensor => tensor.name === name)
  const given = [...Object.entries(tensors), ...values.filter(isTensor)]
    .map(([name, value]) => [name, argumentOf(value as Plain)] as const)
  const plain = Object.fromEntries(values.filter(value => !isTensor(value)))
  return evaluateLoss(definition, Object.fromEntries(given), plain, findLoss(name)?.floating)
}

function argumentOf (value: Plain): Argument {
  return { shape: shapeOf(value), datatype: null, data: flat(value) }
}

function shapeOf (value: Plain): number[] {
  if (typeof value === 'number') return []
  const [first] = value
  return [value.length, ...(first === undefined ? [] : shapeOf(first))]
}

/** The numbers of a plain tensor, in order. */
export function flat (value: Plain): number[] {
  return typeof value === 'number' ? [value] : value.flatMap(flat)
}
