// Before the service is ready it answers one case of every loss to itself: that compiles the common
// programs, and shows that kernels on this machine give the numbers written beside the formulas.

import { createJsonReader } from '../codec/json-reader.ts'
import type { Plain } from '../losses/index.ts'
import { catalogue } from './catalogue.ts'
import { answerLoss, type LossMachine } from './loss-answer.ts'

/** Answers the first case of every loss; the names of those whose numbers are wrong. */
export async function selfTest (machine: LossMachine): Promise<string[]> {
  const reader = createJsonReader()
  const wrong: string[] = []
  for (const entry of catalogue) {
    const example = entry.loss.cases.find(({ reply }) => reply !== undefined)
    if (example?.reply === undefined) continue
    const body = reader.read(Buffer.from(JSON.stringify(example.request)))
    const patience = { deadlineMs: selfTestMs, signal: new AbortController().signal }
    const reply = JSON.parse((await answerLoss(machine, entry, body, patience)).toString())
    const expected = example.reply
    const same = close(reply.loss, expected.loss) && Object.entries(expected.gradients)
      .every(([name, gradient]) => close(reply.gradients[name], gradient))
    if (!same) wrong.push(entry.loss.name)
  }
  return wrong
}

const selfTestMs = 5000
const tolerance = 1e-5

function close (found: unknown, expected: Plain): boolean {
  if (typeof expected === 'number') {
    const near = tolerance * (1 + Math.abs(expected))
    return typeof found === 'number' && Math.abs(found - expected) <= near
  }
  return Array.isArray(found) && found.length === expected.length &&
    expected.every((each, index) => close(found[index], each))
}
