// The README's requests, run as a reader pastes them: every curl line against a service, its answer
// compared with the one that is printed below it.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { configRows } from '../src/config.ts'
import { losses } from '../src/losses/index.ts'
import { startService } from './service.ts'

const run = promisify(execFile)
const readme = readFileSync('README.md', 'utf8')

// A fenced block of shell with curl in it, and the block of JSON that follows at once, if one does.
const pattern = /```sh\n(curl [^`]+)```\n(?:\n```json\n([^`]+)```)?/g
const requests = [...readme.matchAll(pattern)]
  .map(([, command = '', answer]) => ({ command, answer }))

const curl = await run('curl', ['--version']).then(() => true, () => false)

t.test('the requests of the README answer what it says', { skip: !curl }, async t => {
  const service = await startService()
  t.teardown(service.stop)
  t.ok(requests.length >= 6, 'there are requests')
  t.ok(requests.every(({ command }) => command.includes('http://127.0.0.1:8080')))
  for (const { command, answer } of requests) {
    const pasted = command.replaceAll('http://127.0.0.1:8080', service.origin)
    const { stdout } = await run('sh', ['-c', pasted])
    const reply = JSON.parse(stdout) as { status?: number | string }
    // A problem has a number there.
    if (answer === undefined) t.not(typeof reply.status, 'number', command)
    else t.same(differences(reply, JSON.parse(answer)), [], command)
  }
})

t.test('the course’s snippets are among them', async t => {
  const answers = requests.map(({ answer = '{}' }) => JSON.parse(answer) as { loss?: number })
  // PyTorch 2.15, float32: L1Loss, MSELoss, CrossEntropyLoss, BCEWithLogitsLoss.
  for (const expected of [0.33333334, 0.12666667, 0.5373323, 0.4039166]) {
    t.ok(answers.some(({ loss = 0 }) => Math.abs(loss - expected) < 1e-6), String(expected))
  }
})

t.test('the README names every loss and every setting with its default', async t => {
  for (const { name } of losses) t.ok(readme.includes(`\`${name}\``), name)
  for (const row of Object.values(configRows)) {
    const line = new RegExp(`^\\| \`${row.variable}\` \\| ([^|]+) \\|`, 'm').exec(readme)
    const shown = row.variable === 'THREADS' ? 'CPUs' : String(row.default)
    t.equal(line?.[1]?.trim(), shown, row.variable)
  }
  const named = [...readme.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map(([, name]) => name)
  const known = Object.values(configRows).map(row => row.variable)
  t.same(named.filter(name => !known.some(variable => variable === name)), [], 'no other settings')
})

/** Where an answer differs from the printed one, by more than kernels may from CPU to CPU. */
function differences (found: unknown, expected: unknown, place = ''): string[] {
  if (typeof expected === 'number' && typeof found === 'number') {
    const near = Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected))
    return near ? [] : [`${place}: ${found} is not ${expected}`]
  }
  if (typeof expected === 'object' && expected !== null) {
    const parts = found as Record<string, unknown>
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(parts?.[key], value, `${place}/${key}`))
  }
  return found === expected ? [] : [`${place}: ${found} is not ${expected}`]
}
