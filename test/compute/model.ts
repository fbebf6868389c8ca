// A model checker for the pool's protocol: it runs the very functions of board.ts and turn.ts, in
// every order of their atomic operations, and looks at every state whether it may be.
//
// A thread is stopped before an operation by throwing, and goes on by being run again from the
// start of its turn with the results it got before: they are all it knows. So a thread's state is
// the list of those results, and a state of the whole is that, the shared words, and the books
// that say which chunks have run. States are remembered by a hash of 53 bits.
//
// Three things keep the states few, without losing an order that matters: results nobody uses are
// logged as 0; of counters that only rise and are only compared with themselves (epoch, bell) a
// state says whether what a thread read is what stands there; and a thread that has slept has
// nothing to remember, as its turn is over.

import type { Board } from '../../src/compute/board.ts'
import {
  armedWord, bellWord, cancelled, crewWord, done, epochWord, heightWord, jobWord, jobWords, lost, nextChunk,
  threadWord
} from '../../src/compute/job.ts'
import type { Member, takeTurn } from '../../src/compute/turn.ts'
import type { Words } from '../../src/compute/words.ts'
import { Books, type JobPlan, Violation } from './model-books.ts'

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

const main = 0
// What the main thread may be doing: nothing, or a turn of its event loop.
type Turn = 'post' | 'cancel' | 'message' | 'exit'

interface Thread {
  /** Results of the operations of its turn so far. */
  log: number[]
  isAsleep: boolean
  /** How many of its results do not matter any more, and a mark for what it still knows of them. */
  forgotten: number
  memory: number
  /** The epoch it read, and the slots where it found nothing. */
  epoch: number
  tried: number
  /** The slot it has a claim of, or −1; follows from its log. */
  holds: number
  isDead: boolean
}

interface World {
  readonly words: Int32Array
  readonly threads: Thread[]
  /** Threads in Atomics.wait, first come first woken. */
  readonly sleepers: number[]
  readonly books: Books
  /** The main thread's turn, and the job or thread it is about. */
  turn: Turn | undefined
  about: number
  phases: Uint8Array
  /** The job in each slot, −1 for none. */
  readonly jobs: number[]
  messages: number
  exits: number[]
  deaths: number
  /** The thread that went last, and how often one was left that could have gone on. */
  last: number
  preemptions: number
}

interface Choice {
  readonly thread: number
  readonly turn?: Turn
  readonly about?: number
  /** May happen, need not: something stuck is not excused by it. */
  readonly optional?: boolean
}

const suspended = Symbol('suspended')

/** Explores all orders. */
export function explore (protocol: Protocol, scenario: Scenario): Outcome {
  const stepper = new Stepper(protocol, scenario)
  const seen = new Set<number>()
  const stack: { world: World, path: string }[] = [{ world: stepper.first(), path: '' }]
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

// Runs one operation of one thread, and what it does for itself until the next.
class Stepper implements Words {
  readonly #protocol: Protocol
  readonly #scenario: Scenario
  readonly #places = new Map([[epochWord, epochPlace], [bellWord, bellPlace]])
  #world: World
  #thread = main
  #cursor = 0
  #performed = false
  #phases = new Uint8Array(0)

  constructor (protocol: Protocol, scenario: Scenario) {
    this.#protocol = protocol
    this.#scenario = scenario
    this.#world = this.first()
  }

  first (): World {
    const { workers, slots, jobs } = this.#scenario
    const world: World = {
      words: new Int32Array(48),
      threads: Array.from({ length: workers + 1 }, () => (born())),
      sleepers: [],
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
    this.#world = world
    world.words[this.#place(crewWord)] = workers + 1
    world.words[this.#place(armedWord)] = 1
    return world
  }

  choices (world: World): Choice[] {
    const choices: Choice[] = []
    for (let thread = 1; thread < world.threads.length; thread++) {
      const { isAsleep, isDead } = world.threads[thread] ?? absent()
      if (isDead) continue
      if (!isAsleep) choices.push({ thread })
      if (this.#scenario.deaths === true && world.deaths === 0) {
        choices.push({ thread, turn: 'exit', about: thread, optional: true })
      }
    }
    if (world.turn !== undefined) return [...choices, { thread: main }]
    if (world.messages > 0) choices.push({ thread: main, turn: 'message', about: 0 })
    for (const about of world.exits) choices.push({ thread: main, turn: 'exit', about })
    const next = world.books.nextToPost()
    if (next >= 0 && world.phases.includes(0)) choices.push({ thread: main, turn: 'post', about: next })
    this.#scenario.jobs.forEach(({ cancel }, about) => {
      if (cancel === true && world.books.mayCancel(about)) {
        choices.push({ thread: main, turn: 'cancel', about, optional: true })
      }
    })
    return choices
  }

  step (world: World, { thread, turn, about = 0 }: Choice): void {
    if (thread !== main && turn === 'exit') return this.#kill(world, thread)
    if (turn !== undefined) {
      world.turn = turn
      world.about = about
      if (turn === 'message') world.messages--
      if (turn === 'exit') world.exits.splice(world.exits.indexOf(about), 1)
    }
    this.#world = world
    this.#thread = thread
    this.#cursor = 0
    this.#performed = false
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
    const phases = this.#phases = world.phases.slice()
    const board = new this.#protocol.Board(this, {
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
    if (status === lost && world.deaths === 0) throw new Violation('a job is lost though nobody died')
    world.books.end(world.jobs[slot] ?? -1, status === done)
  }

  #kill (world: World, thread: number): void {
    world.deaths++
    world.exits.push(thread)
    world.threads[thread] = { ...born(), isDead: true }
    const sleeping = world.sleepers.indexOf(thread)
    if (sleeping >= 0) world.sleepers.splice(sleeping, 1)
    world.books.interrupt(thread)
  }

  #member (thread: number): Member {
    const { books } = this.#world
    const ring = (): number => {
      this.#world.messages++
      return 0
    }
    return {
      words: this,
      thread,
      readMail () {},
      // Only a thread that dies between the bell and the message makes a difference.
      ring: () => { this.#operate(ring, this.#scenario.deaths !== true) },
      kernels: {
        steps: args => this.#read(args).steps.length,
        chunks: (args, step) => this.#read(args).steps[step] ?? 0,
        grain: () => 1,
        run: (_program, args, step, first, last) => {
          const begin = (): number => books.begin(thread, args, step, first, last)
          const error = this.#operate(begin, true)
          if (error === 0) this.#note(() => books.finish(thread, args, step, first, last))
          return error
        },
        after: (_program, args, step) => this.#operate(() => books.after(args, step), true)
      }
    }
  }

  // A record is read between the operations before and after, so it must be there until the latter.
  #read (args: number): JobPlan {
    const { log } = this.#world.threads[this.#thread] ?? absent()
    return this.#world.books.plan(args, this.#cursor < log.length)
  }

  // Something that happens at a moment of its own, though it is no operation on a word.
  #note (happen: () => number | void): number {
    return this.#operate(() => happen() ?? 0)
  }

  #operate (perform: () => number, isFree = false): number {
    const { log } = this.#world.threads[this.#thread] ?? absent()
    const result = log[this.#cursor]
    if (result !== undefined) {
      this.#cursor++
      return result
    }
    if (!isFree) {
      if (this.#performed) throw suspended
      this.#performed = true
    }
    const fresh = perform()
    log.push(fresh)
    this.#cursor++
    return fresh
  }

  load (index: number): number {
    if (this.#isConstant(index)) return this.#get(index)
    const mark = index === epochWord ? epochMark : index === bellWord ? bellMark : 0
    return this.#operate(() => {
      if (isPrivate(index)) this.#checkHeld(index)
      if (index === epochWord) this.#setEpoch()
      if (index === bellWord) this.#looksAtBell()
      return this.#get(index) + mark
    }, isPrivate(index)) - mark
  }

  store (index: number, value: number): void {
    if (this.#isConstant(index)) return
    this.#operate(() => {
      if (isPrivate(index) || isField(index, 'status')) this.#checkUnheld(index)
      if (index === threadWord(this.#thread, 'inside') && value === 0) this.#leave()
      if (index === armedWord) this.#arms()
      this.#set(index, value)
      return 0
    }, isPrivate(index) || isField(index, 'status'))
  }

  add (index: number, value: number): number {
    if (this.#isConstant(index)) return 0
    return this.#operate(() => {
      const former = this.#set(index, this.#get(index) + value)
      if (isField(index, 'done')) {
        const chunks = this.#get(index - jobWords.done + jobWords.chunks)
        if (former + value !== chunks) this.#leaves(slotOf(index))
        return former
      }
      return index === epochWord || index === bellWord ? 0 : former
    }, isField(index, 'done'))
  }

  or (index: number, value: number): number {
    return this.#operate(() => this.#set(index, this.#get(index) | value) * 0)
  }

  exchange (index: number, value: number): number {
    return this.#operate(() => this.#set(index, value))
  }

  compareExchange (index: number, expected: number, value: number): number {
    return this.#operate(() => {
      // What else it was is of no interest to anybody.
      if (this.#get(index) !== expected) {
        const thread = this.#world.threads[this.#thread] ?? absent()
        const isRetry = isField(index, 'claim') && this.#thread !== main && thread.holds < 0
        if (isRetry) this.#forget(retries + slotOf(index))
        return ~expected
      }
      if (isField(index, 'claim') && this.#thread !== main) {
        this.#swapsClaim(slotOf(index), value)
      }
      if (isField(index, 'status') && this.#thread !== main) this.#holds(-1)
      return this.#set(index, value)
    }, isField(index, 'error'))
  }

  wait (index: number, value: number): void {
    this.#operate(() => {
      if (this.#get(index) !== value) return 0
      const thread = this.#world.threads[this.#thread] ?? absent()
      thread.isAsleep = true
      // Its turn is over.
      this.#forget(slept)
      this.#world.sleepers.push(this.#thread)
      throw suspended
    })
  }

  notify (_index: number, count: number): void {
    this.#operate(() => {
      for (const thread of this.#world.sleepers.splice(0, count)) {
        const sleeper = this.#world.threads[thread] ?? absent()
        sleeper.isAsleep = false
        // Its wait returns.
        sleeper.log.push(0)
      }
      return 0
    })
  }

  // Of a claim only the range is remembered: how it was found is not.
  #swapsClaim (slot: number, value: number): void {
    const chunks = this.#get(jobWord(slot, 'chunks'))
    const next = nextChunk(value)
    // Opened for all.
    if (next === 0) return this.#holds(-1)
    this.#holds(slot)
    if (next <= chunks) this.#forget(took + slot + 8 * next + 64 * chunks)
  }

  // It has nothing to do but to go outside.
  #leaves (slot: number): void {
    this.#holds(-1)
    this.#forget(leaves + slot)
  }

  // Outside again: with work done the turn will end, else the slot counts as tried.
  #leave (): void {
    const thread = this.#world.threads[this.#thread] ?? absent()
    const slot = this.#get(threadWord(this.#thread, 'inside')) - 1
    if (thread.memory < leaves) thread.tried |= 1 << slot
    this.#forget(thread.memory < leaves ? idle : worked)
    this.#holds(-1)
  }

  #arms (): void {
    const thread = this.#world.threads[main] ?? absent()
    thread.memory = armed
  }

  // The main thread begins to look from anew, as if a message had come; or looks a last time.
  #looksAtBell (): void {
    const world = this.#world
    const thread = world.threads[main] ?? absent()
    const isLast = thread.memory === armed
    thread.memory = 0
    if (isLast) return
    if (world.turn === 'exit') world.threads[world.about] = born()
    world.turn = 'message'
    world.about = 0
    world.phases = this.#phases.slice()
    thread.log.length = 0
    this.#cursor = 0
  }

  // The operation under way counts as forgotten.
  #forget (memory: number): void {
    const thread = this.#world.threads[this.#thread] ?? absent()
    thread.forgotten = thread.log.length + 1
    thread.memory = memory
  }

  #setEpoch (): void {
    const thread = this.#world.threads[this.#thread] ?? absent()
    thread.epoch = this.#get(epochWord)
  }

  #holds (slot: number): void {
    const thread = this.#world.threads[this.#thread] ?? absent()
    thread.holds = slot
  }

  #checkHeld (index: number): void {
    if (this.#thread === main) return
    const { holds } = this.#world.threads[this.#thread] ?? absent()
    if (holds !== slotOf(index)) throw new Violation(`word ${index} is read without a claim`)
  }

  #checkUnheld (index: number): void {
    const holder = this.#world.threads.findIndex(({ holds }, thread) =>
      thread !== this.#thread && holds === slotOf(index))
    if (holder >= 0) throw new Violation(`word ${index} changes while thread ${holder} has a claim`)
  }

  // Words that have one value for ever, or that only the watch reads, are no reason to stop.
  #isConstant (index: number): boolean {
    if (index === crewWord || isField(index, 'grain') || isField(index, 'threads')) return true
    for (let thread = 1; thread < this.#world.threads.length; thread++) {
      if (index === threadWord(thread, 'claims') || index === threadWord(thread, 'stop')) return true
    }
    return index === heightWord && this.#scenario.slots === 1
  }

  #get (index: number): number {
    if (index === heightWord && this.#scenario.slots === 1) return 1
    if (isField(index, 'grain')) return 1
    if (isField(index, 'threads')) return 99
    return this.#world.words[this.#place(index)] ?? 0
  }

  #set (index: number, value: number): number {
    const place = this.#place(index)
    const former = this.#world.words[place] ?? 0
    this.#world.words[place] = value
    return former
  }

  // The words lie far apart; here those in use stand side by side.
  #place (index: number): number {
    let place = this.#places.get(index)
    if (place === undefined) {
      place = this.#places.size
      if (place >= this.#world.words.length) throw new Error('The model has too few words')
      this.#places.set(index, place)
    }
    return place
  }
}

// Where the counters stand in the model, and what is added to what is read of them, so that the
// hash knows it.
const epochPlace = 0
const bellPlace = 1
const epochMark = 2 ** 40
const bellMark = 2 ** 41

// What a thread still knows: from `leaves` on it has worked.
const slept = 1
const armed = 3
const idle = 2
const retries = 10
const leaves = 100
const worked = 200
const took = 1000

function born (): Thread { return { log: [], isAsleep: false, forgotten: 0, memory: 0, epoch: -1, tried: 0, holds: -1, isDead: false } }

const jobStart = jobWord(0, 'claim')
const jobSize = jobWord(1, 'claim') - jobStart

function slotOf (index: number): number { return Math.floor((index - jobStart) / jobSize) }

function isField (index: number, word: keyof typeof jobWords): boolean {
  return index >= jobStart && (index - jobStart) % jobSize === jobWords[word]
}

// Words of a job that only the holder of a claim may touch, or the main thread while there is none.
// That this is so is checked at each of them: then their order among what others do cannot matter,
// and a thread need not stop there.
function isPrivate (index: number): boolean {
  return isField(index, 'program') || isField(index, 'args') || isField(index, 'step') ||
    isField(index, 'rank') || isField(index, 'error') || isField(index, 'done')
}

const posting = { program: 1, grain: 1, threads: 99 }

function copy (world: World): World {
  return {
    words: world.words.slice(),
    threads: world.threads.map(copyThread),
    sleepers: world.sleepers.slice(),
    books: world.books.copy(),
    turn: world.turn,
    about: world.about,
    phases: world.phases,
    jobs: world.jobs.slice(),
    messages: world.messages,
    exits: world.exits.slice(),
    deaths: world.deaths,
    last: world.last,
    preemptions: world.preemptions
  }
}

function copyThread ({
  log, forgotten, memory, epoch, tried, isAsleep, holds, isDead
}: Thread): Thread {
  return { log: log.slice(), forgotten, memory, epoch, tried, isAsleep, holds, isDead }
}

const turns: readonly (Turn | undefined)[] = [undefined, 'post', 'cancel', 'message', 'exit']

function hash (world: World): number {
  let high = 0x1234567
  let low = 0x7654321
  const mix = (value: number): void => {
    high = Math.imul(high ^ value, 0x9e3779b1)
    high ^= high >>> 15
    low = Math.imul(low + value, 0x85ebca6b) ^ (low >>> 13)
  }
  const mixAll = (values: ArrayLike<number>): void => {
    mix(values.length)
    for (let index = 0; index < values.length; index++) mix(values[index] ?? 0)
  }
  mixAll(world.words.subarray(bellPlace + 1))
  for (const { log, forgotten, memory, epoch, tried, isAsleep, isDead } of world.threads) {
    mix((isDead ? 2 : 0) + (isAsleep ? 1 : 0))
    // Only one that has not worked can come to sleep on it.
    const mayWait = memory === idle || (memory >= retries && memory < leaves)
    mix(mayWait ? tried * 2 + (epoch === world.words[epochPlace] ? 1 : 0) : 0)
    mix(memory)
    mix(log.length - forgotten)
    for (let index = forgotten; index < log.length; index++) {
      const result = log[index] ?? 0
      if (result < epochMark) mix(result)
      else if (result < bellMark) mix(result - epochMark === world.words[epochPlace] ? 1 : 2)
      else mix(result - bellMark === world.words[bellPlace] ? 3 : 4)
    }
  }
  mixAll(world.sleepers)
  mixAll(world.books.marks)
  mixAll(world.phases)
  mixAll(world.jobs)
  mixAll(world.exits)
  mix(turns.indexOf(world.turn))
  mix(world.about)
  mix(world.messages)
  mix(world.deaths)
  mix(world.last)
  mix(world.preemptions)
  return (high >>> 0) * 2 ** 21 + (low >>> 11)
}

function absent (): never { throw new Error('There is no such thread') }
