// The protocol of the pool in all orders of its atomic operations, in worlds so small that this is
// quick; larger ones in all orders with one or two preemptions; and mistakes that must be found.
// LOSSD_MODEL=whole explores the larger ones in all orders too: many million states, minutes.

import t from 'tap'
import { Board } from '../../src/compute/board.ts'
import { takeTurn } from '../../src/compute/turn.ts'
import { explore, type Scenario } from './model.ts'
import { mutants, mutate } from './mutants.ts'

const isWhole = process.env['LOSSD_MODEL'] === 'whole'
t.setTimeout(isWhole ? 3_600_000 : 120_000)
// A Set of JavaScript holds no more.
const statesMax = 16e6
const middle = isWhole ? {} : { preemptions: 2 }
const large = isWhole ? {} : { preemptions: 1 }

const scenarios: Record<string, Scenario> = {
  'one worker, a job cancelled, its slot used again': {
    workers: 1, slots: 1, jobs: [{ steps: [2], cancel: true }, { steps: [3] }], statesMax
  },
  'one worker, two jobs at a time': {
    workers: 1, slots: 2, jobs: [{ steps: [1, 2] }, { steps: [1] }], statesMax
  },
  'two chunks': {
    workers: 2, slots: 1, jobs: [{ steps: [2] }], statesMax
  },
  'a kernel that traps': {
    workers: 2, slots: 1, jobs: [{ steps: [2], trap: 0 }], statesMax, ...middle
  },
  'a step of two chunks after one': {
    workers: 2, slots: 1, jobs: [{ steps: [1, 2] }], statesMax
  },
  'a slot used again': {
    workers: 2, slots: 1, jobs: [{ steps: [1] }, { steps: [2] }], statesMax, ...middle
  },
  'a job cancelled at any time': {
    workers: 2, slots: 1, jobs: [{ steps: [1], cancel: true }], statesMax
  },
  'a worker that dies at any time': {
    workers: 2, slots: 1, jobs: [{ steps: [1] }], deaths: true, statesMax, ...middle
  },
  'a job cancelled, its slot used again': {
    workers: 2, slots: 1, jobs: [{ steps: [2], cancel: true }, { steps: [3] }], statesMax, ...large
  },
  'steps that grow, cancelled': {
    workers: 2, slots: 1, jobs: [{ steps: [2, 3], cancel: true }], statesMax, ...large
  },
  'two jobs at a time': {
    workers: 2, slots: 2, jobs: [{ steps: [1, 2] }, { steps: [2] }], statesMax, ...large
  },
  'three workers': {
    workers: 3, slots: 1, jobs: [{ steps: [2, 2] }], statesMax, ...large
  },
  'a worker that dies, its slot used again': {
    workers: 2, slots: 1, jobs: [{ steps: [2] }, { steps: [1] }], deaths: true, statesMax, ...large
  },
  'a kernel that traps, its slot used again': {
    workers: 2, slots: 1, jobs: [{ steps: [2, 2], trap: 0 }, { steps: [2] }], statesMax, ...large
  }
}

for (const [name, scenario] of Object.entries(scenarios)) {
  t.test(`nothing goes wrong: ${name}`, async t => {
    const start = performance.now()
    const { states, wrong } = explore({ Board, takeTurn }, scenario)
    t.equal(wrong, '')
    t.comment(`${states} states, ${Math.round(performance.now() - start)} ms`)
  })
}

for (const mutant of mutants) {
  t.test(`found: ${mutant.name}`, async t => {
    const scenario = scenarios[mutant.scenario]
    if (scenario === undefined) throw new Error(`There is no scenario ${mutant.scenario}`)
    // In all orders: what is wrong is found before many have been explored.
    const { preemptions, ...whole } = scenario
    const { states, wrong } = explore(await mutate(mutant), whole)
    t.comment(`${states} states: ${wrong.slice(0, 80)}`)
    t.not(wrong, '')
    t.notMatch(wrong, /too many/)
  })
}
