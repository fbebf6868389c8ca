// Small replies of one turn of the event loop leave together at its end. A client that sleeps has
// to be woken, which costs the service more than a small loss (on a virtual machine, a visit to its
// host): the first reply wakes it, and the others find it awake.

import { type IncomingMessage, ServerResponse } from 'node:http'

// More would let the first of many clients wait for all others.
const repliesMax = 16
// Of a larger reply the waking is a small part.
const bytesMax = 64 << 10

let waiting: Array<() => void> = []

function sendAll (): void {
  const sends = waiting
  waiting = []
  for (const send of sends) send()
}

/** A response that waits for the end of the turn if a small body is handed over whole. */
export class GatheredResponse<Request extends IncomingMessage> extends ServerResponse<Request> {
  override end (body?: unknown, encoding?: unknown, done?: unknown): this {
    const send = (): this => super.end(body, encoding as BufferEncoding, done as () => void)
    const small = (typeof body === 'string' || body instanceof Buffer) && body.length <= bytesMax
    if (!small) return send()
    if (waiting.length === 0) setImmediate(sendAll)
    if (waiting.push(send) === repliesMax) sendAll()
    return this
  }
}
