// A request for any definition, made of its own declarations: random tensors, options near their
// defaults.

import { bind, type Binding, type TensorShape } from '../../src/formulas/bind.ts'
import type { Definition } from '../../src/formulas/definition.ts'
import type { Options } from '../../src/formulas/options.ts'
import { generator } from './setting.ts'

export interface Request {
  readonly binding: Binding
  readonly inputs: Map<string, Float64Array>
}

/**
 * Tensors of the alternative of that index where they have one, else of the first. From the second
 * attempt on numbers are positive, for what has no value for others; from the third on lengths are
 * random, too, for what wants lengths and whole numbers that suit each other.
 */
export function request (
  definition: Definition, alternative = 0, options: Options = {}, attempt = 0
): Request {
  const positive = attempt > 0
  const random = generator(4 + Math.max(attempt, 1))
  const lengths = new Map(definition.axes.map((axis, index) =>
    [axis, attempt < 2 ? 3 + index : 1 + Math.floor(5 * random())]))
  const tensors: Record<string, TensorShape> = {}
  const inputs = new Map<string, Float64Array>()
  for (const { name, kinds, bounds } of definition.tensors) {
    const kind = kinds[alternative] ?? kinds[0]
    if (kind === undefined) continue
    const shape = kind.axes.map(axis => axis.length ?? lengths.get(axis.name) ?? 1)
    const classes = lengths.get(kind.along) ?? 1
    const value = kind.kind === 'class' || kind.kind === 'integer'
      ? () => Math.floor(random() * (kind.kind === 'class' ? classes : 3))
      : positive || bounds.length > 0 ? () => 0.1 + 0.8 * random() : () => 3 * random() - 1
    tensors[name] = { shape, kind: kind.kind }
    inputs.set(name, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value))
  }
  const numbers = definition.options
    .filter(option => option.type === 'number' && !option.static)
    .map(option => [option.name, (Number(option.default) || 0.5) * (0.8 + random() / 5)] as const)
  const all = { ...Object.fromEntries(numbers), ...options }
  return { binding: bind(definition, tensors, all), inputs }
}
