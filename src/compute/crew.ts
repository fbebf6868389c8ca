// The worker threads: started, sent programs, replaced when they end or hang, stopped at the end.
// What this means for jobs is the board's matter: the crew says only that a thread has gone for
// good.
//
//     starting ──up──▶ working ──exit──▶ gone ──back-off──▶ starting, with the same index
//                         │
//                   terminate ──1 s without exit──▶ zombie: its index and the memory of its job are
//                                                   not used again; another starts on a new index

import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import type { Program } from '../kernels/program.ts'
import { crewWord, dead, threadCountMax, threadField, threadWord } from './job.ts'
import type { Entry } from './library.ts'
import { bellMessage, type Mail, type Message, upMessage, type WorkerSettings } from './message.ts'
import { startWorker } from './start-worker.ts'
import { wake } from './turn.ts'
import type { Words } from './words.ts'

/** Something that went wrong with a thread, for the log. */
export interface Fault {
  readonly kind: 'trap' | 'lost' | 'hung' | 'zombie' | 'fatal'
  readonly thread: number
  readonly detail: string
}

export interface CrewSettings {
  readonly memory: WebAssembly.Memory
  readonly words: Words
  readonly threads: number
  readonly pin: boolean
  readonly wordsModule: string | undefined
  /** Programs that a thread must know from its first turn. */
  readonly programs: () => Iterable<Program>
}

export interface CrewEvents {
  /** A worker says that something has finished. */
  bell (): void
  /** A thread has ended for good. */
  gone (thread: number): void
  /** A thread's index will not be used again. */
  retired (thread: number): void
  fault (fault: Fault): void
}

interface Member {
  readonly thread: number
  readonly worker: Worker
  readonly mail: MessagePort
  /** Programs that were sent. */
  readonly known: Set<number>
  upAtMs: number
  terminatedAtMs: number
  zombie: boolean
}

const backOffMsMax = 500
const shortLifeMs = 250
const zombieAfterMs = 1000
const startsMax = 10

/** All worker threads. */
export class Crew {
  readonly #settings: CrewSettings
  readonly #events: CrewEvents
  readonly #members = new Map<number, Member>()
  readonly #zombies = new Set<Member>()
  /** Short lives in a row, by thread. */
  readonly #shortLives = new Map<number, number>()
  #indices = 1
  #generation = 0
  #respawns = 0
  #closing = false
  #up = 0
  readonly ready: Promise<void>
  #setReady: () => void = () => {}
  #setFailed: (reason: Error) => void = () => {}

  constructor (settings: CrewSettings, events: CrewEvents) {
    if (settings.threads >= threadCountMax) {
      throw new RangeError(
        `A pool has at most ${threadCountMax - 1} threads; got ${settings.threads}`)
    }
    this.#settings = settings
    this.#events = events
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve
      this.#setFailed = reject
    })
    // Who does not wait for it hears of it as a fault.
    this.ready.catch(() => {})
    for (let count = 0; count < settings.threads; count++) this.#spawn(this.#indices++)
  }

  /** Thread indices that may run kernels, 0 for the main thread included. */
  get indices (): number { return this.#indices }
  get alive (): number { return this.#members.size }
  get respawns (): number { return this.#respawns }
  get zombies (): number { return this.#zombies.size }
  /** True while a thread is being ended. */
  get isEnding (): boolean {
    return [...this.#members.values()].some(member => member.terminatedAtMs > 0)
  }

  threads (): Iterable<number> { return this.#members.keys() }

  /** Sees to it that every worker knows a program before a job that needs it is posted. */
  send (entry: Entry): void {
    if (entry.generation === this.#generation) return
    entry.generation = this.#generation
    for (const member of this.#members.values()) this.#sendTo(member, entry.program)
  }

  /** Lets every worker drop a program; no job may need it. */
  forget (program: number): void {
    let sent = false
    for (const { thread, known, mail } of this.#members.values()) {
      if (!known.delete(program)) continue
      post(mail, { program })
      this.#settings.words.add(threadWord(thread, threadField.mail), 1)
      sent = true
    }
    // Sleepers too, or what they were sent would pile up.
    if (sent) wake(this.#settings.words, threadCountMax, threadCountMax)
  }

  /** Ends a thread that hangs; `gone` follows when it has ended. False if that is under way. */
  terminate (thread: number): boolean {
    const member = this.#members.get(thread)
    if (member === undefined || member.terminatedAtMs > 0) return false
    member.terminatedAtMs = performance.now()
    member.worker.terminate().catch(() => {})
    this.#fault('hung', thread, `Worker ${thread} is ended`)
    return true
  }

  /** Gives up threads that do not end although they were told to. */
  check (): void {
    const nowMs = performance.now()
    for (const member of this.#members.values()) {
      const { terminatedAtMs } = member
      if (terminatedAtMs > 0 && nowMs - terminatedAtMs > zombieAfterMs) this.#retire(member)
    }
  }

  /** Lets all threads leave after their turn; those that do not within the time are ended. */
  async close (graceMs: number): Promise<void> {
    this.#closing = true
    const { words } = this.#settings
    const members = [...this.#members.values()]
    const exits = members.map(({ worker }) => new Promise(resolve => worker.once('exit', resolve)))
    for (const { worker, thread } of members) {
      worker.ref()
      words.store(threadWord(thread, threadField.stop), 1)
    }
    wake(words, threadCountMax, threadCountMax)
    await within(graceMs, exits)
    for (const thread of [...this.#members.keys()]) this.terminate(thread)
    await within(zombieAfterMs, exits)
    for (const { worker } of [...this.#members.values(), ...this.#zombies]) worker.unref()
  }

  #spawn (thread: number): void {
    const { memory, words, pin, wordsModule } = this.#settings
    words.store(threadWord(thread, threadField.state), dead)
    words.store(threadWord(thread, threadField.stop), 0)
    words.store(threadWord(thread, threadField.mail), 0)
    words.store(crewWord, this.#indices)
    const { port1: mail, port2 } = new MessageChannel()
    const settings: WorkerSettings = { memory, thread, mail: port2, pin, wordsModule }
    const worker = startWorker(new URL('./worker.js', import.meta.url), {
      workerData: settings, transferList: [port2]
    })
    const known = new Set<number>()
    const member = { thread, worker, mail, known, upAtMs: 0, terminatedAtMs: 0, zombie: false }
    this.#members.set(thread, member)
    this.#generation++
    mail.unref()
    for (const program of this.#settings.programs()) this.#sendTo(member, program)
    worker.on('message', (message: Message) => this.#receive(member, message))
    // A worker may throw anything, null too; it is the exit that counts.
    worker.on('error', reason => this.#fault('lost', thread, String(reason)))
    worker.on('exit', code => this.#exited(member, code))
  }

  #sendTo ({ thread, mail, known }: Member, { id, module }: Program): void {
    if (known.has(id)) return
    known.add(id)
    post(mail, { program: id, module })
    // After the message: who sees the word rise finds it.
    this.#settings.words.add(threadWord(thread, threadField.mail), 1)
  }

  #receive (member: Member, message: Message): void {
    if (message === bellMessage) {
      this.#events.bell()
    } else if (message === upMessage) {
      member.upAtMs = performance.now()
      // From here on only work keeps the process alive.
      member.worker.unref()
      if (++this.#up >= this.#settings.threads) this.#setReady()
    } else {
      this.#fault('trap', member.thread, message.trap)
    }
  }

  #exited (member: Member, code: number): void {
    const { thread, mail, zombie } = member
    mail.close()
    if (zombie) this.#zombies.delete(member)
    else this.#members.delete(thread)
    this.#events.gone(thread)
    if (zombie || this.#closing) return
    this.#fault('lost', thread, `Worker ${thread} ended with code ${code}`)
    this.#replace(member)
  }

  // At once after a long life; after short ones 20, 40, 80 … ms later, so that a poisonous job or a
  // worker that cannot start does not burn the CPU.
  #replace ({ thread, upAtMs }: Member): void {
    const isShort = upAtMs === 0 || performance.now() - upAtMs < shortLifeMs
    const shortLives = isShort ? (this.#shortLives.get(thread) ?? 0) + 1 : 0
    this.#shortLives.set(thread, shortLives)
    const isStarting = this.#up < this.#settings.threads
    if (isStarting && shortLives >= startsMax) {
      this.#fault('fatal', thread, `Worker ${thread} does not start`)
      this.#setFailed(new Error(`Worker ${thread} does not start`))
    } else if (shortLives < 2) {
      this.#respawn(thread)
    } else {
      const waitMs = Math.min(backOffMsMax, 10 * 2 ** Math.min(shortLives - 1, 10))
      const timer = setTimeout(() => this.#respawn(thread), waitMs)
      // Whoever waits for `ready` keeps the process alive, as do jobs.
      if (!isStarting) timer.unref()
    }
  }

  #respawn (thread: number): void {
    if (this.#closing) return
    this.#respawns++
    this.#spawn(thread)
  }

  #retire (member: Member): void {
    const { thread } = member
    member.zombie = true
    this.#members.delete(thread)
    this.#zombies.add(member)
    this.#fault('zombie', thread, `Worker ${thread} survives its end`)
    if (this.#indices < threadCountMax) this.#spawn(this.#indices++)
    else this.#fault('fatal', thread, 'No thread index is left')
    this.#events.retired(thread)
  }

  #fault (kind: Fault['kind'], thread: number, detail: string): void {
    this.#events.fault({ kind, thread, detail })
  }
}

function post (port: MessagePort, mail: Mail): void { port.postMessage(mail) }

async function within (timeMs: number, promises: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const time = new Promise(resolve => { timer = setTimeout(resolve, timeMs) })
  await Promise.race([Promise.all(promises), time])
  clearTimeout(timer)
}
