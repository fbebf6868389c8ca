// Random arguments for random formulas: declarations of all types along declared axes, each with a
// tensor that fits it, options, and axes that the text makes.

import type { TensorKind } from '../../src/formulas/definition.ts'
import type { RequestTensor } from '../machine.ts'
import { Random } from '../random.ts'
import { Choices, type Leaf, type Surroundings } from './formula-step.ts'

export interface ArgumentChoices {
  /** Of N, C, M, and of the places of a group. */
  readonly lengths: readonly number[]
  readonly group: readonly number[]
  readonly tensors: readonly (readonly number[])[]
  readonly others: readonly number[]
  readonly seed: number
}

/** A tensor with its dimensions as single axes; those of a group are G0, G1. */
export interface DrawnTensor extends RequestTensor {
  readonly dimensions: readonly string[]
}

export interface Arguments extends Surroundings {
  /** Declarations, then statements for the axes that the text makes. */
  readonly lines: readonly string[]
  readonly tensors: Readonly<Record<string, DrawnTensor>>
  readonly values: Readonly<Record<string, number | boolean | string>>
  /** All single axes with their lengths, in the order of the text. */
  readonly places: ReadonlyMap<string, number>
}

/** What is drawn first: the types, before it is known which axes there are. */
interface Type {
  readonly kind: TensorKind
  /** `...` or `...S` for the group. */
  readonly axes: readonly string[]
  readonly choices: Choices
}

interface World {
  readonly lengths: ReadonlyMap<string, number>
  /** `...`, `...S`, or empty without a group. */
  readonly group: string
  readonly along: string
  readonly first: readonly string[]
  readonly hasZeros: boolean
  readonly random: Random
}

interface Drawn {
  readonly line: string
  readonly leaf: Leaf
  readonly tensor: DrawnTensor
}

const elementsMax = 120

export function argumentsOf (drawn: ArgumentChoices): Arguments {
  const choices = new Choices(drawn.others)
  const group = choices.one(['', '', '...S', '...'])
  const types = drawn.tensors.map((numbers, index) => typeOf(new Choices(numbers), index, group))
  const declared = [...new Set(types.flatMap(({ axes }) => axes))]
  const letters = declared.filter(axis => !axis.startsWith('...'))
  const first = types[0]?.axes ?? []
  // An axis that is there: the first tensor always is.
  const along = first.includes('C') ? 'C' : first.find(axis => letters.includes(axis)) ?? ''
  const hasClass = types.some(({ kind }) => kind === 'class')
  const lengths = lengthsOf(drawn, declared, hasClass ? along : '')
  const world: World = {
    lengths, group, along, first, hasZeros: choices.below(9) === 8,
    random: new Random(drawn.seed)
  }
  const tensors = types.map((type, index) => tensorOf(type, index, world))
  const used = letters.filter(axis => tensors.some(({ leaf }) => leaf.axes.includes(axis)))
  const made = madeAxes(choices, used, lengths)
  const options = optionsOf(choices)
  const named = used.map((axis): [string, number] => [axis, lengths.get(axis) ?? 1])
  const hasGroup = tensors.some(({ leaf }) => leaf.axes.includes('S'))
  return {
    ...options,
    lengths: new Map([...named, ...made.lengths, ...(hasGroup ? [['S', 0] as const] : [])]),
    leaves: tensors.map(({ leaf }) => leaf),
    lines: [...tensors.map(({ line }) => line), ...options.lines, ...made.lines],
    tensors: Object.fromEntries(tensors.filter(({ leaf }) => leaf.given)
      .map(({ leaf, tensor }) => [leaf.name, tensor])),
    places: new Map([...lengths, ...made.lengths])
  }
}

function typeOf (choices: Choices, index: number, group: string): Type {
  const kind = index === 0
    ? 'real'
    : choices.one(['real', 'real', 'class', 'real', 'integer', 'boolean', 'real'] as const)
  const axes = choices.one([
    ['N', 'C'], ['C', 'N'], ['N'], ['C'], ['M', 'N'], ['N', 'M', 'C'], ['M'], ['C', 'M'],
    index === 0 ? ['N'] : []
  ])
  const isGrouped = group !== '' && (index === 0 || choices.below(2) === 1)
  const all = isGrouped ? [...axes.slice(0, 1), group, ...axes.slice(1, 2)] : axes
  return { kind, axes: all, choices }
}

/** In the order of the text, a group as its places. */
function lengthsOf (
  { lengths, group }: ArgumentChoices, declared: readonly string[], along: string
): Map<string, number> {
  const found = new Map<string, number>()
  let elements = 1
  const add = (axis: string, wanted: number): void => {
    // An index needs something to point at.
    const least = axis === along ? Math.max(1, wanted) : wanted
    const length = elements * least > elementsMax ? 2 : least
    found.set(axis, length)
    elements *= Math.max(1, length)
  }
  for (const axis of declared) {
    if (axis.startsWith('...')) group.forEach((length, place) => { add(`G${place}`, length) })
    else add(axis, lengths['NCM'.indexOf(axis)] ?? 1)
  }
  return found
}

function tensorOf ({ kind, axes, choices }: Type, index: number, world: World): Drawn {
  const { lengths, group, along, first } = world
  const isReal = kind === 'real'
  // Of these types there is one for tensors only: a bare name would be an option.
  const name = `${{ real: '', class: 't', integer: 'i', boolean: 'k' }[kind]}${'abcdg'[index]}`
  const bound = isReal ? choices.one(['', '', '', ' > 0', ' >= 0.25 <= 3']) : ''
  const fallback = isReal && index > 0 ? choices.one(['', '', '', ' = 1', ' = 0.5']) : ''
  const given = fallback === '' || choices.below(2) === 1
  const marked: string[] = []
  const shape: [axis: string, length: number][] = []
  for (const axis of axes) {
    const broadcasts = index > 0 && axis !== '...S' && first.includes(axis) &&
      choices.below(4) === 3
    const places = axis.startsWith('...') ? [...lengths.keys()].filter(isPlace) : [axis]
    const own = broadcasts && axis === '...' ? places.slice(choices.below(3)) : places
    for (const place of own) {
      const isSingle = broadcasts && choices.below(2) === 1
      shape.push([place, isSingle ? 1 : lengths.get(place) ?? 1])
    }
    marked.push(broadcasts && axis !== '...' ? `${axis}~` : axis)
  }
  const word = kind === 'class' && along !== 'C' ? `class(${along})` : kind
  const line = `${name}: ${word}[${marked.join(', ')}]${bound}${fallback}`
  // Where the length is 1 and another's is not, the tensor lacks the axis.
  const full = shape.filter(([axis, length]) => length === lengths.get(axis)).map(([axis]) => axis)
  const own = full.map(axis => (isPlace(axis) ? group.slice(3) || '...' : axis))
  const leaf: Leaf = {
    name,
    sort: isReal ? 'real' : kind === 'boolean' ? 'condition' : 'whole',
    axes: given ? [...new Set(own)] : [],
    along: kind === 'class' ? along : '',
    positive: given && bound !== '',
    given
  }
  const sizes = shape.map(([, length]) => length)
  const data = Float64Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () =>
    drawnNumber(kind, bound !== '', world))
  return { line, leaf, tensor: { kind, shape: sizes, data, dimensions: shape.map(([at]) => at) } }
}

const isPlace = (axis: string): boolean => axis.startsWith('G')

// Numbers that float32 holds, so that both precisions compute the same.
function drawnNumber (kind: TensorKind, positive: boolean, world: World): number {
  const { random, lengths, along, hasZeros } = world
  if (kind === 'class') return random.below(lengths.get(along) ?? 1)
  if (kind === 'integer') return random.below(7) - 1
  if (kind === 'boolean') return random.below(2)
  if (positive) return Math.fround(0.3 + 2 * random.next())
  return hasZeros && random.below(4) === 0 ? 0 : Math.fround(4 * random.next() - 2)
}

/** None, one or two. */
function madeAxes (
  choices: Choices, letters: readonly string[], lengths: ReadonlyMap<string, number>
): { readonly lines: readonly string[], readonly lengths: ReadonlyMap<string, number> } {
  const lines: string[] = []
  const made = new Map<string, number>()
  const kind = choices.below(6)
  if (letters.length === 0 || kind < 2) return { lines, lengths: made }
  const axis = choices.one(letters)
  const length = lengths.get(axis) ?? 1
  const [text = '', size = 1] = ([
    [axis, length], [axis, length], [`${axis} + 1`, length + 1],
    [`floor(${axis} / 2) + 1`, Math.floor(length / 2) + 1]
  ] as const)[kind - 2] ?? []
  lines.push(`J = axis(${text})`)
  made.set('J', size)
  if (choices.below(4) === 3 && size < 5) {
    lines.push('P = axis(J)')
    made.set('P', size)
  }
  return { lines, lengths: made }
}

/** Some, given or at their defaults. */
function optionsOf (choices: Choices): Pick<Arguments, 'options' | 'facts' | 'values' | 'lines'> {
  const lines: string[] = []
  const options: string[] = []
  const facts: [string, boolean][] = []
  const values: Record<string, number | boolean | string> = {}
  if (choices.below(3) > 0) {
    lines.push(`p: number > 0 = ${choices.one(['1.5', '1', '0.25'])}`)
    options.push('p')
    if (choices.below(3) > 0) values['p'] = choices.one([0.75, 2, 1])
  }
  if (choices.below(3) === 2) {
    lines.push('q: static number = 2')
    options.push('q')
    if (choices.below(2) === 1) values['q'] = choices.one([0, 1, 3, -0.5])
  }
  if (choices.below(3) === 2) {
    const holds = choices.below(2) === 1
    lines.push(`h: boolean = ${holds}`)
    facts.push(['h', holds], ['!h', !holds])
  }
  if (choices.below(3) === 2) {
    const value = choices.one(['one', 'two'])
    lines.push("m: 'one' | 'two' = 'one'")
    values['m'] = value
    facts.push(["m == 'two'", value === 'two'], ["m != 'two'", value !== 'two'])
  }
  return { lines, options, facts, values }
}
