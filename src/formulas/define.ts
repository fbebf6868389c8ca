// Text to definition: declarations become arguments with shapes, bounds and defaults; names and
// argument counts are checked in all branches; conditions beside the formula are read in its scope.

import { argumentOf, declaredAxes, reductionOf } from './arguments.ts'
import { Checker, madeAxes } from './check.ts'
import type {
  Argument,
  Definition,
  Kind,
  OptionArgument,
  Rule,
  Rules,
  TensorArgument
} from './definition.ts'
import { familiesOf, isFamily, isOf, type Members } from './families.ts'
import { fail } from './fault.ts'
import { parse, parseExpression } from './parse.ts'
import type { Scope } from './scope.ts'
import type { Declaration } from './syntax.ts'
import { writeOut, writeOutExpression } from './write-out.ts'

export interface DefineSettings {
  /** Conditions beside the formula. */
  readonly rules?: Rules
  /** The options of a request, for a text without declarations: they are its options. */
  readonly options?: Readonly<Record<string, unknown>>
}

const exampleMembers = 2

/**
 * The definition of a text; its families have two members, as an example, unless it is said how
 * many (members.ts counts them). Throws FORMULA_INVALID and FORMULA_TOO_LARGE with the position.
 */
export function define (
  text: string,
  settings: DefineSettings = {}, members?: Members
): Definition {
  const { rules = {}, options = {} } = settings
  const syntax = parse(text)
  const families = familiesOf(syntax.declarations)
  const counts = members ?? new Map(families.map(name => [name, exampleMembers]))
  const { declarations, statements } = writeOut(syntax, counts)
  const positional = declarations.length === 0
  const free = new Set<string>()
  const checker = new Checker(
    positional ? { positional, free: name => { free.add(name) } } : { positional })
  const scope: Scope = { names: new Map(), outer: null }
  for (const { name, position, modifier } of declarations) {
    if (scope.names.has(name)) fail(position, `${name} is declared twice.`)
    // The reduction, too, may be given another value.
    const again = modifier === 'state' || name === 'reduction'
    scope.names.set(name, { sort: again ? 'state' : 'value', parameters: 0 })
  }
  const axes = declaredAxes(declarations, madeAxes(statements))
  for (const [name, { position }] of axes) {
    if (scope.names.has(name)) {
      fail(position, `${name} is an axis and an argument; one of them needs another name.`)
    }
    scope.names.set(name, { sort: 'axis', parameters: 0 })
  }
  checker.statements(statements, scope)

  const placeOf = (name: string): number => checker.used.get(name) ?? text.length
  const byPlace = [...free].sort((a, b) => placeOf(a) - placeOf(b))
  const declared = positional
    ? byPlace.map(name => freeDeclaration(name, placeOf(name), options))
    : declarations
  const own = declared.find(({ name }) => name === 'reduction')
  const args: Argument[] = []
  for (const declaration of declared) args.push(argumentOf(declaration, axes, args))
  // Conditions, unlike the formula, may always read the reduction.
  scope.names.set('reduction', { sort: 'value', parameters: 0 })
  const rule = (condition: string, code: string, sentence: string, argument?: string): Rule => {
    const expression = writeOutExpression(parseExpression(condition), counts)
    checker.used.clear()
    checker.expression(expression, scope)
    // The first argument that the condition names is where the reader should look.
    const [first] = args.toSorted((a, b) => placeOf(a.name) - placeOf(b.name))
    return { condition: expression, argument: argument ?? first?.name ?? '', code, sentence }
  }
  for (const [name, position] of checker.measured) {
    const argument = args.find(each => each.name === name)
    if (argument?.role === 'tensor' && argument.kinds.every(isWhole) && argument.default === null) {
      continue
    }
    fail(position, `max(${name}) is no length: only a tensor that is given and holds whole ` +
      'numbers, integer[…], can be looked at before anything runs.')
  }
  const definition = {
    text,
    families: families.map(name => ({ name, templates: templatesOf(syntax.declarations, name) })),
    arguments: args,
    tensors: args.filter((argument): argument is TensorArgument => argument.role === 'tensor'),
    options: args.filter((argument): argument is OptionArgument => argument.role === 'option'),
    axes: positional ? ['...'] : [...axes.keys()],
    derived: checker.derived,
    measured: [...checker.measured.keys()],
    statements,
    reduction: reductionOf(own),
    declared: !positional,
    positional: positional && checker.usesPositions,
    refuse: rules.refuse?.map(([condition, sentence]) => rule(condition, '', sentence)) ?? [],
    warn: rules.warn?.map(([condition, code, sentence]) => rule(condition, code, sentence)) ?? [],
    frozen:
      rules.frozen?.map(([argument, condition, sentence]) =>
        rule(condition, '', sentence, argument)
      ) ?? []
  }
  if (families.length > 0) settingsOf.set(definition, settings)
  return definition
}

const settingsOf = new WeakMap<Definition, DefineSettings>()

/** The same with other members of its families. Throws as define does. */
export function redefine (definition: Definition, members: Members): Definition {
  return define(definition.text, settingsOf.get(definition), members)
}

const isWhole = ({ kind }: Kind): boolean => kind === 'integer' || kind === 'class'

// The tensors that stand for a family's members, as documentation lists them.
function templatesOf (declarations: readonly Declaration[], family: string): TensorArgument[] {
  const all = declarations.filter(declaration => !isFamily(declaration))
  const axes = declaredAxes(all, all.flatMap(({ types }) => types.map(({ along }) => along)))
  return all.filter(({ name }) => isOf(name, family))
    .map(each => argumentOf({ ...each, relation: null }, axes, []))
    .filter(argument => argument.role === 'tensor')
}

// What an undeclared name is: an option if the request has one of that name, else a tensor.
function freeDeclaration (
  name: string,
  position: number,
  options: Readonly<Record<string, unknown>>
): Declaration {
  const bare = { name, position, modifier: '', bounds: [], relation: null, default: null } as const
  const type = { choice: '', along: '', axes: null, position } as const
  const value = Object.hasOwn(options, name) ? options[name] : undefined
  if (typeof value === 'number') return { ...bare, types: [{ ...type, word: 'number' }] }
  if (typeof value === 'boolean') return { ...bare, types: [{ ...type, word: 'boolean' }] }
  if (typeof value === 'string') return { ...bare, types: [{ ...type, word: 'text' }] }
  const group = { group: true, optional: false, broadcasts: false, length: null, position }
  return { ...bare, types: [{ ...type, word: 'real', axes: [{ name: '...', ...group }] }] }
}
