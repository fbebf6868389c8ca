// The chunks of a body as its socket gives them. Two habits of sockets would hold the main thread
// up: one socket gives megabytes in a turn of the loop, and each chunk lies in memory of its own
// that only a full collection of garbage frees, some milliseconds every hundred megabytes.

import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

/**
 * Hands on each chunk of a body, which is gone when `take` has returned. All that arrives shares a
 * turn of the loop: what is beyond it waits for the next. The body's end and its faults are left to
 * listeners.
 */
export function takeChunks (payload: Readable, take: (chunk: Buffer) => void): void {
  // Node makes each chunk of a request anew; those of a test may be used again.
  const isOurs = payload instanceof IncomingMessage
  payload.on('data', (chunk: Buffer) => {
    taken += chunk.length + chunkBytes
    take(chunk)
    if (isOurs) giveBack(chunk)
    if (taken < turnBytes) return
    payload.pause()
    if (waiting.push(payload) === 1) setImmediate(resumeAll)
  })
}

let taken = 0
const waiting: Readable[] = []

function resumeAll (): void {
  taken = 0
  for (const payload of waiting.splice(0)) payload.resume()
}

const turnBytes = 512 << 10
// A chunk of one byte takes as long as so many bytes do.
const chunkBytes = 1 << 10

/** Reads on to the end of a body that nobody wants, so that its connection can be used again. */
export function discardRest (payload: Readable): void {
  if (!(payload instanceof IncomingMessage) || payload.complete) return
  if (payload.listenerCount('data') === 0) takeChunks(payload, () => {})
}

// Who sends memory to another thread keeps none of it; nobody receives what is sent here.
const { port1: nowhere, port2: closed } = new MessageChannel()
closed.close()
nowhere.unref()

function giveBack ({ buffer, byteLength }: Buffer): void {
  if (byteLength < smallBytes || byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(null, [buffer])
}

// Sending costs more than a small chunk does.
const smallBytes = 16 << 10
