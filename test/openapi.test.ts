// openapi/openapi.json is what the routes say: rebuilt and compared, linted, and every operation is
// asked with its own examples. Every error of the table is in it.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { catalogue } from '../src/api/catalogue.ts'
import { version } from '../src/api/docs.ts'
import { guide } from '../src/api/guide.ts'
import { errorRows } from '../src/errors.ts'
import { losses } from '../src/losses/index.ts'
import { tasks } from '../src/losses/tasks.ts'
import { build } from './app.ts'

const file = 'openapi/openapi.json'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly requestBody?: {
    readonly content: Record<string, { readonly examples?: Record<string, { value: unknown }> }>
  }
  readonly responses: Record<string, { readonly description: string }>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: {
      readonly Problem: { description: string, properties: { code: { enum: string[] } } }
    }
  }
}

const committed: Document = JSON.parse(readFileSync(file, 'utf8'))

// A busy machine lints for a while.
t.setTimeout(300_000)

t.test('the committed guide is what the table says, and has every loss', async t => {
  const text = readFileSync('openapi/losses.md', 'utf8')
  t.equal(text, guide(catalogue), 'npm run openapi')
  const { get } = await build(t)
  const served = await get('/losses.md')
  t.equal(served.text, text, 'it is served as committed')
  t.match(served.headers['content-type'], 'text/markdown')
  const names = new Set(tasks.map(({ name }) => name))
  for (const { name, task } of losses) t.ok(names.has(task), `${name} is for ${task}`)
})

t.test('the committed document is what the routes say (npm run openapi)', async t => {
  const { get, service } = await build(t)
  const served = (await get('/openapi.json')).body
  t.equal(JSON.stringify(served) === JSON.stringify(committed), true, 'it is served as committed')
  t.equal(JSON.stringify(service.openapi()) === JSON.stringify(committed), true)
  t.equal(committed.info.version, version)
  const manifest: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.equal(version, manifest.version)
})

t.test('the page lets files be chosen as bodies, and does not colour large replies', async t => {
  const { get } = await build(t)
  const { text } = await get('/docs/static/swagger-initializer.js')
  t.match(text, /"fileUploadMediaTypes":\["application\/vnd\.safetensors"/)
  t.match(text, /"syntaxHighlight":false/)
})

t.test('it lints', async t => {
  const { stdout, stderr } = await promisify(execFile)('node_modules/.bin/redocly',
    ['lint', file, '--extends', 'recommended', '--format', 'stylish'],
    { env: { ...process.env, REDOCLY_TELEMETRY: 'off' } })
  t.match(stdout + stderr, /valid/)
})

t.test('every loss has its operation, and every example of it runs', async t => {
  const { post, get } = await build(t)
  for (const { name } of losses) {
    const path = `/v1/losses/${name}`
    const content = committed.paths[path]?.['post']?.requestBody?.content['application/json']
    const examples = Object.values(content?.examples ?? {})
    t.ok(examples.length > 0, `${name} opens with an example`)
    for (const { value } of examples) t.equal((await post(path, value)).status, 200, name)
    t.equal((await get(path)).status, 200)
  }
})

t.test('operations have names and sentences, replies their problems', async t => {
  const names = new Set<string>()
  for (const [path, methods] of Object.entries(committed.paths)) {
    for (const [method, { operationId, summary, responses }] of Object.entries(methods)) {
      t.notOk(names.has(operationId), `${operationId} is one operation`)
      names.add(operationId)
      t.ok(summary.length > 5, `${method} ${path} says what it does`)
      const statuses = Object.keys(responses)
      t.ok(statuses.some(status => status.startsWith('2')), `${method} ${path} can succeed`)
      t.ok(['405', '500'].every(status => statuses.includes(status)), `${path} lists its errors`)
    }
  }
})

t.test('every error of the table is documented, and nothing else', async t => {
  const codes = Object.keys(errorRows)
  t.same(committed.components.schemas.Problem.properties.code.enum, codes)
  const { description } = committed.components.schemas.Problem
  const table = [...description.matchAll(/^\| (\d+) \| `(\w+)`/gm)]
  t.same(table.map(([, , code]) => code), codes)
  const replies = Object.values(committed.paths).flatMap(methods => Object.values(methods))
    .flatMap(({ responses }) => Object.entries(responses))
  for (const [status, { description }] of replies) {
    for (const [, code = ''] of description.matchAll(/`([A-Z_]{4,})`/g)) {
      const row = Object.entries(errorRows).find(([name]) => name === code)?.[1]
      t.equal(String(row?.status), status, `${code} stands at its status`)
    }
  }
})
