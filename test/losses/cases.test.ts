// The cases of every loss, as their files state them: replies equal PyTorch's, warnings come and
// only they, refusals have their code and sentence. The same cases run over HTTP elsewhere.

import t from 'tap'
import { findLoss, lossNames, losses } from '../../src/losses/index.ts'
import type { Evaluation } from '../formulas/evaluate-loss.ts'
import { differences } from '../golden.ts'
import { definitionOf, flat, runCase } from './run-case.ts'

t.setTimeout(600_000)

const tolerance = { rtol: 1.3e-6, atol: 1e-7 }

for (const loss of losses) {
  const definition = definitionOf(loss.name)
  t.test(`${loss.name}: words`, async t => {
    t.match(loss.name, /^[a-z][a-z0-9-]*$/)
    t.equal(findLoss(loss.name), loss)
    if (loss.torch !== '') t.equal(findLoss(loss.torch), loss, 'its class in torch.nn is an alias')
    for (const text of [loss.task, loss.summary, loss.choose, loss.source]) t.ok(text.length > 3)
    t.notOk(loss.summary.endsWith('.'))
    const { refuse = [], warn = [], frozen = [] } = loss
    for (const sentence of [...refuse, ...warn, ...frozen].map(rule => rule.at(-1) ?? '')) {
      t.match(sentence, /^\S.{15,}[^.]$/, 'a sentence, without its full stop')
    }
    for (const name of loss.tensorOptions ?? []) {
      t.ok(definition.tensors.some(tensor => tensor.name === name), `${name} is a tensor`)
    }
    t.ok(loss.cases.some(({ reply }) => reply !== undefined), 'a case is accepted')
    t.ok(loss.cases.some(({ refused }) => refused !== undefined), 'a case is refused')
  })
  for (const each of loss.cases) {
    t.test(`${loss.name}: ${each.title}`, async t => {
      const { refused, reply, request } = each
      const run = (): Evaluation => runCase(loss.name, request)
      if (refused !== undefined) {
        t.throws(run, { code: refused.code, message: refused.detail })
        return
      }
      const found = run()
      t.same(differences(found.loss, flat(reply?.loss ?? []), tolerance), [])
      t.equal(found.denominator, reply?.denominator ?? null)
      const { options = {} } = request as { options?: Record<string, unknown> }
      const standard = [...found.gradients.keys()]
        .filter(name => name !== 'target' && !Object.hasOwn(options, name))
      t.same(Object.keys(reply?.gradients ?? {}), request.gradients ?? standard)
      for (const [name, values] of Object.entries(reply?.gradients ?? {})) {
        t.same(differences(found.gradients.get(name) ?? [], flat(values), tolerance), [], name)
      }
      t.same(found.warnings.map(({ code }) => code), each.warnings ?? [])
      for (const { message } of found.warnings) t.notMatch(message, /[{}]/)
    })
  }
}

t.test('names and aliases find their loss, others none', async t => {
  t.equal(lossNames.length, new Set(lossNames).size)
  for (const name of ['', '__proto__', 'constructor', 'MSE', 'mse ']) {
    t.equal(findLoss(name), undefined)
  }
})
