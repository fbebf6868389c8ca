// What the names of a text stand for while it is checked: scopes inside scopes, looked up outwards.

import { constants } from './words.ts'

/** What a name stands for; a parameter of a function may be anything. */
export type Sort = 'value' | 'state' | 'axis' | 'function' | 'parameter'

export interface Entry {
  readonly sort: Sort
  /** How many arguments a function takes. */
  readonly parameters: number
}

export interface Scope {
  readonly names: Map<string, Entry>
  readonly outer: Scope | null
}

export function find (name: string, scope: Scope): Entry | undefined {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.outer) {
    const entry = inner.names.get(name)
    if (entry !== undefined) return entry
  }
  return undefined
}

/** All names that may be used in this scope, for suggestions. */
export function * allNames (scope: Scope): Generator<string> {
  for (let inner: Scope | null = scope; inner !== null; inner = inner.outer) {
    yield * inner.names.keys()
  }
  yield * constants.keys()
}

export function axesOf (scope: Scope): string[] {
  return ofSort(scope, 'axis')
}

export function functionsOf (scope: Scope): string[] {
  return ofSort(scope, 'function')
}

function ofSort (scope: Scope, sort: Sort): string[] {
  return [...allNames(scope)].filter(name => find(name, scope)?.sort === sort)
}
