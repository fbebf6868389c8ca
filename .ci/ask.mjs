// Waits until the service whose log is given is ready, then asks it one loss: exits 0 if the
// answer is PyTorch's. Usage: node .ci/ask.mjs LOG

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const origin = await listening(process.argv[2])
const reply = await fetch(`${origin}/v1/losses/l1`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ input: [[1.0], [2.5], [0.0]], target: [[1.2], [2.2], [0.5]] })
})
assert.equal(reply.status, 200)
const { loss, gradients } = await reply.json()
assert.equal(loss, 0.33333334)
assert.deepEqual(gradients.input, [[-0.33333334], [0.33333334], [-0.33333334]])

/** The address in the log, once its service says that it is ready; fails after 20 s. */
async function listening (log) {
  for (let tries = 0; tries < 200; tries++) {
    const origin = readFileSync(log, 'utf8').match(/http:\/\/127\.0\.0\.1:\d+/)?.[0]
    const ready = origin && (await fetch(`${origin}/health/ready`).catch(() => undefined))
    if (ready?.status === 200) return origin
    await sleep(100)
  }
  throw new Error('the service was not ready within 20 s')
}
