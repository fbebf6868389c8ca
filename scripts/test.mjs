// Runs the built tests with tap and counts what really happened. tap's own totals leave out files
// that were killed, timed out, bailed out or held no test; here each such file is at least one
// failure. Prints a line for each file, the failures, the coverage of src, and the totals as
// `N passed, N failed, N skipped`.
// Usage: node scripts/test.mjs [dist/test/one.test.js …]

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Parser } from 'tap-parser'

const named = process.argv.slice(2)
const files = named.length > 0 ? named : builtTests()
const coverage = named.length === 0
const tests = new Map(files.map(file => [file, { passed: 0, failed: 0, skipped: 0, ended: false }]))

// The first tap after an installation would run with the plugins it came with: .taprc has others.
const plugins = readFileSync('node_modules/@tapjs/test/test-built/dist/esm/index.js', 'utf8')
if (plugins.includes('@tapjs/typescript')) {
  spawnSync('node_modules/.bin/tap', ['build'], { stdio: ['ignore', 'ignore', 'inherit'] })
}
const code = await runTap()
if (coverage) printCoverage(readCoverage('.tap/report/lcov.info'))

const total = { passed: 0, failed: 0, skipped: 0 }
for (const [file, test] of tests) {
  if (!test.ended) print('not ok', file, 'did not finish', test)
  total.passed += test.passed
  total.failed += test.ended ? test.failed : Math.max(1, test.failed)
  total.skipped += test.skipped
}
if (total.failed === 0 && (code !== 0 || total.passed === 0)) {
  console.log(`not ok tap ended with code ${code} and ${total.passed} assertions passed`)
  total.failed = 1
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0

/** The test files of dist, sorted. */
function builtTests () {
  if (!existsSync('dist/test')) return []
  const names = readdirSync('dist/test', { recursive: true }).map(name => join('dist/test', name))
  return names.filter(name => name.endsWith('.test.js')).sort()
}

/** Runs tap, fills in the counts of each file and resolves with tap's exit code. */
async function runTap () {
  const report = coverage ? ['--coverage-report=lcovonly'] : ['--disable-coverage']
  const tap = spawn('node_modules/.bin/tap', ['--reporter=tap', ...report, ...files], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const parser = new Parser()
  parser.on('pass', result => count(result, 'passed'))
  parser.on('skip', result => count(result, 'skipped'))
  parser.on('todo', result => count(result, 'skipped'))
  parser.on('fail', result => {
    if (count(result, 'failed')) printFailure(result)
  })
  parser.on('assert', fileEnded)
  parser.on('bailout', reason => console.log(`not ok tap bailed out: ${reason}`))
  const parsed = new Promise(resolve => parser.on('complete', resolve))
  tap.stdout.pipe(parser)
  const ended = new Promise(resolve => {
    tap.on('error', error => {
      console.log(`not ok tap could not be started: ${error.message}`)
      resolve(1)
    })
    tap.on('close', (exitCode, signal) => resolve(exitCode ?? signal))
  })
  const exitCode = await ended
  await parsed
  return exitCode
}

/** Adds one leaf assertion to its file; false for a line about the file itself. */
function count (result, kind) {
  const file = files.find(name => result.fullname?.startsWith(`${name} `))
  if (!file) return false
  tests.get(file)[kind] += 1
  return true
}

/** A file's own line: it passed only if it says so and something in it was asserted or skipped. */
function fileEnded (result) {
  const test = tests.get(result.name)
  if (!test) return
  const empty = test.passed + test.failed + test.skipped === 0
  const killed = result.diag?.signal ? `, ended by ${result.diag.signal}` : ''
  test.ended = true
  if ((!result.ok || empty) && test.failed === 0) test.failed = 1
  const { passed, failed, skipped } = test
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped${killed}`
  const reason = empty ? 'holds no test' : counts
  print(test.failed > 0 ? 'not ok' : 'ok', result.name, reason, result)
}

function print (verdict, file, reason, result) {
  const time = result.time ? `, ${(result.time / 1000).toFixed(1)} s` : ''
  console.log(`${verdict} ${file.replace(/^dist\/(.*)\.js$/, '$1.ts')}: ${reason}${time}`)
}

function printFailure ({ fullname, diag = {} }) {
  const at = diag.at ? ` (${diag.at.fileName}:${diag.at.lineNumber})` : ''
  const detail = diag.diff ?? diag.message ?? diag.stack ?? ''
  console.log(`    not ok ${fullname}${at}\n${String(detail).replace(/^/gm, '        ')}`)
}

/** Lines, branches and functions of each source, found and hit, from an lcov file. */
function readCoverage (path) {
  const sources = new Map()
  let source
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    const [key, value] = line.split(':', 2)
    if (key === 'SF') {
      source = {}
      sources.set(value, source)
    } else if (/^(LF|LH|BRF|BRH|FNF|FNH)$/.test(key)) source[key] = Number(value)
  }
  return sources
}

/** Coverage by room; a source that no test loads counts with all its lines as not covered. */
function printCoverage (sources) {
  const rooms = new Map()
  const unloaded = []
  for (const name of readdirSync('src', { recursive: true }).filter(name => name.endsWith('.ts'))) {
    const path = join('src', name)
    const room = name.includes('/') ? name.split('/', 1)[0] : '.'
    const sum = rooms.get(room) ?? { LF: 0, LH: 0, BRF: 0, BRH: 0, FNF: 0, FNH: 0 }
    rooms.set(room, sum)
    const found = sources.get(path)
    if (!found && (path.endsWith('.d.ts') || isTypesOnly(path))) continue
    if (!found) unloaded.push(path)
    const lines = found ?? { LF: readFileSync(path, 'utf8').split('\n').length }
    for (const key of Object.keys(sum)) sum[key] += lines[key] ?? 0
  }
  const rows = [...rooms].sort(([a], [b]) => a.localeCompare(b))
  const all = { LF: 0, LH: 0, BRF: 0, BRH: 0, FNF: 0, FNH: 0 }
  for (const [, sum] of rows) for (const key of Object.keys(all)) all[key] += sum[key]
  const percent = (hit, found) =>
    (found === 0 ? '-' : ((100 * hit) / found).toFixed(1)).padStart(10)
  console.log(`\n${'src'.padEnd(12)}   % lines  % branches % functions`)
  for (const [room, { LF, LH, BRF, BRH, FNF, FNH }] of [...rows, ['all', all]]) {
    console.log(`${room.padEnd(12)}${percent(LH, LF)} ${percent(BRH, BRF)} ${percent(FNH, FNF)}`)
  }
  if (unloaded.length > 0) console.log(`no test loads ${unloaded.join(', ')}`)
  console.log()
}

/** True for a source that compiles to nothing: its declarations are gone at run time. */
function isTypesOnly (path) {
  const built = join('dist', path.replace(/ts$/, 'js'))
  const code = existsSync(built) ? readFileSync(built, 'utf8').replace(/^\s*\/\/.*$/gm, '') : ''
  return code.trim() === 'export {};'
}
