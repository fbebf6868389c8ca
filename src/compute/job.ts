// Where the words of the pool lie in the shared memory, and how a claim is written. Jobs are fixed
// records there: only numbers cross a thread.
//
//     byte   1024      EPOCH: rises when there is something to claim
//            1088      BELL: something has finished
//            1152      ARMED: 1 = the main thread wants a message at the next bell
//            1216      thread indices in use │ 1220  height: no slot from here on is in use
//            1280      thread t, 64 bytes each (0 = main, at most 64)
//                      │ state │ inside │ claims │ stop │ mail │
//            5376      urgency of slot s, 4 bytes each (256 slots: 16 cache lines to look through)
//            6400      job in slot s, 64 bytes each
//                      │ claim │ done │ status │ program │ args │ step │ chunks │ grain │
//                      │ rank │ error │ threads │
//           22784      end
//
//     claim  │ sealed 1 bit │ tag 11 bits │ next chunk 20 bits │
//
// All in one word, so that one compare-and-swap takes a range of chunks, and only of the very step
// that was looked at: the tag rises with every step and every use of a slot, and never resets.

export const epochWord = 1024 / 4
export const bellWord = 1088 / 4
export const armedWord = 1152 / 4
export const crewWord = 1216 / 4
export const heightWord = 1220 / 4

export const slotCount = 256
export const threadCountMax = 64
/** The most chunks a step may have. */
export const chunksMax = 0xffffe

/** The words of a thread. Each thread has its own cache line. */
export const threadField = {
  /** One of the states below; a thread sleeps on this very word. */
  state: 0,
  /** Slot + 1 while the thread works for that job, or looks whether it can: 0 outside. */
  inside: 1,
  /** Rises with every range it runs, so that the watch sees one that hangs. */
  claims: 2,
  /** Not 0: leave. */
  stop: 3,
  /** Rises when programs were sent or forgotten. */
  mail: 4
} as const

export function threadWord (thread: number, field: number): number {
  return 1280 / 4 + 16 * thread + field
}

/** States of a thread. */
export const dead = 0
export const awake = 1
export const asleep = 2

/** Not 0: the slot may have chunks to claim; the lowest comes first (see urgencyOf). */
export function urgencyWord (slot: number): number { return 5376 / 4 + slot }

/** The words of a job. */
export const jobField = {
  claim: 0,
  /** Chunks of the step that have been run. */
  done: 1,
  status: 2,
  program: 3,
  args: 4,
  step: 5,
  /** Chunks of the step; at least 1, so that an empty step is claimed too. */
  chunks: 6,
  /** Chunks in a claim. */
  grain: 7,
  /** Its urgency, for the steps that follow. */
  rank: 8,
  error: 9,
  /** Only threads with a lower index may run it: there is scratch for so many. */
  threads: 10
} as const

export function jobWord (slot: number, field: number): number {
  return 6400 / 4 + 16 * slot + field
}

/** Statuses of a job. It leaves `running` once, by compare-and-swap. */
export const running = 1
export const done = 2
/** A kernel trapped; the word `error` says how. */
export const failed = 3
export const cancelled = 4
/** The thread that ran a part of it has ended. */
export const lost = 5

/** Errors of a failed job. */
export const trapped = 1
export const programMissing = 2

const chunkMask = 0xfffff
const tagMask = 0x7ff
/** The sign bit: a claim below 0 is sealed, nobody may take from it or open it. */
export const sealed = 1 << 31

/** The next chunk nobody has claimed. */
export function nextChunk (claim: number): number { return claim & chunkMask }

/** What replaces a claim while the fields change: a new tag, nothing left to take, not sealed. */
export function shutAfter (claim: number): number { return tagAfter(claim) | chunkMask }

/** What replaces a shut claim when the fields stand: a new tag, all chunks to take. */
export function openAfter (claim: number): number { return tagAfter(claim) }

function tagAfter (claim: number): number { return (((claim >>> 20) + 1) & tagMask) << 20 }
