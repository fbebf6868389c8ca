// Turns of the event loop. Pieces of work that take a millisecond or two are done at once, as long
// as a turn has time for them; then one in each of the next turns, with all that is quick between.

/** Does a piece of work now or, where this turn of the loop has had its share, in a later one. */
export function inTurn (work: () => void): void {
  if (later.length === 0 && hasTime()) {
    work()
    return
  }
  // What is due at the end of this turn still belongs to it.
  if (later.push(work) === 1) setImmediate(() => { setImmediate(next) })
}

/** Resolves when there is time for a piece of work. */
export function turn (): Promise<void> {
  return new Promise(inTurn)
}

const shareMs = 1
const later: (() => void)[] = []
// When the first piece of this turn began; 0 if there was none.
let begun = 0

function hasTime (): boolean {
  const now = performance.now()
  if (begun > 0) return now - begun < shareMs
  begun = now
  setImmediate(() => { begun = 0 })
  return true
}

function next (): void {
  const work = later.shift()
  if (later.length > 0) setImmediate(next)
  work?.()
}
