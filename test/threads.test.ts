// Bits do not depend on the number of threads: every loss in both precisions, on tensors so large
// that their work is cut into many chunks, gives the same bytes with 1, 2 and 5 worker threads.

import t from 'tap'
import { define } from '../src/formulas/define.ts'
import type { Definition } from '../src/formulas/definition.ts'
import { losses } from '../src/losses/index.ts'
import { accepted, drawn, type Drawn } from './loss-requests.ts'
import { createMachine, type LossMachine, type Reply } from './machine.ts'

t.setTimeout(600_000)

// A chunk is some 50 µs: at least five of them, also of the cheapest loss.
const elements = 300_000

t.test('the same bits with 1, 2 and 5 threads', async t => {
  const machines = await Promise.all([1, 2, 5].map(threads =>
    createMachine({ threads, inlineAlwaysUs: 0, inlineBudgetUs: 0 })))
  const [first] = machines as [LossMachine]
  for (const loss of losses) {
    for (const drawn of large(define(loss.formula, { rules: loss }))) {
      const request = await accepted(first, drawn)
      if (request === null) continue
      const replies = await Promise.all(machines.map(machine => machine.ask(request)))
      const [one, ...others] = replies.map(reply => bytesOf(request, reply))
      const { datatype, options: { reduction } } = request
      const shapes = Object.values(request.tensors).map(({ shape }) => `[${shape}]`)
      t.ok(others.every(other => one?.equals(other)),
        `${loss.name} ${reduction} ${datatype} ${shapes}`)
    }
  }
  for (const machine of machines) {
    t.equal(machine.pool.stats().inline, 0, 'workers did it all')
    await machine.close(t)
  }
})

// Every type of the tensors, whole and broadcast, reduced and not, both precisions.
function * large (definition: Definition): Generator<Drawn> {
  const { tensors, axes, reduction: { choices } } = definition
  const count = Math.max(...tensors.map(({ kinds }) => kinds.length))
  const rank = new Set(tensors.flatMap(({ kinds }) => kinds.flatMap(kind => kind.axes)
    .map(axis => axis.name))).size + 1
  const length = Math.ceil(elements ** (1 / rank))
  for (let alternative = 0; alternative < count; alternative++) {
    for (const isBroadcast of [false, true]) {
      const request = drawn(definition, {
        alternative,
        hasOptional: true,
        axes: axes.map(() => length),
        group: [length, length],
        given: tensors.map(() => true),
        dropped: tensors.map(() => 0),
        single: tensors.map((_, index) => [isBroadcast && index > 0]),
        options: {},
        seed: 1
      }, 'FP64')
      for (const reduction of choices.filter(choice => choice !== 'sum')) {
        const options = { ...request.options, reduction }
        yield { ...request, options }
        yield { ...request, options, datatype: 'FP32' }
      }
    }
  }
}

function bytesOf ({ gradients: names }: Drawn, { loss, gradients, denominator }: Reply): Buffer {
  const parts = [loss, ...names.map(name => gradients[name] ?? loss)].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([Buffer.from(String(denominator)), ...parts])
}
