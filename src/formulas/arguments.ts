// One declaration to one argument: a tensor with its alternatives, or an option. What the grammar
// allows but nothing could mean is refused here, with the character.

import type { Argument, Kind, OptionArgument, Spread, TensorKind } from './definition.ts'
import { fail, suggest } from './fault.ts'
import type { Axis } from './graph.ts'
import type { AxisSyntax, Declaration, TypeSyntax } from './syntax.ts'

const rankMax = 8

// Fields of a request: an argument of such a name could not be given.
const reserved = new Set([
  'formula',
  'options',
  'gradients',
  'grad_output',
  'datatype',
  'strict',
  'explain',
  'second_order',
  'hessian_vector',
  'terms',
  'size_average',
  'reduce'
])

/**
 * Declared axes and groups, in the order of the text, each as it first stands. Classes may count
 * along an axis that the text makes.
 */
export function declaredAxes (
  declarations: readonly Declaration[], made: readonly string[]
): Map<Axis, AxisSyntax> {
  const axes = new Map<Axis, AxisSyntax>()
  for (const type of declarations.flatMap(({ types }) => types)) {
    for (const axis of type.axes ?? []) {
      const first = axes.get(axis.name)
      if (first === undefined) axes.set(axis.name, axis)
      else if (first.group !== axis.group) {
        fail(axis.position, `${axis.name} is both an axis and a group.`)
      }
    }
  }
  for (const { along, position } of declarations.flatMap(({ types }) => types)) {
    if (along !== '' && !axes.has(along) && !made.includes(along)) {
      fail(position, `There is no axis ${along}${suggest(along, [...axes.keys(), ...made])}`)
    }
  }
  return axes
}

/** The argument of a declaration; `earlier` are those before it. Throws FORMULA_INVALID. */
export function argumentOf (
  declaration: Declaration,
  axes: ReadonlyMap<Axis, unknown>,
  earlier: readonly Argument[]
): Argument {
  const { name, position, types } = declaration
  if (name.startsWith('__')) fail(position, 'The name of an argument cannot begin with __.')
  if (reserved.has(name)) {
    fail(position, `${name} is a field of the request; the argument needs another name.`)
  }
  if (name === 'reduction' && types.some(type => type.word !== 'choice')) {
    fail(position,
      "reduction is one of several texts: reduction: 'none' | 'mean' | 'sum' = 'mean'.")
  }
  const tensor = types.some(type => type.axes !== null)
  return tensor ? tensorOf(declaration, axes.has('C') ? 'C' : '', earlier) : optionOf(declaration)
}

/** The choices and the default of the reduction: a text may declare its own. */
export function reductionOf (declaration: Declaration | undefined): {
  choices: string[]
  default: string
} {
  const choices = declaration?.types.map(type => type.choice) ?? ['none', 'mean', 'sum']
  const fallback = declaration?.default ?? 'mean'
  return { choices, default: typeof fallback === 'string' ? fallback : 'mean' }
}

function tensorOf (declaration: Declaration, along: Axis, earlier: readonly Argument[]): Argument {
  const { name, position, modifier, types, bounds, relation } = declaration
  if (modifier === 'static') fail(position, 'A tensor cannot be static; only an option can.')
  if (declaration.default !== null && typeof declaration.default !== 'number') {
    fail(position, `The default of the tensor ${name} must be a number.`)
  }
  const kinds = types.map(type => kindOf(type, along))
  const related = (word: string): string => (relation?.word === word ? relation.name : '')
  if (
    relation !== null &&
    !earlier.some(other => other.role === 'tensor' && other.name === relation.name)
  ) {
    const names = earlier.filter(({ role }) => role === 'tensor').map(other => other.name)
    fail(
      relation.position,
      `${relation.word} needs a tensor declared before ${name}${suggest(relation.name, names)}`
    )
  }
  return {
    role: 'tensor',
    name,
    kinds,
    bounds,
    like: related('like'),
    to: related('to'),
    text: kinds.map(kind => kind.text).join(' | '),
    default: declaration.default,
    state: modifier === 'state'
  }
}

function kindOf ({ word, along, axes, position }: TypeSyntax, classAxis: Axis): Kind {
  if (axes === null || !isTensorWord(word)) {
    return fail(position, 'All alternatives of a tensor are tensors: real[…] | class[…].')
  }
  const groups = axes.filter(axis => axis.group)
  if (groups.length > 1) {
    fail(groups[1]?.position ?? position, 'A tensor has one group of axes (...) at most.')
  }
  const names = axes.map(axis => axis.name)
  axes.forEach((axis, index) => {
    if (names.indexOf(axis.name) < index) {
      fail(axis.position, `The axis ${axis.name} stands twice in one type.`)
    }
    if (axis.length !== null && !(Number.isInteger(axis.length) && axis.length >= 0)) {
      fail(axis.position, `The length of ${axis.name} must be a whole number.`)
    }
  })
  const written = `${word}${along === '' ? '' : `(${along})`}[${axes.map(axisText).join(', ')}]`
  return {
    kind: word,
    axes,
    group: groups[0]?.name ?? '',
    along: along === '' ? classAxis : along,
    text: written,
    spreads: Array.from({ length: rankMax + 1 }, (_, rank) => spreadOf(axes, rank))
  }
}

function isTensorWord (word: TypeSyntax['word']): word is TensorKind {
  return word === 'real' || word === 'class' || word === 'integer' || word === 'boolean'
}

function axisText ({ name, group, optional, broadcasts, length }: AxisSyntax): string {
  if (group) return `${name === '...' ? '' : '...'}${name}${broadcasts ? '~' : ''}`
  const marks = `${broadcasts ? '~' : ''}${optional ? '?' : ''}`
  return `${name}${marks}${length === null ? '' : ` = ${length}`}`
}

// Optional axes take what the required ones leave, from the right; the group takes the rest.
function spreadOf (axes: readonly AxisSyntax[], rank: number): Spread | undefined {
  let rest = rank - axes.filter(axis => !axis.group && !axis.optional).length
  if (rest < 0) return undefined
  const absent = new Set<AxisSyntax>()
  for (const axis of axes.toReversed()) {
    if (!axis.optional) continue
    if (rest > 0) rest--
    else absent.add(axis)
  }
  const group = axes.findIndex(axis => axis.group)
  if (group < 0 && rest > 0) return undefined
  const dimensions = axes.flatMap(axis => {
    if (axis.group) return Array.from({ length: rest }, () => null)
    return absent.has(axis) ? [] : [axis]
  })
  const start = axes.slice(0, Math.max(group, 0)).filter(axis => !absent.has(axis)).length
  return { dimensions, start, count: rest, absent: [...absent] }
}

function optionOf (declaration: Declaration): OptionArgument {
  const { name, position, modifier, types, bounds, relation } = declaration
  if (modifier === 'state') fail(position, 'Only a tensor can be state.')
  if (relation !== null) fail(relation.position, `Only a tensor can be ${relation.word} another.`)
  const choices = types.filter(type => type.word === 'choice').map(type => type.choice)
  const [first] = types
  if (first === undefined || (types.length > 1 && choices.length < types.length)) {
    fail(position, `${name} has one type, or several texts to choose from.`)
  }
  const type = optionType(first)
  const fallback = declaration.default
  if (fallback !== null && typeof fallback !== expected[type]) {
    fail(
      position,
      `The default of ${name} must be ${type === 'text' ? 'a text in quotes' : `a ${type}`}.`
    )
  }
  if (typeof fallback === 'string' && choices.length > 0 && !choices.includes(fallback)) {
    fail(
      position,
      `The default of ${name} must be one of its choices${suggest(fallback, choices)}`
    )
  }
  if (bounds.length > 0 && type !== 'number' && type !== 'integer') {
    fail(position, `Only numbers have bounds; ${name} is a ${type}.`)
  }
  return {
    role: 'option',
    name,
    type,
    choices,
    bounds,
    default: fallback,
    static: modifier === 'static',
    text: choices.length > 0 ? choices.map(choice => `'${choice}'`).join(' | ') : type
  }
}

const expected = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  text: 'string'
} as const

function optionType ({ word, position }: TypeSyntax): OptionArgument['type'] {
  switch (word) {
    case 'choice':
    case 'text':
      return 'text'
    case 'number':
    case 'integer':
    case 'boolean':
      return word
    default:
      return fail(position, `${word} needs axes: ${word}[N, C].`)
  }
}
