// The main thread's half of the protocol: put a job into a slot, end it early, see what has
// finished, free the slot when no thread is inside. A worker's half is turn.ts.

import {
  armedWord, bellWord, type cancelled, crewWord, dead, done, failed, heightWord, jobField, jobWord,
  lost, openAfter, running, sealed, shutAfter, slotCount, threadCountMax, threadField, threadWord,
  urgencyWord
} from './job.ts'
import { wake } from './turn.ts'
import type { Words } from './words.ts'

/** What a slot is filled with; chunks and grain are those of step 0. */
export interface Posting {
  readonly program: number
  readonly args: number
  readonly chunks: number
  readonly grain: number
  /** Not 0; see urgencyOf. */
  readonly urgency: number
  /** Only threads with a lower index may run it. */
  readonly threads: number
}

export interface BoardEvents {
  /** The job is done, or will not be: statuses of job.ts; error is 0 unless it failed. */
  ended (slot: number, status: number, error: number): void
  /** No thread can touch the job's memory any more. Always after `ended`. */
  freed (slot: number): void
}

/** What the main thread knows of a slot. */
const free = 0
const posted = 1
// Ended, but a thread may still be inside.
const draining = 2

/** The slots as the main thread sees them. */
export class Board {
  readonly #words: Words
  readonly #events: BoardEvents
  readonly #phases: Uint8Array
  #height = 0

  /** `phases` is given by tests that go on from a former state. */
  constructor (words: Words, events: BoardEvents, phases = new Uint8Array(slotCount)) {
    this.#words = words
    this.#events = events
    this.#phases = phases
    this.#height = phases.findLastIndex(phase => phase !== free) + 1
  }

  /** Posts a job and returns its slot, or −1 if none is free. */
  post (posting: Posting): number {
    const slot = this.#phases.indexOf(free)
    if (slot < 0) return slot
    this.#phases[slot] = posted
    const words = this.#words
    const shut = shutAfter(words.load(jobWord(slot, jobField.claim)))
    // Shut first: a thread that still holds the slot's former claim must not match it with new
    // fields.
    words.store(jobWord(slot, jobField.claim), shut)
    words.store(jobWord(slot, jobField.done), 0)
    words.store(jobWord(slot, jobField.program), posting.program)
    words.store(jobWord(slot, jobField.args), posting.args)
    words.store(jobWord(slot, jobField.step), 0)
    words.store(jobWord(slot, jobField.chunks), posting.chunks)
    words.store(jobWord(slot, jobField.grain), posting.grain)
    words.store(jobWord(slot, jobField.rank), posting.urgency)
    words.store(jobWord(slot, jobField.error), 0)
    words.store(jobWord(slot, jobField.threads), posting.threads)
    words.store(jobWord(slot, jobField.status), running)
    if (slot >= this.#height) this.#setHeight(slot + 1)
    // Before it opens: whoever takes all of it clears the urgency.
    words.store(urgencyWord(slot), posting.urgency)
    words.store(jobWord(slot, jobField.claim), openAfter(shut))
    wake(words, Math.ceil(posting.chunks / posting.grain), posting.threads)
    return slot
  }

  /** Ends a job early. False if it has ended by itself: that is seen at the next bell. */
  end (slot: number, status: typeof cancelled | typeof lost): boolean {
    const words = this.#words
    const former = words.compareExchange(jobWord(slot, jobField.status), running, status)
    if (former !== running) return false
    this.#drain(slot, status, 0)
    return true
  }

  /** At a bell: sees to everything that has ended, then asks to be woken for the next. */
  answer (): void {
    const words = this.#words
    for (;;) {
      const bell = words.load(bellWord)
      for (let slot = 0; slot < this.#height; slot++) this.#look(slot)
      words.store(armedWord, 1)
      // Once more: who rang before we were armed sent no message.
      if (words.load(bellWord) === bell) return
    }
  }

  /** After a thread has ended for good: its job is lost, the others' are not. */
  abandon (thread: number): void {
    const words = this.#words
    words.store(threadWord(thread, threadField.state), dead)
    const slot = words.load(threadWord(thread, threadField.inside)) - 1
    if (slot >= 0 && this.#phases[slot] === posted) this.end(slot, lost)
    words.store(threadWord(thread, threadField.inside), 0)
    // It may be the one that was woken, and another need not wait for its successor; and it may
    // have died after a bell, before its message was sent.
    wake(words, threadCountMax, threadCountMax)
    this.answer()
  }

  /** The slot a thread is inside of, or −1. */
  slotOf (thread: number): number {
    return this.#words.load(threadWord(thread, threadField.inside)) - 1
  }

  isDraining (slot: number): boolean { return this.#phases[slot] === draining }

  #look (slot: number): void {
    const words = this.#words
    if (this.#phases[slot] === posted) {
      const status = words.load(jobWord(slot, jobField.status))
      if (status === failed) {
        this.#drain(slot, status, words.load(jobWord(slot, jobField.error)))
      } else if (status === done) {
        // Every claim is accounted for, so nobody can touch its memory, whoever is inside.
        this.#events.ended(slot, status, 0)
        this.#free(slot)
      }
    } else if (this.#phases[slot] === draining && !this.#isOccupied(slot)) {
      this.#free(slot)
    }
  }

  // Sealed first, then looked at: a thread that goes inside later finds the seal.
  #drain (slot: number, status: number, error: number): void {
    const words = this.#words
    words.or(jobWord(slot, jobField.claim), sealed)
    words.store(urgencyWord(slot), 0)
    this.#phases[slot] = draining
    this.#events.ended(slot, status, error)
    if (!this.#isOccupied(slot)) this.#free(slot)
  }

  #isOccupied (slot: number): boolean {
    const threads = this.#words.load(crewWord)
    for (let thread = 1; thread < threads; thread++) {
      if (this.slotOf(thread) === slot) return true
    }
    return false
  }

  #free (slot: number): void {
    this.#words.store(urgencyWord(slot), 0)
    this.#phases[slot] = free
    let height = this.#height
    while (height > 0 && this.#phases[height - 1] === free) height--
    if (height < this.#height) this.#setHeight(height)
    this.#events.freed(slot)
  }

  #setHeight (height: number): void {
    this.#height = height
    this.#words.store(heightWord, height)
  }
}
