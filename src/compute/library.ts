// The programs the pool knows, so that threads keep no more of them than a limit: the one that was
// not used for longest goes, and is sent again should it return. One in use never goes.

import type { Program } from '../kernels/program.ts'

/** A program and its place in the library. */
export interface Entry {
  readonly program: Program
  /** Jobs that were posted and have not been freed. */
  users: number
  /** When it was last used. */
  stamp: number
  /** The crew that has been sent it; see crew.ts. */
  generation: number
  /** To be forgotten when its last user leaves. */
  doomed: boolean
}

export class Library {
  readonly #entries = new Map<number, Entry>()
  readonly #limit: number
  readonly #dropped: (program: number) => void
  #clock = 0

  constructor (programsMax: number, dropped: (program: number) => void) {
    this.#limit = programsMax
    this.#dropped = dropped
  }

  get size (): number { return this.#entries.size }

  /** The entry of a program that is about to be used. */
  find (program: Program): Entry {
    const entry = this.#entries.get(program.id) ?? this.#add(program)
    entry.stamp = ++this.#clock
    entry.doomed = false
    return entry
  }

  /** Ends one use. */
  leave (entry: Entry): void {
    entry.users--
    if (entry.doomed && entry.users === 0) this.#drop(entry)
  }

  forget (program: number): void {
    const entry = this.#entries.get(program)
    if (entry === undefined) return
    entry.doomed = true
    if (entry.users === 0) this.#drop(entry)
  }

  /** Programs of jobs under way: what a worker that comes later must know. */
  * inUse (): Iterable<Program> {
    for (const { program, users } of this.#entries.values()) if (users > 0) yield program
  }

  #add (program: Program): Entry {
    if (this.#entries.size >= this.#limit) this.#evict()
    const entry = { program, users: 0, stamp: 0, generation: 0, doomed: false }
    this.#entries.set(program.id, entry)
    return entry
  }

  #evict (): void {
    let oldest: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (entry.users === 0 && entry.stamp < (oldest?.stamp ?? Infinity)) oldest = entry
    }
    if (oldest !== undefined) this.#drop(oldest)
  }

  #drop (entry: Entry): void {
    this.#entries.delete(entry.program.id)
    this.#dropped(entry.program.id)
  }
}
