// A thread of the workshop, whole: it imports what it will need, says that it is up, and does one
// piece of work after the other.

import { parentPort, workerData } from 'node:worker_threads'
import { LossdError } from '../errors.ts'
import type { Work } from '../kernels/apart.ts'
import type { Order, Outcome } from './workshop-message.ts'

const modules = workerData as readonly string[]
await Promise.all(modules.map(module => import(module)))
parentPort?.on('message', (order: Order) => { void answer(order) })
send({ up: true })

async function answer ({ module, name, given }: Order): Promise<void> {
  try {
    const exported = await import(module) as Readonly<Record<string, Work<unknown, unknown>>>
    send({ made: await exported[name]?.run(given) })
  } catch (fault) {
    send(fault instanceof LossdError
      ? { code: fault.code, message: fault.message, errors: fault.errors }
      : { fault: fault instanceof Error ? fault.stack ?? fault.message : String(fault) })
  }
}

function send (outcome: Outcome): void { parentPort?.postMessage(outcome) }
