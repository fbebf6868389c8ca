// Formulas that clients have named: kept in memory, up to a limit, and used wherever a loss is
// named.

import { findLoss, type Loss } from '../losses/index.ts'
import { LossdError, nearest, shown } from '../errors.ts'
import { type FormulaText, lossOf } from './formula-entries.ts'

export class KeptFormulas {
  readonly #kept = new Map<string, FormulaText>()
  readonly #max: number

  constructor (max: number) { this.#max = max }

  get names (): string[] { return [...this.#kept.keys()] }

  get all (): FormulaText[] { return [...this.#kept.values()] }

  find (name: string): FormulaText | undefined { return this.#kept.get(name) }

  /** The formula as a loss, for sessions. */
  findLoss (name: string): Loss | undefined {
    const formula = this.#kept.get(name)
    return formula && lossOf(formula)
  }

  /** Throws FORMULA_UNKNOWN with the nearest names. */
  get (name: string): FormulaText {
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept
    const near = nearest(name, this.names)
    throw new LossdError('FORMULA_UNKNOWN', `There is no formula ${shown(name)}; ` +
      (near.length > 0 ? `nearest: ${near.join(', ')}` : 'PUT keeps one under that name'))
  }

  /** Throws FIELD_INVALID, FORMULA_NAME_TAKEN, FORMULAS_TOO_MANY: so that a name is not kept. */
  refuse (name: string): void {
    refuseName(name)
    if (this.#kept.has(name) || this.#kept.size < this.#max) return
    throw new LossdError('FORMULAS_TOO_MANY',
      `${this.#max} formulas are kept, the limit; DELETE one first`)
  }

  /** True if the name is new. Throws what refuse throws. */
  keep (formula: FormulaText): boolean {
    const { name } = formula
    this.refuse(name)
    const isNew = !this.#kept.has(name)
    this.#kept.set(name, formula)
    return isNew
  }

  /** Throws FORMULA_UNKNOWN. */
  remove (name: string): void {
    this.get(name)
    this.#kept.delete(name)
  }
}

/** Throws FIELD_INVALID for a name that cannot stand in a path, FORMULA_NAME_TAKEN. */
export function refuseName (name: string): void {
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) {
    throw new LossdError('FIELD_INVALID', 'The name of a formula must be 1 to 64 letters, ' +
      `digits, -, _ and dots, the first a letter or digit; got ${shown(name)}`)
  }
  const loss = findLoss(name)
  if (loss === undefined) return
  throw new LossdError('FORMULA_NAME_TAKEN', `${name} names the built-in loss ${loss.name}; ` +
    'a formula of yours needs another name')
}
