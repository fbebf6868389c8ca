// Families of tensors: one declaration, x.I, for as many tensors as a request gives, x.0, x.1, …
// Here is what their names mean; write-out.ts has the rest.

import { LossdError } from '../errors.ts'
import type { Family, TensorArgument } from './definition.ts'
import { fail } from './fault.ts'
import type { Declaration } from './syntax.ts'

/** Most members of a family. */
export const membersMax = 64

/** How many members a family has, by its name. */
export type Members = ReadonlyMap<string, number>

/** The names of the families that a text declares: `I: family`. Throws FORMULA_INVALID. */
export function familiesOf (declarations: readonly Declaration[]): string[] {
  const families = declarations.filter(isFamily)
  for (const { name, position, modifier, types, bounds, relation, default: value } of families) {
    const more = types.length > 1 || bounds.length > 0 || modifier !== '' || relation !== null
    if (more || value !== null) {
      fail(position, `A family is declared by that word alone: ${name}: family.`)
    }
    if (name.includes('.')) fail(position, 'The name of a family has no dots.')
    const uses = declarations.filter(other => isOf(other.name, name))
    if (uses.length === 0) {
      fail(position, `${name} has no members: name a tensor with it, as in x.${name}: real[N].`)
    }
    const again = declarations.find(other => other.name === name && other.position > position)
    if (again !== undefined) fail(again.position, `${name} is declared twice.`)
    const both = uses.find(use => families.some(other =>
      other.name !== name && isOf(use.name, other.name)))
    if (both !== undefined) fail(both.position, `${both.name} can be of one family only.`)
  }
  return families.map(({ name }) => name)
}

/**
 * How many members each family has among these names: with `x.0` and `x.1` there are two of `x.I`.
 * That none is left out between them is seen when the tensors are bound. Throws TENSORS_TOO_MANY.
 */
export function membersOf (families: readonly Family[], names: Iterable<string>): Members {
  const places = new Map(families.map(({ name }) => [name, new Set<string>()]))
  for (const name of names) {
    const template = templateOf(families, name)?.name.split('.') ?? []
    for (const [index, part] of name.split('.').entries()) {
      places.get(template[index] ?? '')?.add(part)
    }
  }
  return new Map([...places].map(([family, { size }]) => {
    if (size <= membersMax) return [family, size]
    throw new LossdError('TENSORS_TOO_MANY',
      `There are ${size} tensors for each name with ${family}; the limit is ${membersMax}`)
  }))
}

/** The template that a name is a member of: `x.I` for `x.0`. */
export function templateOf (
  families: readonly Family[], name: string
): TensorArgument | undefined {
  const parts = name.split('.')
  for (const { name: family, templates } of families) {
    const found = templates.find(template => {
      const pattern = template.name.split('.')
      return pattern.length === parts.length && pattern.every((part, index) =>
        part === family ? isPlace(parts[index]) : part === parts[index])
    })
    if (found !== undefined) return found
  }
  return undefined
}

const isPlace = (part = ''): boolean => /^(?:0|[1-9]\d*)$/.test(part)

/** True for x.I, but not for I itself. */
export function isOf (name: string, family: string): boolean {
  return name !== family && name.split('.').includes(family)
}

/** `I: family`. */
export function isFamily ({ types }: Declaration): boolean {
  return types.some(({ word }) => word === 'family')
}
