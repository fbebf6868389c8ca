// A state of the model: shared words, what each thread knows, what the main thread is doing, and
// the books. Copied for every step, and known again by its hash.
//
// Three things keep the states few without losing an order that matters: results nobody uses are
// logged as 0; of counters that only rise and are only compared with themselves (epoch, bell) a
// state says whether what a thread read is what stands there; and what a thread cannot use any more
// is forgotten (see model-words.ts).

import type { Books } from './model-books.ts'

/** The index of the main thread. */
export const main = 0

/** A turn of the main thread’s event loop. */
export type Turn = 'post' | 'cancel' | 'message' | 'exit'

export interface Thread {
  /** Results of the operations of its turn so far. */
  log: number[]
  /** The word it sleeps on, or 0. */
  waitsOn: number
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

export interface World {
  readonly words: Int32Array
  readonly threads: Thread[]
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

export interface Choice {
  readonly thread: number
  readonly turn?: Turn
  readonly about?: number
  /** May happen, need not: something stuck is not excused by it. */
  readonly optional?: boolean
}

// Where the counters stand in the model, and what is added to what is read of them, so that the
// hash knows it.
export const epochPlace = 0
export const bellPlace = 1
export const epochMark = 2 ** 40
export const bellMark = 2 ** 41

// What a thread still knows: from `leaves` on it has worked.
export const slept = 1
export const armed = 3
export const idle = 2
export const drowsy = 4
export const alert = 5
export const retries = 10
export const leaves = 100
export const worked = 200
export const took = 1000

/** A thread at the start of a turn. */
export function born (): Thread {
  return {
    log: [], waitsOn: 0, forgotten: 0, memory: 0, epoch: -1, tried: 0, holds: -1, isDead: false
  }
}

/** The thread of a world. */
export function threadOf (world: World, thread: number): Thread {
  const found = world.threads[thread]
  if (found === undefined) throw new Error(`There is no thread ${thread}`)
  return found
}

export function copy (world: World): World {
  return {
    words: world.words.slice(),
    threads: world.threads.map(copyThread),
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
  log, forgotten, memory, epoch, tried, waitsOn, holds, isDead
}: Thread): Thread {
  return { log: log.slice(), forgotten, memory, epoch, tried, waitsOn, holds, isDead }
}

const turns: readonly (Turn | undefined)[] = [undefined, 'post', 'cancel', 'message', 'exit']

export function hash (world: World): number {
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
  for (const { log, forgotten, memory, epoch, tried, waitsOn, isDead } of world.threads) {
    mix((isDead ? 2 : 0) + (waitsOn > 0 ? 1 : 0))
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
