// Mistakes one could make in the protocol, as changes of its text: the model checker must find
// each, or it would not find ours. The files are copied with the change and loaded from there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Protocol } from './model.ts'

type File = 'board' | 'turn' | 'job'

/** A statement and what stands in its place. */
type Change = readonly [File, string, string]

export interface Mutant {
  readonly name: string
  /** The scenario of model.test.ts in which it is found. */
  readonly scenario: string
  readonly changes: readonly Change[]
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a step’s fields change before its claim is shut',
    scenario: 'a step of two chunks after one',
    changes: [
      ['turn',
        'if (words.compareExchange(jobWord(slot, jobField.claim), claim, shut) !== claim) return',
        ''],
      ['turn', "words.store(urgencyWord(slot), words.load(jobWord(slot, jobField.rank)))",
        `if (words.compareExchange(jobWord(slot, jobField.claim), claim, shut) !== claim) return;
        words.store(urgencyWord(slot), words.load(jobWord(slot, jobField.rank)))`]
    ]
  },
  {
    name: 'a slot’s fields change before its claim is shut',
    scenario: 'a slot used again',
    changes: [
      ['board', "words.store(jobWord(slot, jobField.claim), shut)", ''],
      ['board', "words.store(jobWord(slot, jobField.status), running)",
        `words.store(jobWord(slot, jobField.claim), shut);
        words.store(jobWord(slot, jobField.status), running)`]
    ]
  },
  {
    name: 'a cancelled job is not sealed',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['board', "words.or(jobWord(slot, jobField.claim), sealed)", '']]
  },
  {
    name: 'a slot is reused while a thread is inside',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['board', 'if (!this.#isOccupied(slot)) this.#free(slot)', 'this.#free(slot)']]
  },
  {
    name: 'a step is opened over a seal',
    scenario: 'steps that grow, cancelled',
    changes: [['turn',
      "if (words.compareExchange(jobWord(slot, jobField.claim), shut, openAfter(shut)) !== shut) {",
      "words.store(jobWord(slot, jobField.claim), openAfter(shut)); if (slot < 0) {"]]
  },
  {
    name: 'a thread says that it is inside after it has claimed',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [
      ['turn', "words.store(threadWord(thread, threadField.inside), slot + 1)", ''],
      ['turn', 'if (last === chunks) words.store(urgencyWord(slot), 0)',
        `words.store(threadWord(thread, threadField.inside), slot + 1);
        if (last === chunks) words.store(urgencyWord(slot), 0)`]
    ]
  },
  {
    name: 'a thread that leaves a sealed job does not ring',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['turn', "if (words.load(jobWord(slot, jobField.claim)) < 0) ring(member)", '']]
  },
  {
    name: 'a thread looks for the seal before it leaves',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [
      ['turn', "words.store(threadWord(thread, threadField.inside), 0)",
        `const last = words.load(jobWord(slot, jobField.claim));
        words.store(threadWord(thread, threadField.inside), 0)`],
      ['turn', 'if (words.load(jobWord(slot, jobField.claim)) < 0) ring(member)',
        'if (last < 0) ring(member)']
    ]
  },
  {
    name: 'the tag does not rise',
    scenario: 'a step of two chunks after one',
    changes: [['job', '(((claim >>> 20) + 1) & tagMask) << 20', '((claim >>> 20) & tagMask) << 20']]
  },
  {
    name: 'a range is taken without looking whether another did',
    scenario: 'two chunks',
    changes: [['turn',
      "if (words.compareExchange(jobWord(slot, jobField.claim), claim, taken) !== claim) continue",
      "words.store(jobWord(slot, jobField.claim), taken)"]]
  },
  {
    name: 'the count of chunks does not begin again with a step',
    scenario: 'a step of two chunks after one',
    changes: [['turn', "words.store(jobWord(slot, jobField.done), 0)", '']]
  },
  {
    name: 'a worker sleeps without comparing the epoch',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['turn', 'if (words.load(epochWord) === epoch) words.wait(state, asleep)',
      'if (epoch >= 0) words.wait(state, asleep)']]
  },
  {
    name: 'a worker compares the epoch before it marks itself asleep',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [
      ['turn', 'words.store(state, asleep)',
        'const now = words.load(epochWord); words.store(state, asleep)'],
      ['turn', 'if (words.load(epochWord) === epoch) words.wait', 'if (now === epoch) words.wait']
    ]
  },
  {
    name: 'a worker sleeps on the epoch, where its mark may be gone',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['turn', 'words.wait(state, asleep)', 'words.wait(epochWord, epoch)'],
      ['turn', 'words.notify(state, 1)', 'words.notify(epochWord, 1)']]
  },
  {
    name: 'the epoch does not rise',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['turn', 'words.add(epochWord, 1)', '']]
  },
  {
    name: 'the main thread arms and does not look once more',
    scenario: 'one worker, a job cancelled, its slot used again',
    changes: [['board', 'if (words.load(bellWord) === bell) return', 'return']]
  },
  {
    name: 'a done job is not rung for',
    scenario: 'two chunks',
    changes: [['turn', 'if (status === running) ring(member)', '']]
  },
  {
    name: 'a thread that died stays inside',
    scenario: 'a worker that dies at any time',
    changes: [['board', "words.store(threadWord(thread, threadField.inside), 0)", '']]
  },
  {
    name: 'nothing is looked at when a thread has died',
    scenario: 'a worker that dies at any time',
    changes: [['board', 'this.answer()', '']]
  }
]

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const sources = new URL('../../src/compute/', import.meta.url)

/** The protocol with a mutant's changes; each must fit exactly one place. */
export async function mutate ({ changes }: Mutant): Promise<Protocol> {
  const folder = mkdtempSync(join(tmpdir(), 'lossd-mutant-'))
  for (const file of ['job', 'turn', 'board'] as const) {
    let text = readFileSync(new URL(`${file}.${extension}`, sources), 'utf8')
    for (const [name, original, changed] of changes) {
      if (name !== file) continue
      // The compiler may break lines elsewhere.
      const words = original.split(' ').map(word => word.replaceAll(/[^\w']/g, '\\$&'))
      const parts = text.split(new RegExp(words.join(';?\\s+')))
      if (parts.length !== 2) {
        throw new Error(`${original} stands ${parts.length - 1} times in ${file}`)
      }
      text = parts.join(changed)
    }
    writeFileSync(join(folder, `${file}.${extension}`), text)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const load = (file: File): Promise<unknown> =>
    import(pathToFileURL(join(folder, `${file}.${extension}`)).href)
  try {
    return { ...await load('board') as Protocol, ...await load('turn') as Protocol }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
