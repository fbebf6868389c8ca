// How long work may take, from what a program's record says of its steps; and what follows from it:
// how much of a step one claim takes, and which job comes first. Estimates decide about speed only.
//
//     record   i32 steps │ at 16 + 16 s: i32 chunks of step s, i32 nanoseconds per chunk

/** A claim takes about so long: a short job beside a long one waits no longer. */
const quantumNanoseconds = 100_000
/** A step shorter than this is not worth a second thread. */
const undividedNanoseconds = 40_000
/** So many claims for each thread, so that all end at about the same time. */
const claimsPerThread = 4

const arrivalMask = 0x3ffffff

export function stepsOf (heap: Int32Array, args: number): number { return heap[args >>> 2] ?? 0 }

export function chunksOf (heap: Int32Array, args: number, step: number): number {
  return heap[(args >>> 2) + 4 + 4 * step] ?? 0
}

export function nanosecondsOf (heap: Int32Array, args: number, step: number): number {
  return heap[(args >>> 2) + 5 + 4 * step] ?? 0
}

/** The whole job on one thread. */
export function jobNanoseconds (heap: Int32Array, args: number): number {
  const steps = stepsOf(heap, args)
  let total = 0
  for (let step = 0; step < steps; step++) {
    total += chunksOf(heap, args, step) * nanosecondsOf(heap, args, step)
  }
  return total
}

/** Chunks in a claim, when `threads` share a step. */
export function grainOf (chunks: number, nanoseconds: number, threads: number): number {
  if (chunks * nanoseconds < undividedNanoseconds) return Math.max(1, chunks)
  const share = Math.ceil(chunks / (claimsPerThread * threads))
  return Math.max(1, Math.min(share, Math.floor(quantumNanoseconds / nanoseconds)))
}

/**
 * Short jobs first, by powers of two of a microsecond, then as they came: lower is earlier, never
 * 0.
 */
export function urgencyOf (nanoseconds: number, arrival: number): number {
  const power = Math.min(31, Math.floor(Math.log2(Math.max(1, nanoseconds / 1000))))
  return (power * (arrivalMask + 1) + (arrival & arrivalMask)) || 1
}
