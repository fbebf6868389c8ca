// JSON bodies that would hold the main thread up: they go into the heap as they come, and the pool
// reads their numbers there before their handler hears of them.

import type { FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { Heap } from '../buffer/heap.ts'
import type { Lease } from '../buffer/lease.ts'
import { copyBytes } from '../codec/copy-bytes.ts'
import type { Real } from '../codec/json-numbers.ts'
import type { Json } from '../codec/json-reader.ts'
import { LargeText } from '../codec/large-text.ts'
import { padTextMax } from '../codec/pad.ts'
import { codecOf } from '../compute/codec-work.ts'
import type { Machine } from '../compute/execute.ts'
import { LossdError } from '../errors.ts'
import { BinaryBody } from './binary-bodies.ts'
import { takeChunks } from './chunks.ts'
import { ClientSignal } from './patience.ts'
import { bodyTooLarge } from './replies.ts'

export interface BodySettings {
  readonly machine: Machine
  readonly bodyBytesMax: number
  readonly deadlineMs: number
}

/** A body whose numbers lie in the heap. */
export class LargeBody extends BinaryBody<Json> {
  /** Its text, where the route keeps it. */
  readonly bytes: Buffer
  readonly #gone: AbortSignal

  constructor (value: Json, lease: Lease, bytes: Buffer, gone: AbortSignal) {
    super(value, lease)
    this.bytes = bytes
    this.#gone = gone
  }

  /** Throws CANCELLED when the client has gone, and its numbers with it. */
  get value (): Json {
    if (this.#gone.aborted) throw new LossdError('CANCELLED')
    return this.content
  }
}

/** The length that is announced; NaN if none is. */
export function lengthOf ({ headers }: FastifyRequest): number {
  return Number(headers['content-length'])
}

export function wrongLength (announced: number, bytes: number): LossdError {
  return new LossdError('BAD_REQUEST',
    `The body has ${bytes} bytes; Content-Length says ${announced}`)
}

/** What numbers with a point are kept as: FP32, unless FP64 may be asked for. */
export function realOf (request: FastifyRequest, text: Buffer): Real {
  // Short texts are read as FP64 faster than they are searched.
  if (text.length < shortBytes || asksForDoubles(request)) return 'FP64'
  // The word may stand there in escapes.
  return text.includes('FP64') || text.includes('\\u') ? 'FP64' : 'FP32'
}

// What a session computes in was said when it was made.
function asksForDoubles ({ routeOptions, url }: FastifyRequest): boolean {
  return url.includes('FP64') || routeOptions.url?.startsWith('/v1/sessions') === true
}

const shortBytes = 1024

/**
 * A body that has more than padTextMax bytes or does not say how many; one that has fewer as it is.
 * Throws BAD_REQUEST, BAD_JSON, BODY_TOO_LARGE, HEAP_FULL, QUEUE_FULL, DEADLINE_EXCEEDED and
 * CANCELLED.
 */
export async function receiveLarge (
  request: FastifyRequest, payload: Readable, response: ServerResponse, settings: BodySettings
): Promise<Buffer | LargeBody> {
  const { machine: { heap }, deadlineMs, bodyBytesMax } = settings
  const announced = lengthOf(request)
  const lease = heap.lease()
  const elements = heap.lease()
  const signal = new ClientSignal(response)
  const leave = (): void => {
    lease.end()
    elements.end()
  }
  try {
    const text = announced > 0
      ? await receiveText(payload, announced, heap, lease)
      : await receiveChunks(payload, bodyBytesMax, heap, lease)
    if (Buffer.isBuffer(text)) {
      leave()
      return text
    }
    if (response.destroyed) throw new LossdError('CANCELLED')
    response.once('close', leave).once('finish', leave)
    const { bytes } = text
    const real = asksForDoubles(request) || text.mayNeedDoubles ? 'FP64' : 'FP32'
    const value = await codecOf(heap).read(text, elements, real,
      { deadlineMs, signal, lease })
    if (!keepsText(request)) lease.end()
    return new LargeBody(value, elements, bytes, signal)
  } catch (fault) {
    leave()
    throw fault
  }
}

// A session's metadata is kept as it stands.
function keepsText ({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === '/v1/sessions'
}

/** A text of a length that is known goes into the heap as it comes. */
async function receiveText (
  payload: Readable, length: number, heap: Heap, lease: Lease
): Promise<LargeText> {
  let text: LargeText | undefined
  const bytes = await receive(payload, length, chunk => {
    text ??= new LargeText(heap, lease, length, codecOf(heap).count)
    text.write(chunk)
  })
  if (text === undefined || bytes !== length) throw wrongLength(length, bytes)
  return text
}

/**
 * Where no length is announced, a text waits in the heap until it has come. Many chunks may be a
 * byte long: none is kept.
 */
async function receiveChunks (
  payload: Readable, bytesMax: number, heap: Heap, lease: Lease
): Promise<LargeText | Buffer> {
  const waiting = heap.lease()
  const blocks: Buffer[] = []
  let end = 0
  let free = 0
  try {
    const bytes = await receive(payload, bytesMax, chunk => {
      for (let from = 0; from < chunk.length;) {
        if (free === 0) {
          const address = waiting.allocate(blockBytes)
          free = blockBytes
          end = address + blockBytes
          blocks.push(heap.bytes.subarray(address, end))
        }
        const part = chunk.subarray(from, from + free)
        copyBytes(part, heap, end - free)
        free -= part.length
        from += part.length
      }
    })
    if (bytes <= padTextMax) return Buffer.concat(blocks, bytes)
    const text = new LargeText(heap, lease, bytes, codecOf(heap).count)
    for (const [index, block] of blocks.entries()) {
      text.write(block.subarray(0, bytes - index * blockBytes))
      await otherWork()
    }
    return text
  } finally {
    waiting.end()
  }
}

const blockBytes = 64 << 10

/**
 * Hands on each chunk and resolves with the bytes received. Throws BODY_TOO_LARGE; when all has
 * come, what `take` throws.
 */
function receive (
  payload: Readable, bytesMax: number, take: (chunk: Buffer) => void
): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    let fault: unknown
    takeChunks(payload, chunk => {
      bytes += chunk.length
      if (bytes > bytesMax) {
        fault = bodyTooLarge(bytesMax, undefined)
        reject(fault)
      }
      if (fault !== undefined) return
      try {
        take(chunk)
      } catch (reason) {
        // A client that is still sending may not see a reply.
        fault = reason
      }
    })
    payload.on('end', () => {
      if (fault === undefined) resolve(bytes)
      else reject(fault)
    })
    payload.on('error', reject)
  })
}
