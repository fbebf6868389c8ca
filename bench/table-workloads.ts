// A workload for each loss of the table, made of its own declarations: about 1e5 elements, numbers
// like those of its first case. A new loss is measured without a line of its own.

import { define } from '../src/formulas/define.ts'
import type { Definition, Kind, TensorArgument } from '../src/formulas/definition.ts'
import type { Loss, Plain } from '../src/losses/index.ts'
import type { Call } from './prepare.ts'
import { fill, generator, title, type Values } from './workloads.ts'

const elements = 100_000

/** Lengths of axes by the names that losses give them; others are as short as a small model's. */
const usual: Readonly<Record<string, number>> = { C: 100, D: 128, H: 100, L: 100, S: 64, T: 100 }
const otherLength = 10

export interface TableWorkload extends Call {
  readonly title: string
  /** Elements of the first tensor. */
  readonly count: number
}

/** Loss and the gradients that a request gets by itself, options at their defaults. */
export function tableWorkload (loss: Loss): TableWorkload {
  const definition = define(loss.formula, { rules: loss })
  const given = definition.tensors.filter(tensor => tensor.default === null)
  const lengths = lengthsOf(definition, given)
  const random = generator(1234)
  const tensors = Object.fromEntries(given.map(argument => {
    const kind = kindOf(argument)
    const shape = shapeOf(kind, lengths)
    const most = lengths.get(kind.along) ?? 1
    const samples = samplesOf(loss, argument.name)
    const value = kind.kind === 'class'
      ? () => Math.floor(random() * most)
      : () => samples[Math.floor(random() * samples.length)] ?? 0
    const data = fill(shape.reduce((count, length) => count * length, 1), value)
    const values: Values = kind.kind === 'real'
      ? { shape, data }
      : { shape, data: BigInt64Array.from(data, BigInt) }
    return [argument.name, { kind: kind.kind, values }]
  }))
  const { tensorOptions = [], frozen = [] } = loss
  const fixed = ['target', ...tensorOptions, ...frozen.map(([name]) => name)]
  const isFree = ({ name }: TensorArgument): boolean =>
    tensors[name]?.kind === 'real' && !fixed.includes(name)
  const [first] = Object.values(tensors)
  return {
    definition,
    tensors,
    gradients: given.filter(isFree).map(({ name }) => name),
    title: title(first?.values.shape ?? []),
    count: first?.values.data.length ?? 0
  }
}

// The batch is as long as the elements ask for.
function lengthsOf (
  definition: Definition, given: readonly TensorArgument[]
): ReadonlyMap<string, number> {
  const axes = given.flatMap(tensor => kindOf(tensor).axes)
  const lengths = new Map(axes.map(({ name, length }) =>
    [name, length ?? usual[name] ?? otherLength]))
  for (const axis of definition.axes) if (!lengths.has(axis)) lengths.set(axis, otherLength)
  const batch = lengths.has('N') ? 'N' : axes.find(({ group }) => group)?.name ?? '...'
  if (batch === 'N') lengths.set('...', 1)
  lengths.set(batch, 1)
  const sizes = given.filter(tensor => kindOf(tensor).axes.some(({ name }) => name === batch))
    .map(tensor => shapeOf(kindOf(tensor), lengths).reduce((count, length) => count * length, 1))
  return lengths.set(batch, Math.max(1, Math.round(elements / Math.max(1, ...sizes))))
}

// A group is one dimension, none if it is not the batch.
function shapeOf (kind: Kind, lengths: ReadonlyMap<string, number>): number[] {
  return kind.axes.flatMap(({ name, group }) => {
    const length = lengths.get(name) ?? otherLength
    return group && length === 1 ? [] : [length]
  })
}

function kindOf ({ kinds: [kind], name }: TensorArgument): Kind {
  if (kind === undefined) throw new Error(`${name} has no type`)
  return kind
}

function samplesOf ({ cases: [first] }: Loss, name: string): number[] {
  const flat = (value: Plain): number[] =>
    typeof value === 'number' ? [value] : value.flatMap(flat)
  return flat((first?.request[name] ?? []) as Plain)
}
