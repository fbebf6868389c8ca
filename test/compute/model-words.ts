// The shared words of the model. Every operation is a place where the thread stops and another may
// go on; some need not be one, which is checked, and some tell what a thread can forget.

import {
  armedWord, bellWord, crewWord, epochWord, heightWord, jobField, jobWord, nextChunk, threadField,
  threadWord, urgencyWord
} from '../../src/compute/job.ts'
import type { Words } from '../../src/compute/words.ts'
import { Violation } from './model-books.ts'
import {
  alert, armed, bellMark, bellPlace, born, drowsy, epochMark, epochPlace, idle, leaves, main,
  retries, slept, type Thread, threadOf, took, worked, type World
} from './model-world.ts'

/** Thrown where a thread stops. */
export const suspended = Symbol('suspended')

/** Grain and limit of threads that every job of the model has. */
export const grain = 1
export const threadsMax = 99

/** Words seen by one thread at a time. */
export class ModelWords implements Words {
  readonly #hasOneSlot: boolean
  // The words lie far apart; here those in use stand side by side.
  readonly #places = new Map([[epochWord, epochPlace], [bellWord, bellPlace]])
  #world: World
  #thread = main
  #cursor = 0
  #hasPerformed = false
  /** What the main thread is making of the world's phases in this turn. */
  phases = new Uint8Array(0)

  constructor (world: World) {
    this.#hasOneSlot = world.phases.length === 1
    this.#world = world
    this.#set(crewWord, world.threads.length)
    this.#set(armedWord, 1)
  }

  /** From here on the operations are those of a thread, from the start of its turn. */
  begin (world: World, thread: number): void {
    this.#world = world
    this.#thread = thread
    this.#cursor = 0
    this.#hasPerformed = false
  }

  /** True while the thread does again what it did before. */
  get isRepeating (): boolean { return this.#cursor < this.#self.log.length }

  get #self (): Thread { return threadOf(this.#world, this.#thread) }

  /** Something that happens now, or what came of it if it has happened. A free one is no stop. */
  operate (perform: () => number, isFree = false): number {
    const { log } = this.#self
    const result = log[this.#cursor]
    if (result !== undefined) {
      this.#cursor++
      return result
    }
    if (!isFree) {
      if (this.#hasPerformed) throw suspended
      this.#hasPerformed = true
    }
    const fresh = perform()
    log.push(fresh)
    this.#cursor++
    return fresh
  }

  load (index: number): number {
    if (this.#isConstant(index)) return this.#get(index)
    const mark = index === epochWord ? epochMark : index === bellWord ? bellMark : 0
    return this.operate(() => {
      if (isPrivate(index)) this.#checkHeld(index)
      if (index === epochWord) this.#readsEpoch()
      if (index === bellWord) this.#looksAtBell()
      return this.#get(index) + mark
    }, isPrivate(index)) - mark
  }

  store (index: number, value: number): void {
    if (this.#isConstant(index)) return
    this.operate(() => {
      if (isPrivate(index) || isField(index, jobField.status)) this.#checkUnheld(index)
      if (index === threadWord(this.#thread, threadField.inside) && value === 0) this.#leave()
      if (index === armedWord) this.#arms()
      this.#set(index, value)
      return 0
    }, isPrivate(index) || isField(index, jobField.status))
  }

  add (index: number, value: number): number {
    if (this.#isConstant(index)) return 0
    return this.operate(() => {
      const former = this.#set(index, this.#get(index) + value)
      if (isField(index, jobField.done)) {
        const chunks = this.#get(index - jobField.done + jobField.chunks)
        if (former + value !== chunks) this.#leaves(slotOf(index))
        return former
      }
      return index === epochWord || index === bellWord ? 0 : former
    }, isField(index, jobField.done))
  }

  or (index: number, value: number): number {
    return this.operate(() => this.#set(index, this.#get(index) | value) * 0)
  }

  exchange (index: number, value: number): number {
    return this.operate(() => this.#set(index, value))
  }

  compareExchange (index: number, expected: number, value: number): number {
    return this.operate(() => {
      // What else it was is of no interest to anybody.
      if (this.#get(index) !== expected) {
        const thread = this.#self
        const isRetry = isField(index, jobField.claim) && this.#thread !== main && thread.holds < 0
        if (isRetry) this.#forget(retries + slotOf(index))
        return ~expected
      }
      if (isField(index, jobField.claim) && this.#thread !== main) {
        this.#swapsClaim(slotOf(index), value)
      }
      if (isField(index, jobField.status) && this.#thread !== main) this.#holds(-1)
      return this.#set(index, value)
    }, isField(index, jobField.error))
  }

  wait (index: number, value: number): void {
    this.operate(() => {
      if (this.#get(index) !== value) return 0
      const thread = this.#self
      thread.waitsOn = index
      this.#forget(slept)
      throw suspended
    })
  }

  // The turn of a thread is over when it is woken.
  notify (index: number): void {
    this.operate(() => {
      const { threads } = this.#world
      const thread = threads.findIndex(({ waitsOn }) => waitsOn === index)
      if (thread >= 0) threads[thread] = born()
      return 0
    })
  }

  // Of a claim only the range is remembered: how it was found is not.
  #swapsClaim (slot: number, value: number): void {
    const chunks = this.#get(jobWord(slot, jobField.chunks))
    const next = nextChunk(value)
    // Opened for all, taken from, or shut.
    this.#holds(next === 0 ? -1 : slot)
    if (next > 0 && next <= chunks) this.#forget(took + slot + 8 * next + 64 * chunks)
  }

  // It has nothing to do but to go outside.
  #leaves (slot: number): void {
    this.#holds(-1)
    this.#forget(leaves + slot)
  }

  // Outside again: with work done the turn will end, else the slot counts as tried.
  #leave (): void {
    const thread = this.#self
    const slot = this.#get(threadWord(this.#thread, threadField.inside)) - 1
    if (thread.memory < leaves) thread.tried |= 1 << slot
    this.#forget(thread.memory < leaves ? idle : worked)
    this.#holds(-1)
  }

  #arms (): void {
    const thread = threadOf(this.#world, main)
    thread.memory = armed
  }

  // The main thread begins to look from anew, as if a message had come; or looks a last time.
  #looksAtBell (): void {
    const world = this.#world
    const thread = threadOf(world, main)
    const isLast = thread.memory === armed
    thread.memory = 0
    if (isLast) return
    if (world.turn === 'exit') world.threads[world.about] = born()
    world.turn = 'message'
    world.about = 0
    world.phases = this.phases.slice()
    thread.log.length = 0
    this.#cursor = 0
  }

  // The operation under way counts as forgotten.
  #forget (memory: number): void {
    const thread = this.#self
    thread.forgotten = thread.log.length + 1
    thread.memory = memory
  }

  // At the start of a turn it is read to be compared, and at its end compared.
  #readsEpoch (): void {
    const thread = this.#self
    const epoch = this.#get(epochWord)
    if (thread.epoch < 0) thread.epoch = epoch
    else this.#forget(thread.epoch === epoch ? drowsy : alert)
  }

  #holds (slot: number): void {
    const thread = this.#self
    thread.holds = slot
  }

  #checkHeld (index: number): void {
    if (this.#thread === main) return
    const { holds } = this.#self
    if (holds !== slotOf(index)) throw new Violation(`word ${index} is read without a claim`)
  }

  #checkUnheld (index: number): void {
    const holder = this.#world.threads.findIndex(({ holds }, thread) =>
      thread !== this.#thread && holds === slotOf(index))
    if (holder >= 0) throw new Violation(`word ${index} changes while thread ${holder} has a claim`)
  }

  // Words that have one value for ever, or that only the watch reads, are no reason to stop.
  #isConstant (index: number): boolean {
    if (index === heightWord) return this.#hasOneSlot
    if (index >= jobStart) return isField(index, jobField.grain) || isField(index, jobField.threads)
    if (index === crewWord) return true
    const field = index - threadWord(0, 0)
    return field >= 0 && index < urgencyWord(0) &&
      (field % threadSize === threadField.claims || field % threadSize === threadField.stop)
  }

  #get (index: number): number {
    if (index === heightWord && this.#hasOneSlot) return 1
    if (isField(index, jobField.grain)) return grain
    if (isField(index, jobField.threads)) return threadsMax
    return this.#world.words[this.#place(index)] ?? 0
  }

  #set (index: number, value: number): number {
    const place = this.#place(index)
    const former = this.#world.words[place] ?? 0
    this.#world.words[place] = value
    return former
  }

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

const jobStart = jobWord(0, 0)
const threadSize = threadWord(1, 0) - threadWord(0, 0)
const jobSize = jobWord(1, 0) - jobStart

function slotOf (index: number): number { return Math.floor((index - jobStart) / jobSize) }

function isField (index: number, field: number): boolean {
  return index >= jobStart && (index - jobStart) % jobSize === field
}

// Words of a job that only the holder of a claim may touch, or the main thread while there is none.
// That this is so is checked at each of them: then their order among what others do cannot matter,
// and a thread need not stop there.
function isPrivate (index: number): boolean {
  return isField(index, jobField.program) || isField(index, jobField.args) ||
    isField(index, jobField.step) || isField(index, jobField.rank) ||
    isField(index, jobField.error) || isField(index, jobField.done)
}
