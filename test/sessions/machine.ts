// A heap and a pool for tests of sessions, and what all of them need: bodies as codec reads them.

import type { Test } from 'tap'
import { Heap } from '../../src/buffer/heap.ts'
import { isJsonObject, type Json, type JsonObject, readJson } from '../../src/codec/json-reader.ts'
import { type CountElements, LargeText } from '../../src/codec/large-text.ts'
import { padTextMax } from '../../src/codec/pad.ts'
import { writeTables } from '../../src/codec/tables.ts'
import { codecModule, openCodec } from '../../src/compute/open-codec.ts'
import type { Machine } from '../../src/compute/execute.ts'
import { Pool, type PoolSettings } from '../../src/compute/pool.ts'
import { OperationMemory } from '../../src/sessions/memory.ts'
import type { Session, StepResult, Turn } from '../../src/sessions/session.ts'

/** A machine that closes with the test. */
export async function machineOf (
  t: Test, settings: Partial<PoolSettings> = {}, bytes = 128 << 20
): Promise<Machine> {
  const heap = Heap.create({ bytes })
  const pool = new Pool({ memory: heap.memory, threads: 1, ...settings })
  t.teardown(() => pool.close())
  return { heap, pool }
}

await openCodec()

/** A value as the body of a request; a large one lies in a machine's heap. */
export function bodyOf (value: unknown, memory?: OperationMemory): JsonObject {
  const bytes = Buffer.from(JSON.stringify(value))
  const body = memory !== undefined && bytes.length > padTextMax
    ? readLarge(bytes, memory)
    : readJson(bytes)
  if (!isJsonObject(body)) throw new Error('the body is no object')
  return body
}

function readLarge (bytes: Buffer, { heap, lease }: OperationMemory): Json {
  writeTables(heap.memory)
  const { exports } = new WebAssembly.Instance(codecModule(), { lossd: { memory: heap.memory } })
  const run = exports['k0'] as (record: number, first: number, last: number) => void
  const text = new LargeText(heap, lease, bytes.length, exports['countElements'] as CountElements)
  text.write(bytes)
  const record = text.begin(lease, 'FP64')
  while (text.advance()) run(record, 0, 1)
  return text.read()
}

/** One step whose results nobody needs as tensors. */
export async function stepOnce (
  { heap }: Machine, session: Session, body: unknown, turn: Turn = {}
): Promise<StepResult> {
  const memory = new OperationMemory(heap)
  try {
    return await session.runStep(bodyOf(body, memory), memory, turn)
  } finally {
    memory.lease.end()
  }
}

/** Replaces a session's parameters. */
export async function putParameters (
  { heap }: Machine, session: Session, body: unknown, turn: Turn = {}
): Promise<void> {
  const memory = new OperationMemory(heap)
  try {
    await session.replaceParameters(bodyOf(body, memory), memory, turn)
  } finally {
    memory.lease.end()
  }
}
