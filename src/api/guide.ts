// The guide to choosing a loss, as Markdown: by task, in the order of a course, all of it from the
// table of losses. openapi/losses.md is this text.

import { tasks } from '../losses/tasks.ts'
import { type LossEntry, listed } from './catalogue.ts'

/** The guide to these losses; tasks that none of them has are left out. */
export function guide (entries: readonly LossEntry[]): string {
  const sections = tasks.flatMap(({ name, about }) => {
    const here = entries.filter(({ loss }) => loss.task === name)
    return here.length === 0 ? [] : [{ name, about, here }]
  })
  const contents = sections.map(({ name, here }) =>
    `| [${name}](#${anchor(name)}) | ${here.map(({ loss }) => link(loss.name)).join(', ')} |`)
  return [
    '# Choosing a loss',
    '',
    'Ask which kind of target there is, begin with the first loss of that section, and change it ' +
      'for a reason. `GET /v1/losses/{loss}` shows the formula of each, and its derivative.',
    '',
    '| The task | Losses |',
    '|---|---|',
    ...contents,
    ...sections.flatMap(({ name, about, here }) =>
      ['', `## ${capital(name)}`, '', about, ...here.flatMap(describe)]),
    ''
  ].join('\n')
}

function describe ({ loss, definition, tensorOptions }: LossEntry): string[] {
  const tensors = listed(definition).map(({ name, text }) =>
    `\`${name}: ${text}\`${tensorOptions.has(name) ? ' among the options' : ''}`)
  const formula = definition.text.split('\n').map(line => line.replace(/^ {4}/, ''))
  return [
    '',
    `### ${loss.name}`,
    '',
    `${loss.summary}. ${loss.choose}`,
    '',
    `- Takes ${tensors.join(', ')}`,
    ...(loss.torch === '' ? [] : [`- PyTorch’s name: \`${loss.torch}\``]),
    `- Source: ${loss.source}`,
    '',
    '```',
    formula.join('\n').trim(),
    '```'
  ]
}

const link = (name: string): string => `[${name}](#${anchor(name)})`
const anchor = (heading: string): string => heading.replaceAll(' ', '-')
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
