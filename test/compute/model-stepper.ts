// The steps of the model: which threads may go on in a state, and what one of them does until it
// stops again. The main thread is what jobs.ts and crew.ts make of it, in short.

import { cancelled, done, lost } from '../../src/compute/job.ts'
import type { Member } from '../../src/compute/turn.ts'
import type { Protocol, Scenario } from './model.ts'
import { Books, type JobPlan, Violation } from './model-books.ts'
import { grain, ModelWords, suspended, threadsMax } from './model-words.ts'
import { born, type Choice, main, threadOf, type World } from './model-world.ts'

// Runs one operation of one thread, and what it does for itself until the next.
/** The model in motion. */
export class Stepper {
  readonly #protocol: Protocol
  readonly #scenario: Scenario
  readonly #words: ModelWords
  /** The state before anything has happened. */
  readonly first: World
  #world: World

  constructor (protocol: Protocol, scenario: Scenario) {
    this.#protocol = protocol
    this.#scenario = scenario
    const { workers, slots, jobs } = scenario
    this.first = {
      words: new Int32Array(48),
      threads: Array.from({ length: workers + 1 }, born),
      books: new Books(jobs),
      turn: undefined,
      about: 0,
      phases: new Uint8Array(slots),
      jobs: new Array<number>(slots).fill(-1),
      messages: 0,
      exits: [],
      deaths: 0,
      last: -1,
      preemptions: 0
    }
    this.#world = this.first
    this.#words = new ModelWords(this.first)
  }

  choices (world: World): Choice[] {
    const choices: Choice[] = []
    for (let thread = 1; thread < world.threads.length; thread++) {
      const { waitsOn, isDead } = threadOf(world, thread)
      if (isDead) continue
      if (waitsOn === 0) choices.push({ thread })
      if (this.#scenario.deaths === true && world.deaths === 0) {
        choices.push({ thread, turn: 'exit', about: thread, optional: true })
      }
    }
    if (world.turn !== undefined) return [...choices, { thread: main }]
    if (world.messages > 0) choices.push({ thread: main, turn: 'message', about: 0 })
    for (const about of world.exits) choices.push({ thread: main, turn: 'exit', about })
    const next = world.books.nextToPost()
    if (next >= 0 && world.phases.includes(0)) {
      choices.push({ thread: main, turn: 'post', about: next })
    }
    this.#scenario.jobs.forEach(({ cancel }, about) => {
      if (cancel === true && world.books.mayCancel(about)) {
        choices.push({ thread: main, turn: 'cancel', about, optional: true })
      }
    })
    return choices
  }

  step (world: World, { thread, turn, about = 0 }: Choice): void {
    if (thread !== main && turn === 'exit') {
      this.#kill(world, thread)
      return
    }
    if (turn !== undefined) {
      world.turn = turn
      world.about = about
      if (turn === 'message') world.messages--
      if (turn === 'exit') world.exits.splice(world.exits.indexOf(about), 1)
    }
    this.#world = world
    this.#words.begin(world, thread)
    try {
      if (thread === main) this.#runMain(world)
      else this.#protocol.takeTurn(this.#member(thread))
      const { threads } = world
      threads[thread] = born()
    } catch (error) {
      if (error !== suspended) throw error
    }
  }

  #runMain (world: World): void {
    const phases = world.phases.slice()
    this.#words.phases = phases
    const board = new this.#protocol.Board(this.#words, {
      ended: (slot, status) => this.#note(() => this.#ended(slot, status)),
      freed: slot => this.#note(() => world.books.free(world.jobs[slot] ?? -1))
    }, phases)
    const { turn, about } = world
    let slot = -1
    if (turn === 'post') slot = board.post({ ...posting, ...world.books.posting(about) })
    if (turn === 'cancel') board.end(world.jobs.indexOf(about), cancelled)
    if (turn === 'message') board.answer()
    if (turn === 'exit') board.abandon(about)
    // The turn is over.
    if (slot >= 0) {
      world.jobs[slot] = about
      world.books.post(about)
    }
    world.phases = phases
    world.turn = undefined
  }

  #ended (slot: number, status: number): void {
    const world = this.#world
    if (status === lost && world.deaths === 0) {
      throw new Violation('a job is lost though nobody died')
    }
    world.books.end(world.jobs[slot] ?? -1, status === done)
  }

  #kill (world: World, thread: number): void {
    world.deaths++
    world.exits.push(thread)
    world.threads[thread] = { ...born(), isDead: true }
    world.books.interrupt(thread)
  }

  #member (thread: number): Member {
    const { books } = this.#world
    const ring = (): number => {
      this.#world.messages++
      return 0
    }
    return {
      words: this.#words,
      thread,
      readMail () {},
      // Only a thread that dies between the bell and the message makes a difference.
      ring: () => { this.#words.operate(ring, this.#scenario.deaths !== true) },
      kernels: {
        steps: args => this.#read(args).steps.length,
        chunks: (args, step) => this.#read(args).steps[step] ?? 0,
        grain: () => 1,
        run: (_program, args, step, first, last) => {
          const begin = (): number => books.begin(thread, args, step, first, last)
          const error = this.#words.operate(begin, true)
          if (error === 0) this.#note(() => books.finish(thread, args, step, first, last))
          return error
        },
        after: (_program, args, step) => this.#words.operate(() => books.after(args, step), true)
      }
    }
  }

  // A record is read between the operations before and after, so it must be there until the latter.
  #read (args: number): JobPlan {
    return this.#world.books.plan(args, this.#words.isRepeating)
  }

  // Something that happens at a moment of its own, though it is no operation on a word.
  #note (happen: () => unknown): void {
    this.#words.operate(() => {
      happen()
      return 0
    })
  }
}

const posting = { program: 1, grain, threads: threadsMax }
