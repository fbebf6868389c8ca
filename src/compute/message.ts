// What crosses between the main thread and a worker beside the shared words: settings and programs
// on the way there, bells on the way back.

import type { MessagePort } from 'node:worker_threads'

/** What a worker is started with. */
export interface WorkerSettings {
  readonly memory: WebAssembly.Memory
  readonly thread: number
  /** Where programs arrive. */
  readonly mail: MessagePort
  readonly pin: boolean
  /**
   * A module whose `createWords` stands in for plain atomics: tests put delays and deaths there.
   */
  readonly wordsModule: string | undefined
}

/** A program to know, or without a module one to forget. */
export interface Mail {
  readonly program: number
  readonly module?: WebAssembly.Module
}

/** What a worker says: something has finished; it takes turns now; a kernel has thrown. */
export type Message = typeof bellMessage | typeof upMessage | { readonly trap: string }
export const bellMessage = 0
export const upMessage = 1
