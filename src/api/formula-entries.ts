// Clients' own formulas as the routes need losses: a text becomes an entry like those of the table,
// so that everything after it is the way of the built-ins. Definitions are kept, the recent ones.

import { isJsonObject, type Json } from '../codec/json-reader.ts'
import { LossdError } from '../errors.ts'
import { define } from '../formulas/define.ts'
import { fail } from '../formulas/fault.ts'
import { Recent } from '../kernels/recent.ts'
import type { Loss } from '../losses/index.ts'
import { entryOf, type LossEntry } from './catalogue.ts'

/** Texts whose definitions are kept: each may have a few prepared calls. */
export const entriesMax = 128
const entriesOfTextMax = 4

export interface FormulaText {
  /** How sentences call it. */
  readonly name: string
  readonly text: string
  readonly summary: string
}

export class FormulaEntries {
  /** By text, then by name and the kinds of the options. */
  readonly #entries = new Recent<string, Recent<string, LossEntry>>(entriesMax)

  get size (): number { return this.#entries.size }

  /**
   * The entry of a text. Without declarations the options of the request decide which names are
   * options: numbers, yes/no and texts are, tensors are not.
   * @throws FORMULA_INVALID and FORMULA_TOO_LARGE with the position.
   */
  find (formula: FormulaText, options: Json = null): LossEntry {
    const own = this.#entries.get(formula.text, () => new Recent(entriesOfTextMax))
    const plain = own.get(formula.name, () => formulaEntry(formula, {}))
    if (plain.definition.declared || !isJsonObject(options)) return plain
    const samples: Record<string, number | boolean | string> = {}
    for (const { name } of plain.definition.arguments) {
      const sample = sampleOf(options[name])
      if (sample !== undefined) samples[name] = sample
    }
    const kinds = JSON.stringify(samples)
    if (kinds === '{}') return plain
    return own.get(`${formula.name} ${kinds}`, () => formulaEntry(formula, samples))
  }
}

/** A text that stands in a body under `formula`. Throws FIELD_INVALID. */
export function readText (value: Json | undefined): string {
  if (typeof value === 'string') return value
  throw new LossdError('FIELD_INVALID', 'formula must be a text, such as ' +
    '"softplus(input) - input * target"', { pointer: '/formula' })
}

// One value for all of a kind: the definition must not depend on more.
function sampleOf (value: Json | undefined): number | boolean | string | undefined {
  if (typeof value === 'number' || isNonFinite(value)) return 1
  if (typeof value === 'boolean') return true
  return typeof value === 'string' ? '' : undefined
}

function isNonFinite (value: Json | undefined): boolean {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity'
}

/** A formula as a row of the table would say it. */
export function lossOf ({ name, text, summary }: FormulaText): Loss {
  return { name, torch: '', task: '', summary, choose: '', source: '', formula: text, cases: [] }
}

function formulaEntry (
  formula: FormulaText, options: Readonly<Record<string, number | boolean | string>>
): LossEntry {
  const { text } = formula
  const definition = define(text, { options })
  for (const argument of definition.arguments) {
    if (argument.role === 'tensor' && argument.state) {
      fail(positionOf(text, argument.name),
        `${argument.name} is a state: only optimizers have one, a loss has not.`)
    }
  }
  return entryOf(lossOf(formula), definition)
}

// Where a name stands first as a word.
function positionOf (text: string, name: string): number {
  const word = new RegExp(`(?<![\\w.])${name.replaceAll('.', '\\.')}(?![\\w.])`)
  return Math.max(0, text.search(word))
}
