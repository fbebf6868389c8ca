// Whole numbers that float32 cannot tell apart, from 2^24 on: kernels of float32 read indices as
// such numbers. What they would take for one another is refused.

import { LossdError } from '../errors.ts'
import type { Binding } from '../formulas/bind.ts'

const toldMax = 2 ** 24

/** Class indices beside an ignore_index that others may be taken for. */
export interface Alike {
  readonly argument: string
  readonly ignored: number
}

/** Throws SHAPE_MISMATCH where there are more classes than float32 tells apart. */
export function refuseMany ({ tensors, axes, derived }: Binding, datatype: 'FP32' | 'FP64'): void {
  if (datatype === 'FP64') return
  for (const [name, { kind: { kind, along } }] of tensors) {
    if (kind !== 'class') continue
    const classes = axes.get(derived.get(along) ?? along) ?? 1
    if (classes <= toldMax) continue
    throw new LossdError('SHAPE_MISMATCH', `${name} counts ${classes} classes; float32 tells ` +
      `${toldMax} apart: let datatype be FP64`, { pointer: `/${name}` })
  }
}

/** What has to be looked at before a loss may be believed; nothing for a usual ignore_index. */
export function alikeOf (
  { tensors, numbers, known }: Binding, datatype: 'FP32' | 'FP64'
): readonly Alike[] {
  const ignored = numbers.get('ignore_index') ?? known.get('ignore_index')
  if (datatype === 'FP64' || typeof ignored !== 'number' || Math.abs(ignored) < toldMax) return none
  return [...tensors].filter(([, { kind }]) => kind.kind === 'class')
    .map(([argument]) => ({ argument, ignored }))
}

const none: readonly Alike[] = []

/** Throws TARGET_RANGE for an index that is as the ignored one in float32, and another number. */
export function refuseAlike (
  { argument, ignored }: Alike, values: ArrayLike<number | bigint>
): void {
  const single = Math.fround(ignored)
  for (let place = 0; place < values.length; place++) {
    const value = Number(values[place])
    if (value === ignored || Math.fround(value) !== single) continue
    throw new LossdError('TARGET_RANGE', `${argument} holds ${value}, which float32 cannot tell ` +
      `from ignore_index ${ignored}; classes are below ${toldMax}`, { pointer: `/${argument}` })
  }
}
