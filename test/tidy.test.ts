// The style of the project as a test: the import table, tables without a missing file, the form of
// files. Each rule is first shown to catch what it forbids.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codeOf, importsOf } from './tidy/code.ts'
import { checkForm, checkLock, checkMachine, checkName } from './tidy/form.ts'
import { checkImports, rooms, unreachable } from './tidy/rooms.ts'
import type { File } from './tidy/rooms.ts'

const skipped = /^(\.git|\.tap|node_modules|dist)$|node_modules$/
const paths = listed('.')
const files: File[] = paths.map(path => ({ path, text: readFileSync(path, 'utf8') }))
const code = files.filter(({ path }) => /\.(ts|mjs|js)$/.test(path))
const sources = files.filter(({ path }) => !path.endsWith('.d.ts'))
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}

t.test('a made-up import is caught', async t => {
  const file = (path: string, text: string): File => ({ path, text })
  const packages = ['fastify', 'wabt', '@fastify/swagger']
  const check = (...sources: File[]) => checkImports(sources, packages)
  const heap = file('src/buffer/heap.ts', '')
  t.same(check(heap, file('src/codec/a.ts', "import { heap } from '../buffer/heap.ts'")), [])
  t.match(check(heap, file('src/formulas/a.ts', "import type { H } from '../buffer/heap.ts'")),
    ['formulas does not see buffer'])
  t.match(check(heap, file('src/losses/a.ts', "export * from '../buffer/heap.ts'")),
    ['losses does not see buffer'])
  t.match(check(file('src/compute/a.ts', "const f = await import('fastify')")),
    ['may not import fastify'])
  t.match(check(file('src/app.ts', "import s from '@fastify/swagger'")), ['may not import'])
  t.match(check(file('src/api/a.ts', "import { Worker } from 'node:worker_threads'")),
    ['may not import node:worker_threads'])
  t.match(check(file('src/api/a.ts', 'const x = process.env.PORT')), ['may not use process'])
  t.same(check(file('src/api/a.ts', "// process.env\nconst s = 'process.env'")), [])
  t.match(check(file('src/kernels/a.ts', "import left from 'left-pad'")), ['is no dependency'])
  t.match(check(file('src/kernels/a.ts', "import { a } from './b.ts'")), ['is no source'])
  t.match(check(file('src/utils/a.ts', "import 'wabt'")), ['belongs to no room'])
})

t.test('a made-up file outside its table is caught', async t => {
  const sources = [
    { path: 'src/main.ts', text: "import './losses/index.ts'" },
    { path: 'src/losses/index.ts', text: "import { mse } from './mse.ts'\n// './huber.ts'" },
    { path: 'src/losses/mse.ts', text: '' },
    { path: 'src/losses/huber.ts', text: '' }
  ]
  t.same(unreachable(sources, ['src/main.ts']), ['src/losses/huber.ts'])
})

t.test('made-up form is caught', async t => {
  const form = (text: string, path = 'src/a.ts') => checkForm({ path, text })
  t.same(form('// What it holds.\nconst a = 1\n'), [])
  t.match(form('const a = 1\n'), ['does not open with a comment'])
  t.match(form(`// ${'x'.repeat(98)}\n`), ['has 101 columns'])
  t.match(form('// a\n'.repeat(301)), ['more than 300 lines'])
  t.match(form('// a\nconst b = 1 \n'), ['ends with blanks'])
  t.match(form(`// a\n// ${'TO'}${'DO'} later\n`), ['holds TO'])
  t.match(form('// a\nconst ctx = 1\n'), ['calls something ctx'])
  t.same(form("// a ctx\nconst a = 'ctx' + `ctx`\n"), [])
  t.match(form('// a\nconst a = `${ctx}`\n'), ['calls something ctx'])
  t.match(form('// a\nfunction f (a: any) {}\n'), ['type any'])
  t.match(form('// a\nconst a = b as any\n'), ['type any'])
  t.match(form('// a\nlet a: Map<string, any>\n'), ['type any'])
  t.same(form("// a: any\nconst a = { any: 1 }\nt.any('b')\n"), [])
  t.match(form('// a\nexport default 1\n'), ['default export'])
})

t.test('made-up names, paths and locks are caught', async t => {
  t.match(checkName('src/api/utils.ts'), ['says nothing'])
  t.match(checkName('src/helpers/a.ts'), ['says nothing'])
  t.match(checkName('src/api/errorReply.ts'), ['kebab-case'])
  t.same(checkName('src/api/error-reply.ts'), [])
  const names = (text: string) => checkMachine({ path: 'a', text })
  t.match(names(`see ${['', 'home', 'me'].join('/')}`), ['names'])
  t.match(names(`from ${['registry', 'company', 'org'].join('.')}`), ['names'])
  t.same(names('GET /v1/losses/mse'), [])
  t.match(checkLock('{ "resolved": "https://a" }'), ['resolved'])
})

t.test('texts and comments are told from code', async t => {
  t.same(importsOf("import { a } from './a.ts'\n// from './b.ts'\nimport './c.ts'\n"),
    ['./a.ts', './c.ts'])
  t.same(importsOf('const wat = `\n(import "a" "b")\nimport "c"`'), [])
  t.same(importsOf("new Worker(new URL('./worker.js', import.meta.url))"), ['./worker.js'])
  t.equal(codeOf("a('b', `c${d({ e: `f` })}g`) // h").replace(/ +/g, ' ').trim(),
    'a( , d({ e: }) )')
  t.equal(codeOf('a = /"/; b').replace(/ +/g, ' '), 'a = ; b')
})

t.test('rooms import only what the table says', async t => {
  t.same(checkImports(sources, Object.keys(manifest.dependencies)), [])
})

t.test('the table of ARCHITECTURE.md is the one that is tested', async t => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  const documented = [...text.matchAll(/^\| `(\w+)`\s*\|[^|]*\|([^|]*)\|$/gm)]
    .map(([, room = '', sees = '']) => [room, [...sees.matchAll(/`(\w+)`/g)].map(([, to]) => to)])
  const sorted = (table: Record<string, readonly unknown[]>) =>
    Object.fromEntries(Object.entries(table).map(([room, sees]) => [room, [...sees].sort()]))
  t.same(sorted(Object.fromEntries(documented)), sorted(rooms))
})

t.test('every source is reached, so no file is missing from its table', async t => {
  t.same(unreachable(sources, ['src/main.ts']), [])
})

t.test('files have the form of the house', async t => {
  for (const file of code) t.same(checkForm(file), [], file.path)
})

t.test('names are words', async t => {
  for (const { path } of code) t.same(checkName(path), [], path)
})

t.test('nothing names a registry or a path of one machine', async t => {
  for (const file of files) t.same(checkMachine(file), [], file.path)
  t.same(checkLock(readFileSync('package-lock.json', 'utf8')), [])
  t.equal(readFileSync('.npmrc', 'utf8').includes('omit-lockfile-registry-resolved=true'), true)
})

t.test('dependencies are pinned and each has its reason in ARCHITECTURE.md', async t => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  const all = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const [name, version] of Object.entries(all)) {
    t.match(version, /^\d+\.\d+\.\d+$/, `${name} is pinned`)
    t.ok(text.includes(`\`${name}\``), `${name} has its reason`)
  }
})

/** The project's files below a folder, without what is installed or built. */
function listed (folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = folder === '.' ? entry.name : join(folder, entry.name)
    if (skipped.test(entry.name)) return []
    return entry.isDirectory() ? listed(path) : [path]
  }).filter(path => !/\.(png|ico|gz|bin|wasm|log)$/.test(path)).sort()
}
