// A request for any definition, made of its own declarations: random tensors, options near their
// defaults.

import { bind, type Binding, type TensorShape } from '../../src/formulas/bind.ts'
import type { Definition, Kind, TensorArgument } from '../../src/formulas/definition.ts'
import type { Options } from '../../src/formulas/options.ts'
import { generator } from './setting.ts'

export interface Request {
  readonly binding: Binding
  readonly inputs: Map<string, Float64Array>
}

/**
 * Tensors of the alternative of that index where they have one, else of the first. From the second
 * attempt on numbers are positive, for what has no value for others; from the third on lengths are
 * random and of what may be left out only the first few are given, for what wants lengths, whole
 * numbers and arguments that suit each other.
 */
export function request (
  definition: Definition, alternative = 0, options: Options = {}, attempt = 0
): Request {
  const random = generator(4 + Math.max(attempt, 1))
  const isFree = attempt > 1
  const lengths = new Map(definition.axes.map((axis, index) =>
    [axis, isFree ? 1 + Math.floor(5 * random()) : 3 + index]))
  const optional = definition.tensors.filter(tensor => tensor.default !== null)
  const given = isFree ? Math.floor((optional.length + 1) * random()) : optional.length
  const tensors: Record<string, TensorShape> = {}
  const kinds = new Map<TensorArgument, Kind>()
  for (const argument of definition.tensors) {
    const kind = argument.kinds[alternative] ?? argument.kinds[0]
    if (kind === undefined || optional.indexOf(argument) >= given) continue
    const shape = kind.axes.map(axis => axis.length ?? lengths.get(axis.name) ?? 1)
    tensors[argument.name] = { shape, kind: kind.kind }
    kinds.set(argument, kind)
  }
  const numbers = definition.options
    .filter(option => option.type === 'number' && !option.static)
    .map(option => [option.name, (Number(option.default) || 0.5) * (0.8 + random() / 5)] as const)
  const binding = bind(definition, tensors, { ...Object.fromEntries(numbers), ...options })
  const inputs = new Map<string, Float64Array>()
  for (const [{ bounds, name }, { along, kind }] of kinds) {
    const below = kind === 'class' ? binding.axes.get(along) ?? lengths.get(along) ?? 1 : 3
    const value = kind === 'class' || kind === 'integer'
      ? () => Math.floor(random() * below)
      : attempt > 0 || bounds.length > 0 ? () => 0.1 + 0.8 * random() : () => 3 * random() - 1
    const length = tensors[name]?.shape.reduce((a, b) => a * b, 1) ?? 0
    inputs.set(name, Float64Array.from({ length }, value))
  }
  return { binding, inputs }
}
