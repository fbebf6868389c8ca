// What has really happened in the model: which chunks ran, which steps are complete, whose memory
// has been given back. Kept beside the protocol, and says at once what must not be.

/** Thrown when something must not be. */
export class Violation extends Error {}

export interface JobPlan {
  /** Chunks of each step; a claim takes one. */
  readonly steps: readonly number[]
  /** May be cancelled at any time. */
  readonly cancel?: boolean
  /** Its kernel traps in this step. */
  readonly trap?: number
}

const waiting = 0
const posted = 1
const ended = 2
const freed = 3

const begun = 1
const finished = 2

/** A job is known by its args: 100 × (its number + 1). */
export class Books {
  readonly #plans: readonly JobPlan[]
  /** For each job: life, steps completed, who works on it (bits), then a mark for each chunk. */
  readonly marks: Uint8Array
  readonly #starts: readonly number[]

  /** For a copy: the marks, and where those of each job begin. */
  constructor (plans: readonly JobPlan[], marks?: Uint8Array, starts?: readonly number[]) {
    this.#plans = plans
    this.#starts = starts ?? plans.map((_, job) => size(plans.slice(0, job)))
    this.marks = marks ?? new Uint8Array(size(plans))
  }

  copy (): Books { return new Books(this.#plans, this.marks.slice(), this.#starts) }

  nextToPost (): number {
    return this.#plans.findIndex((_, job) => this.#mark(job, 0) === waiting)
  }

  posting (job: number): { args: number, chunks: number, urgency: number } {
    return { args: 100 * (job + 1), chunks: this.#plans[job]?.steps[0] ?? 0, urgency: 1 + job }
  }

  mayCancel (job: number): boolean { return this.#mark(job, 0) === posted }

  post (job: number): void { this.#setLife(job, waiting, posted) }

  end (job: number, isDone: boolean): void {
    this.#setLife(job, posted, ended)
    if (!isDone) return
    const { steps } = this.plan(100 * (job + 1))
    if (this.#mark(job, 1) !== steps.length) {
      throw new Violation(`job ${job} is done before its steps`)
    }
    if (this.#mark(job, 2) !== 0) throw new Violation(`job ${job} is done while a thread runs it`)
  }

  free (job: number): void {
    this.#setLife(job, ended, freed)
    if (this.#mark(job, 2) !== 0) throw new Violation(`job ${job} is freed while a thread runs it`)
  }

  /** Why the world is not at its end; empty when it is. */
  unfinished (): string {
    const job = this.#plans.findIndex((_, job) => this.#mark(job, 0) !== freed)
    return job < 0 ? '' : `job ${job} has not been freed`
  }

  /** A record that is read, so it must be there, unless this was `before`. */
  plan (args: number, before = false): JobPlan {
    const job = args / 100 - 1
    const plan = this.#plans[job]
    if (plan === undefined) throw new Violation(`there is no record at ${args}`)
    if (!before && this.#mark(job, 0) === freed) {
      throw new Violation(`job ${job} is read after it was freed`)
    }
    return plan
  }

  begin (thread: number, args: number, step: number, first: number, last: number): number {
    const { trap } = this.plan(args)
    const job = args / 100 - 1
    this.#setWorking(job, thread, true)
    if (this.#mark(job, 1) !== step) {
      throw new Violation(`step ${step} of job ${job} runs in step ${this.#mark(job, 1)}`)
    }
    for (let chunk = first; chunk < last; chunk++) this.#setChunk(job, step, chunk, 0, begun)
    if (trap !== step) return 0
    this.#setWorking(job, thread, false)
    return 1
  }

  finish (thread: number, args: number, step: number, first: number, last: number): number {
    this.plan(args)
    const job = args / 100 - 1
    this.#setWorking(job, thread, false)
    for (let chunk = first; chunk < last; chunk++) this.#setChunk(job, step, chunk, begun, finished)
    return 0
  }

  after (args: number, step: number): number {
    const { steps } = this.plan(args)
    const job = args / 100 - 1
    if (this.#mark(job, 1) !== step) throw new Violation(`step ${step} of job ${job} ends twice`)
    for (let chunk = 0; chunk < (steps[step] ?? 0); chunk++) {
      if (this.marks[this.#place(job, step, chunk)] !== finished) {
        throw new Violation(`step ${step} of job ${job} ends before chunk ${chunk}`)
      }
    }
    this.#set(job, 1, step + 1)
    return 0
  }

  /** A thread has died, wherever it was. */
  interrupt (thread: number): void {
    for (const job of this.#plans.keys()) this.#setWorking(job, thread, false)
  }

  #setLife (job: number, from: number, to: number): void {
    if (this.#mark(job, 0) !== from) {
      throw new Violation(`job ${job} goes from life ${this.#mark(job, 0)} to ${to}`)
    }
    this.#set(job, 0, to)
  }

  #setWorking (job: number, thread: number, isWorking: boolean): void {
    const bits = this.#mark(job, 2)
    this.#set(job, 2, isWorking ? bits | 1 << thread : bits & ~(1 << thread))
  }

  #setChunk (job: number, step: number, chunk: number, from: number, to: number): void {
    const place = this.#place(job, step, chunk)
    if (this.marks[place] !== from) {
      throw new Violation(`chunk ${chunk} of step ${step} of job ${job} runs twice`)
    }
    this.marks[place] = to
  }

  #place (job: number, step: number, chunk: number): number {
    const { steps } = this.plan(100 * (job + 1))
    const chunks = steps[step] ?? 0
    if (chunk >= chunks) {
      throw new Violation(`there is no chunk ${chunk} in step ${step} of job ${job}`)
    }
    return (this.#starts[job] ?? 0) + 3 + total(steps.slice(0, step)) + chunk
  }

  #mark (job: number, place: number): number {
    return this.marks[(this.#starts[job] ?? 0) + place] ?? 0
  }

  #set (job: number, place: number, value: number): void {
    this.marks[(this.#starts[job] ?? 0) + place] = value
  }
}

function total (numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function size (plans: readonly JobPlan[]): number {
  return total(plans.map(({ steps }) => 3 + total(steps)))
}
