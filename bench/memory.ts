// Memory of the service while large binary bodies arrive at once: what it needs beside the heap,
// and what becomes of bodies that do not fit. Run by `node dist/bench/memory.js`.

import { request } from 'node:http'
import { startService } from '../test/service.ts'
import { encode } from '../test/safetensors.ts'

const mebibyte = 2 ** 20
const clients = 10
// 64 MiB in all, the limit, of which the header takes a little.
const elements = (64 * mebibyte - 512) / 8
const bytes = new Uint8Array(4 * elements)
const tensor = { dtype: 'F32', shape: [elements], bytes }
const body = encode({ input: tensor, target: tensor })

for (const megabytes of [1536, 512]) {
  const { origin, stop } = await startService({ MEMORY_MB: String(megabytes), LOG_LEVEL: 'info' })
  const before = await settled(origin)
  let peak = before
  const watch = setInterval(() => {
    void residentBytes(origin).then(resident => { peak = Math.max(peak, resident) })
  }, 50)
  const started = performance.now()
  const statuses = await Promise.all(Array.from({ length: clients }, () => send(origin)))
  const seconds = (performance.now() - started) / 1000
  clearInterval(watch)
  const served = statuses.filter(status => status === 200).length
  const refused = statuses.filter(status => status === 503).length
  const used = await gauge(origin, 'heap_used_bytes')
  const above = Math.round((peak - before) / mebibyte)
  console.log(`${clients} bodies of 64 MiB, heap of ${megabytes} MiB: ${served} answered, ` +
    `${refused} told 503, in ${seconds.toFixed(1)} s; resident memory rose by ${above} MiB; ` +
    `${used} bytes of the heap are lent after it`)
  if (served + refused !== clients || used !== 0) process.exitCode = 1
  await stop()
}

/** The status of one request, whose reply is read to its end. */
function send (origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const headers = {
      'content-type': 'application/vnd.safetensors', 'content-length': String(body.length)
    }
    const path = '/v1/losses/mse'
    const sent = request({ hostname, port, path, method: 'POST', headers }, reply => {
      reply.resume().on('end', () => resolve(reply.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Resident memory once the pages of the heap have been touched. */
async function settled (origin: string): Promise<number> {
  let last = 0
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 1000))
    const now = await residentBytes(origin)
    if (now - last < mebibyte) return now
    last = now
  }
}

function residentBytes (origin: string): Promise<number> {
  return gauge(origin, 'process_resident_memory_bytes')
}

async function gauge (origin: string, name: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}
