// Memory under many formulas: a thousand different texts, one after the other over HTTP, leave it
// where the first hundreds had brought it. What is kept is bounded, and small.

import t from 'tap'
import { startService } from './service.ts'

const mebibyte = 2 ** 20
const count = 1000
/** Threads have grown their heaps by then, and caches are half full. */
const warm = 250
/** What is kept beyond: some hundred programs of 20 KB, and the allocator's own waste. */
const growthMax = 48 * mebibyte

const texts: readonly ((k: number) => string)[] = [
  k => `tanh(input * ${k}) * target`,
  k => `softplus(input) - input * target + ${k}`,
  k => `abs(input - target) < ${k} ? (input - target) ** 2 : abs(input - target)`,
  k => `exp(input - ${k}) - target * log(${k} + 0.5)`,
  k => `-log_softmax(input * ${k}, -1) * target`
]

t.test(`${count} formulas leave memory where it was`, async t => {
  const { origin, stop } = await startService({ MEMORY_MB: '64', THREADS: '1', LOG_LEVEL: 'info' })
  t.teardown(stop)
  const headers = { 'content-type': 'application/json' }
  const resident = async (): Promise<number> => {
    const metrics = await (await fetch(`${origin}/metrics`)).text()
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1])
  }
  const curve: string[] = []
  let before = Number.NaN
  for (let index = 1; index <= count; index++) {
    const formula = texts[index % texts.length]?.(index)
    const body = { formula, input: [[0.5, -2, 1], [1, 2, 3]], target: [[1, 0, 0], [0, 1, 0]] }
    const reply = await fetch(`${origin}/v1/formulas`,
      { method: 'POST', headers, body: JSON.stringify(body) })
    if (reply.status !== 200) t.fail(await reply.text())
    else await reply.arrayBuffer()
    if (index === warm) before = await resident()
    if (index % warm === 0) curve.push(`${index}: ${Math.round(await resident() / mebibyte)} MiB`)
  }
  const grown = await resident() - before
  t.ok(grown < growthMax, `${Math.round(grown / mebibyte)} MiB more; ${curve.join(', ')}`)
  t.comment(curve.join(', '))
})
