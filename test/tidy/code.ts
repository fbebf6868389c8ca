// Reads TypeScript as far as the tidy rules need it: what a file imports, and its code without
// comments and texts, so that a word in a sentence is not taken for one in the code.

/** What a file imports: from '…', import '…', import('…') and new URL('…', import.meta.url). */
export function importsOf (text: string): string[] {
  const code = blank(text, { quoted: true })
  const patterns = [
    /\bfrom\s+(['"])([^'"]+)\1/g,
    /^import\s+(['"])([^'"]+)\1/gm,
    /\bimport\s*\(\s*(['"])([^'"]+)\1/g,
    /\bnew\s+URL\s*\(\s*(['"])(\.[^'"]+)\1\s*,\s*import\.meta\.url/g
  ]
  return patterns.flatMap(pattern => [...code.matchAll(pattern)].map(match => match[2] ?? ''))
}

/** The code of a file, its comments and texts blanked out; line breaks stay. */
export function codeOf (text: string): string {
  return blank(text, { quoted: false })
}

// One pass: comments, quoted texts and templates (whose ${…} is code again) are the alternatives; a
// regular expression is taken for one only where a value may begin.
const tokens = new RegExp([
  String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
  String.raw`(?<quoted>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`,
  String.raw`(?<=[=(,:[!&|?{};\n]\s*)` +
    String.raw`(?<pattern>\/(?![*\/])(?:[^\/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/)`,
  String.raw`(?<tick>\`)`,
  String.raw`(?<open>\{)`,
  String.raw`(?<close>\})`
].join('|'), 'g')

/** Blanks comments and the texts of templates, and unless they are kept what stands in quotes. */
function blank (text: string, keep: { readonly quoted: boolean }): string {
  const braces: ('code' | 'template')[] = []
  let result = ''
  let at = 0
  const copy = (to: number, kept: boolean) => {
    const part = text.slice(at, to)
    result += kept ? part : part.replace(/[^\n]/g, ' ')
    at = to
  }
  while (at < text.length) {
    tokens.lastIndex = at
    const match = tokens.exec(text)
    if (match === null) break
    const { comment, quoted, pattern, tick, open } = match.groups ?? {}
    const end = match.index + match[0].length
    copy(match.index, true)
    if (comment !== undefined) copy(end, false)
    else if (quoted !== undefined || pattern !== undefined) copy(end, keep.quoted)
    else if (tick !== undefined || (open === undefined && braces.pop() === 'template')) {
      const { to, code } = templatePart(text, end)
      copy(to, false)
      if (code) braces.push('template')
    } else {
      if (open !== undefined) braces.push('code')
      copy(end, true)
    }
  }
  copy(text.length, true)
  return result
}

/** Where a template that goes on at `from` ends, and whether code `${` begins there. */
function templatePart (text: string, from: number): { to: number, code: boolean } {
  const match = /\\[\s\S]|`|\$\{/g
  match.lastIndex = from
  for (let found = match.exec(text); found !== null; found = match.exec(text)) {
    if (found[0].startsWith('\\')) continue
    return { to: found.index + found[0].length, code: found[0] === '${' }
  }
  return { to: text.length, code: false }
}
