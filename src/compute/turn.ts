// A worker's half of the protocol: look for the most urgent job, claim a range of its chunks, run
// it, and, as the one who completed a step, begin the next. The main thread's half is board.ts.
//
// The words are touched only through `words`; everything a thread knows between two turns lies in
// shared memory, so that a test can run these very functions in all orders.

import {
  armedWord, asleep, awake, bellWord, crewWord, done, epochWord, failed, heightWord, jobWord,
  nextChunk, openAfter, running, sealed, shutAfter, slotCount, threadWord, urgencyWord
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
  if (words.load(threadWord(thread, 'stop')) !== 0) return false
  member.readMail()
  if (serve(member)) return true
  words.store(threadWord(thread, 'state'), asleep)
  words.wait(epochWord, epoch)
  words.store(threadWord(thread, 'state'), awake)
  return true
}

/** Wakes up to `count` workers, having made something to claim. */
export function wake (words: Words, count: number): void {
  words.add(epochWord, 1)
  // A thread that is not yet marked asleep will compare the epoch before it sleeps.
  const threads = words.load(crewWord)
  for (let thread = 1; thread < threads; thread++) {
    if (words.load(threadWord(thread, 'state')) === asleep) {
      words.notify(epochWord, count)
      return
    }
  }
}

// Tries the jobs in order of urgency until one lets it claim something.
function serve (member: Member): boolean {
  const { words, thread } = member
  const tried = new Set<number>()
  // Every eighth time the oldest job comes first, so that long ones do not starve.
  const oldest = (words.load(threadWord(thread, 'claims')) & 7) === 7
  for (;;) {
    const slot = pick(words, tried, oldest)
    if (slot < 0) return false
    if (visit(member, slot)) return true
    tried.add(slot)
  }
}

function pick (words: Words, tried: ReadonlySet<number>, oldest: boolean): number {
  const height = Math.min(words.load(heightWord), slotCount)
  let best = -1
  let bestUrgency = 0
  for (let slot = 0; slot < height; slot++) {
    const urgency = words.load(urgencyWord(slot))
    if (urgency === 0 || tried.has(slot)) continue
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
  words.store(threadWord(thread, 'inside'), slot + 1)
  const worked = claimRange(member, slot)
  words.store(threadWord(thread, 'inside'), 0)
  // After leaving: the main thread waits for this if it saw us inside when it sealed.
  if (words.load(jobWord(slot, 'claim')) < 0) ring(member)
  return worked
}

function claimRange (member: Member, slot: number): boolean {
  const { words, thread } = member
  for (;;) {
    const claim = words.load(jobWord(slot, 'claim'))
    if (claim < 0) return false
    // These belong to the claim if it is still the same when it is swapped.
    const chunks = words.load(jobWord(slot, 'chunks'))
    const first = nextChunk(claim)
    if (first >= chunks || thread >= words.load(jobWord(slot, 'threads'))) return false
    const last = Math.min(first + words.load(jobWord(slot, 'grain')), chunks)
    const taken = claim + last - first
    if (words.compareExchange(jobWord(slot, 'claim'), claim, taken) !== claim) continue
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
  const program = words.load(jobWord(slot, 'program'))
  const args = words.load(jobWord(slot, 'args')) >>> 0
  const step = words.load(jobWord(slot, 'step'))
  const error = runChunks(member, program, args, step, first, Math.min(last, kernels.chunks(args, step)))
  if (error !== 0) return fail(member, slot, error)
  const count = last - first
  if (words.add(jobWord(slot, 'done'), count) + count === chunks) {
    advance(member, slot, program, args, step)
  }
}

function runChunks (
  { words, thread, kernels }: Member,
  program: number, args: number, step: number, first: number, last: number
): number {
  words.add(threadWord(thread, 'claims'), 1)
  return first < last ? kernels.run(program, args, step, first, last) : 0
}

// By the thread that ran the last chunk of a step: nobody else holds a claim on this job.
function advance (
  member: Member, slot: number, program: number, args: number, step: number
): void {
  const { words, kernels } = member
  const steps = kernels.steps(args)
  for (let next = step + 1; ; next++) {
    let error = kernels.after(program, args, next - 1)
    if (error !== 0) return fail(member, slot, error)
    if (next === steps) return finish(member, slot)
    const claim = words.load(jobWord(slot, 'claim'))
    if (claim < 0) return
    const chunks = kernels.chunks(args, next)
    const grain = kernels.grain(args, next, words.load(crewWord) - 1)
    if (chunks > grain) return openStep(words, slot, claim, next, chunks, grain)
    error = runChunks(member, program, args, next, 0, chunks)
    if (error !== 0) return fail(member, slot, error)
  }
}

// Shut, write, open. The swaps fail if the main thread has sealed the claim meanwhile: a plain store
// would break the seal. Urgency is set before the claim opens, since the first to come may take all
// and clear it; a thread that comes too early finds nothing, and the epoch brings it back.
function openStep (
  words: Words, slot: number, claim: number, step: number, chunks: number, grain: number
): void {
  const shut = shutAfter(claim)
  if (words.compareExchange(jobWord(slot, 'claim'), claim, shut) !== claim) return
  words.store(jobWord(slot, 'done'), 0)
  words.store(jobWord(slot, 'step'), step)
  words.store(jobWord(slot, 'chunks'), chunks)
  words.store(jobWord(slot, 'grain'), grain)
  words.store(urgencyWord(slot), words.load(jobWord(slot, 'rank')))
  if (words.compareExchange(jobWord(slot, 'claim'), shut, openAfter(shut)) !== shut) {
    words.store(urgencyWord(slot), 0)
    return
  }
  // This thread takes a range itself.
  wake(words, Math.ceil(chunks / grain) - 1)
}

// A job that was ended meanwhile stays what it is.
function finish (member: Member, slot: number): void {
  const status = member.words.compareExchange(jobWord(slot, 'status'), running, done)
  if (status === running) ring(member)
}

function fail ({ words }: Member, slot: number, error: number): void {
  words.compareExchange(jobWord(slot, 'error'), 0, error)
  words.compareExchange(jobWord(slot, 'status'), running, failed)
  words.or(jobWord(slot, 'claim'), sealed)
  words.store(urgencyWord(slot), 0)
}

// The main thread arms before it returns to its event loop; one message for many bells.
function ring (member: Member): void {
  member.words.add(bellWord, 1)
  if (member.words.exchange(armedWord, 0) === 1) member.ring()
}
