// The derivatives of a formula as texts, printed apart from the event loop: for a long one that
// takes as long as compiling it.

import { LossdError } from '../errors.ts'
import type { Definition } from '../formulas/definition.ts'
import { derivative } from '../formulas/derivative.ts'
import { type Doer, Results, type Work } from '../kernels/apart.ts'

/** {"input": text}: null where it cannot be printed. */
export type DerivativeTexts = Readonly<Record<string, string | null>>

interface Wish {
  readonly definition: Definition
  /** Arguments by which it is differentiated. */
  readonly names: readonly string[]
}

export const derivativesWork: Work<Wish, DerivativeTexts> = {
  module: import.meta.url,
  name: 'derivativesWork',
  weigh: ({ definition: { text }, names }) => text.length * names.length,
  run: ({ definition, names }) =>
    Object.fromEntries(names.map(name => [name, printed(definition, name)]))
}

/** The texts that were asked for most recently. */
export class Derivatives {
  readonly #texts = new Results<DerivativeTexts>(textsMax)
  readonly #do: Doer

  constructor (doer: Doer) { this.#do = doer }

  /** @throws Unfinished while they are made, COMPILE_TIMEOUT. */
  of (definition: Definition, names: readonly string[]): DerivativeTexts {
    const options = definition.options.map(({ name, type }) => `${name}: ${type}`)
    const key = [names.join(), options.join(), definition.text].join(' | ')
    return this.#texts.get(key, () => this.#do(derivativesWork, { definition, names }))
  }
}

const textsMax = 64

// A derivative is printed for tensors of all declared axes; not every text is defined for them,
// and a stack may be too short for one.
function printed (definition: Definition, name: string): string | null {
  try {
    return derivative(definition, name)
  } catch (fault) {
    if (fault instanceof LossdError || fault instanceof RangeError) return null
    throw fault
  }
}
