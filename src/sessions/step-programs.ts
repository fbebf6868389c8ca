// Compiled steps, shared by all sessions: the same layers, loss, options and optimizer make one
// program, whatever the batch size. Bounded; the least recently used goes first.

import type { Check, Warning } from '../formulas/checks.ts'
import { compileProgram } from '../kernels/compile.ts'
import type { Compiled } from '../kernels/program.ts'
import type { StepGraph } from './step-graph.ts'

export interface StepProgram {
  readonly compiled: Compiled
  /** Names of the results, as the graph gives them. */
  readonly outputs: readonly string[]
  readonly checks: readonly Check[]
  readonly warnings: readonly Warning[]
}

export interface StepProgramsSettings {
  readonly programsMax: number
  readonly relaxed: boolean
  /** Hears of a program that is dropped. */
  readonly onDrop: (programId: number) => void
}

export class StepPrograms {
  readonly #settings: StepProgramsSettings
  readonly #programs = new Map<string, StepProgram>()
  #compilations = 0

  constructor (settings: StepProgramsSettings) { this.#settings = settings }

  /** How many programs were compiled since the start. */
  get compilations (): number { return this.#compilations }

  /** The program of a key; `trace` makes its graph if there is none yet. */
  find (key: string, precision: 'f32' | 'f64', trace: () => StepGraph): StepProgram {
    const full = `${precision} ${key}`
    const program = this.#programs.get(full) ?? this.#compile(precision, trace())
    // Last in the map's order is most recently used.
    this.#programs.delete(full)
    this.#programs.set(full, program)
    if (this.#programs.size > this.#settings.programsMax) this.#dropOldest()
    return program
  }

  #compile (
    precision: 'f32' | 'f64', { graph, outputs, checks, warnings }: StepGraph
  ): StepProgram {
    this.#compilations++
    const compiled = compileProgram({ graph, outputs, precision, relaxed: this.#settings.relaxed })
    return { compiled, outputs: outputs.map(({ name }) => name), checks, warnings }
  }

  #dropOldest (): void {
    for (const [key, { compiled }] of this.#programs) {
      this.#programs.delete(key)
      this.#settings.onDrop(compiled.id)
      return
    }
  }
}
