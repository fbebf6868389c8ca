// How a text is refused: the character, a sentence, and where a name is unknown the nearest ones.

import { LossdError } from '../errors.ts'

/** Throws FORMULA_INVALID with one place: the character at `position`. */
export function fail (position: number, detail: string): never {
  throw new LossdError('FORMULA_INVALID', detail, { pointer: '/formula', position })
}

/** Throws FORMULA_TOO_LARGE: a limit of the language is reached. */
export function failTooLarge (position: number, detail: string): never {
  throw new LossdError('FORMULA_TOO_LARGE', detail, { pointer: '/formula', position })
}

/** `; did you mean a or b?`, or nothing if no name is near. */
export function suggest (name: string, names: Iterable<string>): string {
  const near = nearest(name, names)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}

const lengthMax = 40

/** Up to `count` of the names, nearest first: few edits away, or one contains the other. */
export function nearest (name: string, names: Iterable<string>, count = 3): string[] {
  if (name.length > lengthMax) return []
  const wanted = plain(name)
  const found: { name: string, distance: number }[] = []
  for (const candidate of new Set(names)) {
    if (candidate.length > lengthMax) continue
    const other = plain(candidate)
    const contained = Math.min(wanted.length, other.length) > 2 &&
      (wanted.includes(other) || other.includes(wanted))
    const distance = contained ? 1 : edits(wanted, other)
    if (distance <= Math.max(1, Math.floor(wanted.length / 3))) found.push({ name: candidate, distance })
  }
  return found.sort((a, b) => a.distance - b.distance).slice(0, count).map(entry => entry.name)
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_.]/g, '')

// Insertions, deletions, changes and swaps of neighbours that lead from a to b.
function edits (a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, (before[j - 2] ?? 0) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
