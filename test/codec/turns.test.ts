// Pieces of work and the turns of the loop: at once while there is time, then one a turn, in order.

import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { inTurn, turn } from '../../src/codec/turns.ts'

/** Work that takes up the share of a turn. */
function spend (): void {
  const end = performance.now() + 2
  while (performance.now() < end);
}

t.test('what is quick is done at once', async t => {
  const done: number[] = []
  for (let piece = 0; piece < 3; piece++) inTurn(() => { done.push(piece) })
  t.same(done, [0, 1, 2])
  await nextTurn()
})

t.test('what takes long has a turn of its own, in the order in which it was asked for', async t => {
  const done: [piece: number, turn: number][] = []
  let turns = 0
  const pieces = Array.from({ length: 4 }, (_, piece) => new Promise<void>(resolve => {
    inTurn(() => {
      done.push([piece, turns])
      spend()
      resolve()
    })
  }))
  t.equal(done.length, 1)
  const all = Promise.all(pieces)
  let isOver = false
  void all.then(() => { isOver = true })
  while (!isOver) {
    await nextTurn()
    turns++
  }
  t.same(done.map(([piece]) => piece), [0, 1, 2, 3])
  t.equal(new Set(done.map(([, turn]) => turn)).size, 4, 'no two in one turn')
  await turn()
})
