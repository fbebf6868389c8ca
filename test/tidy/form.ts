// The form of files: length, width, the opening comment, words that are not used here, and nothing
// of the machine on which they were written.

import { codeOf } from './code.ts'
import type { File } from './rooms.ts'

const columnsMax = 100
const linesMax = 300

/** What is wrong with the form of a file of code, one sentence each. */
export function checkForm ({ path, text }: File): string[] {
  const lines = text.replace(/^#!.*\n/, '').split('\n')
  const found: string[] = []
  if (!/^(\/\/|\/\*|#|<!--) ?\S/.test(lines[0] ?? '')) {
    found.push(`${path} does not open with a comment`)
  }
  if (lines.length > linesMax + 1) found.push(`${path} has more than ${linesMax} lines`)
  text.split('\n').forEach((line, index) => {
    const columns = [...line].length
    if (columns > columnsMax) found.push(`${path}:${index + 1} has ${columns} columns`)
    if (/[ \t]+$/.test(line)) found.push(`${path}:${index + 1} ends with blanks`)
  })
  return [...found, ...checkWords({ path, text })]
}

// Written so that this file does not hold them.
const anywhere = new RegExp([
  String.raw`\b(?:TO${''}DO|FIX${''}ME|XX${''}X)\b`,
  '@ts-(?:ignore|expect-error|nocheck)',
  '(?:eslint|biome|prettier|c8|v8|istanbul)[- ](?:disable|ignore)'
].join('|'))
const names = /(?<![\w.])(ptr|buf|ctx|opts|len|yHat)\b/
const anyType = /[:<|&,]\s*any\b(?!\s*[:=(.])|\bas\s+any\b|=\s*any\s*(\[\]|$)/m
const defaultExport = /^export default\b/m

function checkWords ({ path, text }: File): string[] {
  const found: string[] = []
  const forbidden = anywhere.exec(text)
  if (forbidden !== null) found.push(`${path} holds ${forbidden[0]}`)
  if (!/\.(ts|mjs|js)$/.test(path)) return found
  const code = codeOf(text)
  const name = names.exec(code)
  if (name !== null) found.push(`${path} calls something ${name[1]}; whole words`)
  if (anyType.test(code)) found.push(`${path} uses the type any`)
  if (defaultExport.test(code)) found.push(`${path} has a default export`)
  return found
}

/** Folders and files whose name says nothing. */
export function checkName (path: string): string[] {
  const empty = /(^|\/)(utils?|helpers?|common|types|services|misc|lib)(\/|\.\w+$)/.exec(path)
  const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/
  const words = path.split('/').every(part => kebab.test(part))
  return [
    ...(empty === null ? [] : [`${path}: ${empty[2]} says nothing`]),
    ...(words ? [] : [`${path} is not written in kebab-case`])
  ]
}

const machine = new RegExp([
  String.raw`\bregistry\.[a-z0-9-]+\.[a-z]+`,
  String.raw`(?<![\w.:])\/(?:work|root|home|Users|tmp)\/\w`
].join('|'))

/** A registry's host or a path of one machine, anywhere in a file. */
export function checkMachine ({ path, text }: File): string[] {
  const found = machine.exec(text)
  return found === null ? [] : [`${path} names ${found[0]}`]
}

/** A lock file names what to install and its checksum, never where from. */
export function checkLock (text: string): string[] {
  return /"resolved"\s*:/.test(text) ? ['package-lock.json carries resolved addresses'] : []
}
