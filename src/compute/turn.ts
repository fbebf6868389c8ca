// A worker's half of the protocol: look for the most urgent job, claim a range of its chunks, run
// it, and, as the one who completed a step, begin the next. The main thread's half is board.ts.
//
// The words are touched only through `words`; everything a thread knows between two turns lies in
// shared memory, so that a test can run these very functions in all orders.

import {
  armedWord, asleep, awake, bellWord, crewWord, done, epochWord, failed, heightWord, jobField,
  jobWord, nextChunk, openAfter, running, sealed, shutAfter, slotCount, threadField, threadWord,
  urgencyWord
} from './job.ts'
import type { Words } from './words.ts'

/** What a thread can do with a program: see instances.ts. */
export interface Kernels {
  steps (args: number): number
  chunks (args: number, step: number): number
  /** Chunks in a claim, when `threads` share the step. */
  grain (args: number, step: number, threads: number): number
  /** Runs chunks first … last − 1 of a step; 0 or an error. */
  run (program: number, args: number, step: number, first: number, last: number): number
  /** Runs what follows the last chunk of a step; 0 or an error. */
  after (program: number, args: number, step: number): number
}

/** A worker thread as the protocol sees it. */
export interface Member {
  readonly words: Words
  readonly thread: number
  readonly kernels: Kernels
  /** Takes in programs that were sent. */
  readMail (): void
  /** Wakes the main thread. */
  ring (): void
}

/** One look for work and, if there is none, one sleep. False when the thread shall leave. */
export function takeTurn (member: Member): boolean {
  const { words, thread } = member
  // Read before everything else: whatever changes after this look also changes the epoch.
  const epoch = words.load(epochWord)
  if (words.load(threadWord(thread, threadField.stop)) !== 0) return false
  member.readMail()
  if (serve(member)) return true
  const state = threadWord(thread, threadField.state)
  // Marked first, compared then: who has made work rings first and looks for sleepers then.
  words.store(state, asleep)
  if (words.load(epochWord) === epoch) words.wait(state, asleep)
  else words.store(state, awake)
  return true
}

/** Wakes up to `count` of the workers below an index, having made something to claim. */
export function wake (words: Words, count: number, below: number): void {
  words.add(epochWord, 1)
  const threads = Math.min(below, words.load(crewWord))
  let woken = 0
  for (let thread = 1; thread < threads && woken < count; thread++) {
    const state = threadWord(thread, threadField.state)
    if (words.load(state) !== asleep) continue
    // The mark is what it sleeps on: one that was only about to sleep finds it changed and does
    // not.
    if (words.compareExchange(state, asleep, awake) !== asleep) continue
    words.notify(state, 1)
    woken++
  }
}

// Tries the jobs in order of urgency until one lets it claim something.
function serve (member: Member): boolean {
  const { words, thread } = member
  let tried: Set<number> | undefined
  // Every eighth time the oldest job comes first, so that long ones do not starve.
  const oldest = (words.load(threadWord(thread, threadField.claims)) & 7) === 7
  for (;;) {
    const slot = pick(words, tried, oldest)
    if (slot < 0) return false
    if (visit(member, slot)) return true
    tried ??= new Set()
    tried.add(slot)
  }
}

function pick (words: Words, tried: ReadonlySet<number> | undefined, oldest: boolean): number {
  const height = Math.min(words.load(heightWord), slotCount)
  let best = -1
  let bestUrgency = 0
  for (let slot = 0; slot < height; slot++) {
    const urgency = words.load(urgencyWord(slot))
    if (urgency === 0 || tried?.has(slot) === true) continue
    if (best < 0 || (oldest ? isOlder(urgency, bestUrgency) : urgency < bestUrgency)) {
      best = slot
      bestUrgency = urgency
    }
  }
  return best
}

// The low 26 bits of an urgency count arrivals and wrap around.
function isOlder (urgency: number, other: number): boolean {
  return (urgency - other) << 6 < 0
}

// Goes inside, claims a range if there is one, runs it, and leaves.
function visit (member: Member, slot: number): boolean {
  const { words, thread } = member
  // Before anything is claimed: who seals the claim and then sees nobody inside reuses the slot.
  words.store(threadWord(thread, threadField.inside), slot + 1)
  const worked = claimRange(member, slot)
  words.store(threadWord(thread, threadField.inside), 0)
  // After leaving: the main thread waits for this if it saw us inside when it sealed.
  if (words.load(jobWord(slot, jobField.claim)) < 0) ring(member)
  return worked
}

function claimRange (member: Member, slot: number): boolean {
  const { words, thread } = member
  for (;;) {
    const claim = words.load(jobWord(slot, jobField.claim))
    if (claim < 0) return false
    // These belong to the claim if it is still the same when it is swapped.
    const chunks = words.load(jobWord(slot, jobField.chunks))
    const first = nextChunk(claim)
    if (first >= chunks || thread >= words.load(jobWord(slot, jobField.threads))) return false
    const last = Math.min(first + words.load(jobWord(slot, jobField.grain)), chunks)
    const taken = claim + last - first
    if (words.compareExchange(jobWord(slot, jobField.claim), claim, taken) !== claim) continue
    // Nothing left to claim, until this range is done and a later step is opened.
    if (last === chunks) words.store(urgencyWord(slot), 0)
    runRange(member, slot, first, last, chunks)
    return true
  }
}

function runRange (
  member: Member, slot: number, first: number, last: number, chunks: number
): void {
  const { words, kernels } = member
  const program = words.load(jobWord(slot, jobField.program))
  const args = words.load(jobWord(slot, jobField.args)) >>> 0
  const step = words.load(jobWord(slot, jobField.step))
  const count = last - first
  // An empty step is claimed as if it had a chunk.
  const end = Math.min(last, kernels.chunks(args, step))
  let error = runChunks(member, program, args, step, first, end)
  if (error === 0 && words.add(jobWord(slot, jobField.done), count) + count === chunks) {
    error = advance(member, slot, program, args, step)
  }
  if (error !== 0) fail(member, slot, error)
}

function runChunks (
  { words, thread, kernels }: Member,
  program: number, args: number, step: number, first: number, last: number
): number {
  words.add(threadWord(thread, threadField.claims), 1)
  return first < last ? kernels.run(program, args, step, first, last) : 0
}

// By the thread that ran the last chunk of a step: nobody else holds a claim on this job. Steps
// that one claim can take run right here; one for several threads is opened. Returns 0 or an error.
function advance (
  member: Member, slot: number, program: number, args: number, step: number
): number {
  const { words, kernels } = member
  const steps = kernels.steps(args)
  let error = kernels.after(program, args, step)
  for (let next = step + 1; error === 0 && next < steps; next++) {
    const claim = words.load(jobWord(slot, jobField.claim))
    if (claim < 0) return 0
    const chunks = kernels.chunks(args, next)
    const grain = kernels.grain(args, next, words.load(crewWord) - 1)
    if (chunks > grain) {
      openStep(words, slot, claim, next, chunks, grain)
      return 0
    }
    error = runChunks(member, program, args, next, 0, chunks)
    if (error === 0) error = kernels.after(program, args, next)
  }
  if (error === 0) finish(member, slot)
  return error
}

// Shut, write, open. The swaps fail if the main thread has sealed the claim meanwhile: a plain
// store would break the seal. Urgency is set before the claim opens, since the first to come may
// take all and clear it; a thread that comes too early finds nothing, and the epoch brings it back.
function openStep (
  words: Words, slot: number, claim: number, step: number, chunks: number, grain: number
): void {
  const shut = shutAfter(claim)
  if (words.compareExchange(jobWord(slot, jobField.claim), claim, shut) !== claim) return
  words.store(jobWord(slot, jobField.done), 0)
  words.store(jobWord(slot, jobField.step), step)
  words.store(jobWord(slot, jobField.chunks), chunks)
  words.store(jobWord(slot, jobField.grain), grain)
  words.store(urgencyWord(slot), words.load(jobWord(slot, jobField.rank)))
  if (words.compareExchange(jobWord(slot, jobField.claim), shut, openAfter(shut)) !== shut) {
    words.store(urgencyWord(slot), 0)
    return
  }
  // This thread takes a range itself.
  wake(words, Math.ceil(chunks / grain) - 1, words.load(jobWord(slot, jobField.threads)))
}

// A job that was ended meanwhile stays what it is.
function finish (member: Member, slot: number): void {
  const status = member.words.compareExchange(jobWord(slot, jobField.status), running, done)
  if (status === running) ring(member)
}

function fail ({ words }: Member, slot: number, error: number): void {
  words.compareExchange(jobWord(slot, jobField.error), 0, error)
  words.compareExchange(jobWord(slot, jobField.status), running, failed)
  words.or(jobWord(slot, jobField.claim), sealed)
  words.store(urgencyWord(slot), 0)
}

// The main thread arms before it returns to its event loop; one message for many bells.
function ring (member: Member): void {
  member.words.add(bellWord, 1)
  if (member.words.exchange(armedWord, 0) === 1) member.ring()
}
