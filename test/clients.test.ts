// Clients that others wrote, against the built service: the safetensors package and tritonclient,
// unmodified, and schemathesis, which holds replies against the OpenAPI document.

import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startService } from './service.ts'

t.setTimeout(600_000)
const run = promisify(execFile)
// A Python that has test/requirements.txt; without one that is named these tests are skipped.
const named = process.env['LOSSD_PYTHON']
const python = named ?? 'python3'
const packages = 'import numpy, safetensors, tritonclient.http, schemathesis'
const skip = !await run(python, ['-c', packages]).then(() => true, () => named !== undefined)
const files = process.env['LOSSD_FUZZ_COUNT'] ?? '300'

t.test('the safetensors package writes and reads, and refuses what is refused here',
  { skip }, async t => {
    const service = await startService()
    t.teardown(service.stop)
    const { stdout } = await run(python, ['test/clients/tensors.py', service.origin, files])
    t.match(stdout, new RegExp(`^${files} files, \\d+ of them refused by both`))
  })

t.test('tritonclient infers in all combinations of JSON and binary', { skip }, async t => {
  const service = await startService()
  t.teardown(service.stop)
  const { stdout } = await run(python, ['test/clients/triton.py', service.origin])
  t.match(stdout, /^40 combinations/)
})

t.test('replies are what the document says', { skip }, async t => {
  const service = await startService({ SESSIONS_MAX: '20', FORMULAS_MAX: '20' })
  t.teardown(service.stop)
  const checks = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance',
    'response_headers_conformance', 'response_schema_conformance']
  const examples = process.env['LOSSD_SCHEMA_EXAMPLES'] ?? '2'
  const words = ['run', `${service.origin}/openapi.json`, '--checks', checks.join(),
    '--max-examples', examples, '--seed', '1', '--generation-database', 'none', '--no-color']
  const schemathesis = named === undefined ? 'schemathesis' : join(dirname(named), 'schemathesis')
  const { stdout } = await run(schemathesis, words, { cwd: t.testdir(), maxBuffer: 1 << 28 })
    .catch((fault: { stdout: string }) => fault)
  t.match(stdout, /^ +(\d+) generated, \1 passed$/m, stdout.slice(-4000))
})
