// What crosses between the workshop and one of its threads.

import type { ErrorCode, ErrorPlace } from '../errors.ts'

/** A piece of work: what to run, and on what. */
export interface Order {
  readonly module: string
  readonly name: string
  readonly given: unknown
}

/** What came of a piece: something made, an error of the table, a fault; or the thread is up. */
export type Outcome =
  | { readonly made: unknown }
  | { readonly code: ErrorCode, readonly message: string, readonly errors: readonly ErrorPlace[] }
  | { readonly fault: string }
  | { readonly up: true }
