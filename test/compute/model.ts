// A model checker for the pool's protocol: it runs the very functions of board.ts and turn.ts, in
// every order of their atomic operations, and looks at every state whether it may be.
//
// A thread is stopped before an operation by throwing, and goes on by being run again from the
// start of its turn with the results it got before: they are all it knows. So a thread's state is
// the list of those results, and a state of the whole is that, the shared words, and the books
// that say which chunks have run. States are remembered by a hash of 53 bits.

import type { Board } from '../../src/compute/board.ts'
import type { takeTurn } from '../../src/compute/turn.ts'
import { type JobPlan, Violation } from './model-books.ts'
import { Stepper } from './model-stepper.ts'
import { type Choice, copy, hash, type World } from './model-world.ts'

/** The code under test: the real one, or a mutant of it. */
export interface Protocol {
  readonly Board: typeof Board
  readonly takeTurn: typeof takeTurn
}

/** A small world to be explored. */
export interface Scenario {
  readonly workers: number
  readonly slots: number
  readonly jobs: readonly JobPlan[]
  /** A worker may die once, at any time. */
  readonly deaths?: boolean
  /** Only orders in which so many times at most a thread is left that could have gone on. */
  readonly preemptions?: number
  /** Longest exploration in states. */
  readonly statesMax: number
}

export interface Outcome {
  readonly states: number
  /** What was wrong, with the order of threads that led there; empty when nothing was. */
  readonly wrong: string
}

/** Explores all orders. */
export function explore (protocol: Protocol, scenario: Scenario): Outcome {
  const stepper = new Stepper(protocol, scenario)
  const seen = new Set<number>()
  const stack: { world: World, path: string }[] = [{ world: stepper.first, path: '' }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { world, path } = top
    const choices = stepper.choices(world)
    if (!choices.some(({ optional }) => optional !== true)) {
      const wrong = world.books.unfinished()
      if (wrong !== '') return { states: seen.size, wrong: `stuck: ${wrong} after ${path}` }
    }
    const { preemptions = Infinity } = scenario
    for (const choice of choices) {
      const isPreemption = preemptions < Infinity && choice.thread !== world.last &&
        choices.some(({ thread, optional }) => thread === world.last && optional !== true)
      if (isPreemption && world.preemptions === preemptions) continue
      const next = copy(world)
      if (preemptions < Infinity) {
        next.last = choice.thread
        next.preemptions += isPreemption ? 1 : 0
      }
      try {
        stepper.step(next, choice)
      } catch (error) {
        if (!(error instanceof Violation)) throw error
        return { states: seen.size, wrong: `${error.message} after ${path}${nameOf(choice)}` }
      }
      const key = hash(next)
      if (seen.has(key)) continue
      seen.add(key)
      if (seen.size > scenario.statesMax) return { states: seen.size, wrong: 'too many states' }
      stack.push({ world: next, path: `${path}${nameOf(choice)}` })
    }
  }
  return { states: seen.size, wrong: '' }
}

function nameOf ({ thread, turn, about }: Choice): string {
  return turn === undefined ? `${thread}` : ` ${turn} ${about} `
}
