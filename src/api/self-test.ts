// Before the service is ready it answers one case of each common loss to itself: that compiles
// their programs, and shows that kernels on this machine give the numbers beside the formulas.
// Later, when it holds nobody up, it answers those that take longest to compile. The others are
// compiled when they are asked for; all together would take seconds.

import { whenFinished } from '../compute/when-finished.ts'
import type { Plain } from '../losses/index.ts'
import { readObject } from './bodies.ts'
import { catalogue, type LossEntry } from './catalogue.ts'
import { type AnswerLoss, createLossAnswers, type LossMachine } from './loss-answer.ts'

/** What every course begins with. */
export const common: ReadonlySet<string> =
  new Set(['mse', 'l1', 'cross-entropy', 'bce', 'bce-with-logits'])

/** A recurrence, an order, products of matrices. */
export const heavy: ReadonlySet<string> = new Set(['ctc', 'lovasz-softmax', 'clip'])

/** Answers the first case of these losses; what is wrong with whose numbers. */
export async function selfTest (
  { machine }: Pick<LossMachine, 'machine'>, losses: ReadonlySet<string>
): Promise<string[]> {
  const answer = createLossAnswers({ machine, tensorsMax: 64, resultElementsMax: 1 << 20 })
  const wrong: string[] = []
  for (const entry of catalogue.filter(({ loss }) => losses.has(loss.name))) {
    try {
      if (!await isRight(answer, entry)) wrong.push(`${entry.loss.name}: wrong`)
    } catch (fault) {
      wrong.push(`${entry.loss.name}: ${String(fault)}`)
    }
  }
  return wrong
}

async function isRight (answer: AnswerLoss, entry: LossEntry): Promise<boolean> {
  const example = entry.loss.cases.find(({ reply }) => reply !== undefined)
  if (example?.reply === undefined) return true
  const bytes = Buffer.from(JSON.stringify(example.request))
  const patience = { deadlineMs: selfTestMs, signal: new AbortController().signal }
  const text = await whenFinished(patience, left => answer(entry, readObject(bytes), left))
  const reply = JSON.parse(text.toString())
  return close(reply.loss, example.reply.loss) && Object.entries(example.reply.gradients)
    .every(([name, gradient]) => close(reply.gradients[name], gradient))
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
