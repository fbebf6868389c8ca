// Comparisons that throw a sentence: what a property of fast-check needs to shrink and to tell.

/** Throws unless both print alike. */
export function same (found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [found, wanted].map(value => JSON.stringify(value))
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`)
}

/** Throws where numbers differ by more than so much of the largest around, at least of 1. */
export function near (
  found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string
): void {
  same(found.length, wanted.length, `count of ${what}`)
  const scale = Math.max(1, ...Array.from(wanted, Math.abs).filter(Number.isFinite))
  for (const [place, value] of Array.from(wanted).entries()) {
    const got = found[place] ?? Number.NaN
    if (Object.is(got, value) || got === value) continue
    if (Math.abs(got - value) <= tolerance * scale) continue
    throw new Error(`${what} at ${place}: ${got} instead of ${value}`)
  }
}
