// Runs every bench in a process of its own, prints its table and writes all of them to
// bench/RESULTS.md with the machine on which they were measured. Usage: npm run bench [name …]

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

interface Row {
  readonly name: string
  readonly title: string
  readonly sentence: string
}

const rows: readonly Row[] = [
  {
    name: 'kernels',
    title: 'Kernels, one thread',
    sentence: 'Loss and gradient by the compiled program, run inline, in nanoseconds an element. ' +
      'GB/s counts what float32 must move at least: input and target read once, gradient written ' +
      'once; `of copy` compares it with a copy of as many bytes in the same run.'
  },
  {
    name: 'losses',
    title: 'Every loss',
    sentence: 'Loss and gradients on one thread, options at their defaults, numbers like those ' +
      'of the first case; an element is one of the first tensor.'
  },
  {
    name: 'formulas',
    title: 'Formulas of one’s own',
    sentence: 'The text of each loss posted as a formula, beside the loss itself, float32: the ' +
      'speed is that of the formula as a part of the loss’s.'
  },
  {
    name: 'matmul',
    title: 'Matrix products',
    sentence: 'The products of a Linear layer, forward and backward.'
  },
  {
    name: 'pool',
    title: 'The pool',
    sentence: 'Round trips, throughput, and one thread against two.'
  },
  {
    name: 'codec',
    title: 'Numbers as text',
    sentence: 'Reading JSON numbers into typed memory and printing them, one thread, in ' +
      'nanoseconds a number; the baselines include the way to and from typed arrays.'
  },
  {
    name: 'event-loop',
    title: 'Who waits for large bodies',
    sentence: 'Delay of the main thread while 8 MiB bodies of JSON arrive on 10 connections, in ' +
      'milliseconds; the last columns are what the thread computed in one go, without the time ' +
      'in which the machine had other work.'
  },
  {
    name: 'http',
    title: 'Over HTTP',
    sentence: 'JSON, 10 connections, autocannon on the same machine as the servers, so that it ' +
      'takes a share of the CPUs and is itself a limit for small requests; `alone` is one ' +
      'request at a time by fetch. The floors read the same body and answer as many bytes ' +
      'without computing.'
  }
]

const wanted = process.argv.slice(2)
const chosen = rows.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const results = fileURLToPath(new URL('../../bench/RESULTS.md', import.meta.url))
const kept = sectionsOf(existsSync(results) ? readFileSync(results, 'utf8') : '')
for (const row of chosen) {
  console.log(`\n## ${row.title}\n`)
  kept.set(row.title, `${row.sentence}\n\n${machine()}\n\n${(await run(row.name)).trim()}\n`)
}
const sections = rows.filter(({ title }) => kept.has(title))
  .map(({ title }) => `## ${title}\n\n${kept.get(title)?.trim()}\n`)
const opening = 'Written by `npm run bench`. Competitors take turns and a figure is the median\n' +
  'over rounds; compare figures of one table, not of two machines.'
writeFileSync(results, `# Measured\n\n${opening}\n\n${sections.join('\n')}`)

/** The output of a bench, printed as it comes. */
function run (name: string): Promise<string> {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', path], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new Error(`${name} ended with code ${code}`))
    })
  })
}

function machine (): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${platform()} ${release()}, ` +
    `Node ${process.version}, commit ${commit()}, ${new Date().toISOString().slice(0, 10)}.`
}

function commit (): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

/** The sections of an earlier report by title, so that one bench can be run again alone. */
function sectionsOf (text: string): Map<string, string> {
  return new Map(text.split(/^## /m).slice(1).map(section => {
    const end = section.indexOf('\n')
    return [section.slice(0, end), section.slice(end + 1)]
  }))
}
