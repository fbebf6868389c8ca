// Work that would hold up the event loop (compiling, printing derivatives) as functions from data
// to data, so that another thread can do it; and what becomes of it, kept. Whoever needs a result
// asks for it. If it is not there yet the question throws Unfinished: it is asked again then.
//
//     get ──there──▶ the value, or the error that it came to
//      └──────────▶ Unfinished ──finished──▶ get …       all who ask meanwhile wait for the same

import { LossdError } from '../errors.ts'
import { Recent } from './recent.ts'

/** A function from data to data, which a thread finds by its name in a module. */
export interface Work<Given, Made> {
  /** The module's own import.meta.url. */
  readonly module: string
  /** What the module exports this very object as. */
  readonly name: string
  run (given: Given): Made | Promise<Made>
  /** A guess of how long it takes, from the lengths of texts: less goes first. 0 if it is short. */
  weigh? (given: Given): number
}

/** Has work done: a promise if it is done apart. */
export type Doer = <Given, Made>(work: Work<Given, Made>, given: Given) => Made | Promise<Made>

/** Does it at once, on this thread. */
export const doHere: Doer = (work, given) => work.run(given)

/** Something is being made that a request needs: it can be repeated when this has settled. */
export class Unfinished extends Error {
  /** Rejects with an error that says nothing about the request itself, such as QUEUE_FULL. */
  readonly finished: Promise<void>

  constructor (finished: Promise<void>) {
    super('Not made yet')
    this.finished = finished
  }
}

type Outcome<Value> = { readonly value: Value } | { readonly error: LossdError }

/** Results of work, the most recent ones; a refusal is a result as well. */
export class Results<Value> {
  readonly #outcomes: Recent<string, Outcome<Value>>
  readonly #unfinished = new Map<string, Promise<void>>()

  constructor (max: number, forget: (value: Value) => void = () => {}) {
    this.#outcomes = new Recent(max, outcome => {
      if ('value' in outcome) forget(outcome.value)
    })
  }

  get size (): number { return this.#outcomes.size }

  /** The result of a key. @throws Unfinished, and the error that making it came to. */
  get (key: string, make: () => Value | Promise<Value>): Value {
    const outcome = this.#outcomes.find(key)
    if (outcome !== undefined) {
      if ('error' in outcome) throw outcome.error
      return outcome.value
    }
    const unfinished = this.#unfinished.get(key)
    if (unfinished !== undefined) throw new Unfinished(unfinished)
    const making = make()
    if (making instanceof Promise) throw new Unfinished(this.#await(key, making))
    this.#outcomes.add(key, { value: making })
    return making
  }

  #await (key: string, making: Promise<Value>): Promise<void> {
    const finished = making.then(value => {
      this.#unfinished.delete(key)
      this.#outcomes.add(key, { value })
    }, (error: unknown) => {
      this.#unfinished.delete(key)
      if (!isRefusal(error)) throw error
      this.#outcomes.add(key, { error })
    })
    // Whoever waits hears of it.
    finished.catch(() => {})
    this.#unfinished.set(key, finished)
    return finished
  }
}

// An error that the same work comes to again.
function isRefusal (error: unknown): error is LossdError {
  return error instanceof LossdError && error.row.status === 422 && error.code !== 'COMPILE_TIMEOUT'
}
