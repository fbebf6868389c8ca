// Compiled steps, shared by all sessions: the same layers, loss, options and optimizer make one
// program, whatever the batch size. Bounded; the least recently used goes first.

import { type Doer, doHere, Results } from '../kernels/apart.ts'
import { type Compiled, numbered } from '../kernels/program.ts'
import {
  type CompiledStep, type StepMeaning, type StepRecipe, stepWork, withoutNumbers
} from './step-compile.ts'

export interface StepProgram extends StepMeaning {
  readonly compiled: Compiled
}

export interface StepProgramsSettings {
  readonly programsMax: number
  readonly relaxed: boolean
  /** Hears of a program that is dropped. */
  readonly onDrop: (programId: number) => void
  /** Who compiles; this thread, if nobody else is named. */
  readonly doer?: Doer | undefined
}

export class StepPrograms {
  readonly #settings: StepProgramsSettings
  readonly #programs: Results<StepProgram>
  #compilations = 0

  constructor (settings: StepProgramsSettings) {
    this.#settings = settings
    const { programsMax, onDrop } = settings
    this.#programs = new Results(programsMax, ({ compiled }) => onDrop(compiled.id))
  }

  /** How many programs were compiled since the start. */
  get compilations (): number { return this.#compilations }

  /** The program of a key. @throws Unfinished while it is compiled, and what stepWork throws. */
  find (key: string, { recipe, ...step }: Omit<StepRecipe, 'relaxed'>): StepProgram {
    return this.#programs.get(`${step.precision} ${key}`, () => {
      this.#compilations++
      const { relaxed, doer = doHere } = this.#settings
      const made = doer(stepWork, { ...step, recipe: withoutNumbers(recipe), relaxed })
      return made instanceof Promise ? made.then(keep) : keep(made)
    })
  }
}

function keep ({ code, ...meaning }: CompiledStep): StepProgram {
  return { compiled: numbered(code), ...meaning }
}
