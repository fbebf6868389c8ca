// Which alternative of its type each tensor of a request is read as: by shape, as PyTorch does,
// then the datatype must suit it. Plain numbers have none and take what the shape says.

import { LossdError } from '../errors.ts'
import type { Definition, Kind, TensorArgument, TensorKind } from './definition.ts'
import { fit, type Given, giveAs, isRelated } from './fit.ts'

/**
 * Which alternative of its type each tensor is read as, decided by shape; a datatype that this
 * alternative cannot have is refused. `null` stands for plain numbers. With `floating`, integers
 * are refused for real arguments. Throws SHAPE_MISMATCH, DATATYPE_MISMATCH, ARGUMENT_MISSING.
 */
export function resolveKinds (
  definition: Definition,
  tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly datatype: string | null }>
  >,
  floating = false
): Record<string, TensorKind> {
  const result: Record<string, TensorKind> = {}
  const givens: Given[] = []
  for (const argument of definition.tensors) {
    const tensor = tensors[argument.name]
    if (tensor === undefined) continue
    const kind = chooseKind(argument, argument.kinds, tensor.shape, givens)
    result[argument.name] = kind.kind
    if (tensor.datatype !== null) checkDatatype(argument, kind, tensor.datatype, floating)
    const spread = kind.spreads[tensor.shape.length]
    if (spread !== undefined) givens.push({ argument, kind, shape: tensor.shape, spread })
  }
  return result
}

/** The first of these alternatives that fits, beside the tensors before. Throws SHAPE_MISMATCH. */
export function chooseKind (
  argument: TensorArgument,
  kinds: readonly Kind[],
  shape: readonly number[],
  others: readonly Given[]
): Kind {
  const { like, name } = argument
  const [first] = kinds
  if (first === undefined) throw new Error(`${name} has no type`)
  if (kinds.length === 1) return first
  const other = others.find(entry => entry.argument.name === like)
  // The very shape of the other means the same axes, though a single class index may fit as well.
  const twin = kinds.find(kind => other !== undefined && axesText(kind) === axesText(other.kind))
  if (twin !== undefined && shape.join() === other?.shape.join()) return twin
  const found = kinds.find(kind => {
    if (kind.spreads[shape.length] === undefined) return false
    const given = giveAs(argument, kind, shape, others)
    return other === undefined ? fitsTogether([...others, given]) : isRelated(given, other)
  })
  return found ?? refuseKinds(argument, shape, others)
}

function axesText ({ axes }: Kind): string { return axes.map(axis => axis.name).join() }

function fitsTogether (givens: readonly Given[]): boolean {
  try {
    fit(givens)
    return true
  } catch {
    return false
  }
}

// Every alternative's own sentence ends in what it needs: together they are the sentence.
function refuseKinds (
  argument: TensorArgument,
  shape: readonly number[],
  others: readonly Given[]
): never {
  const sentences = argument.kinds.map(kind => {
    try {
      fit([...others, giveAs(argument, kind, shape, others)])
      return ''
    } catch (error) {
      return error instanceof LossdError ? error.message : ''
    }
  })
  const words = argument.kinds.map(({ kind }) => kind)
  const several = new Set(words).size > 1
  const needs = new Set(sentences.flatMap((sentence, index) => {
    const [, need] = sentence.split(' needs ')
    return need === undefined ? [] : [`${need}${several ? ` (${words[index]})` : ''}`]
  }))
  const start = sentences[0]?.split(' needs ')[0] ?? argument.name
  throw new LossdError('SHAPE_MISMATCH', `${start} needs ${[...needs].join(' or ')}`, {
    pointer: `/${argument.name}`
  })
}

const integers = new Set(['INT64', 'INT32', 'UINT8'])

function checkDatatype (
  argument: TensorArgument,
  { kind, text }: Kind,
  datatype: string,
  floating: boolean
): void {
  const whole = integers.has(datatype)
  const several = argument.kinds.some(other => other.kind !== kind)
  const allowed =
    kind === 'real'
      ? !(several || floating) || !(whole || datatype === 'BOOL')
      : kind === 'boolean'
        ? whole || datatype === 'BOOL'
        : whole
  if (allowed) return
  const expected =
    kind === 'real' ? 'FP32 or FP64' : kind === 'boolean' ? 'BOOL' : 'INT64, INT32 or UINT8'
  const reason = several ? `; of this shape it is ${text}` : ''
  throw new LossdError(
    'DATATYPE_MISMATCH',
    `${argument.name} is ${datatype}${reason}: expected ${expected}`,
    { pointer: `/${argument.name}` }
  )
}
