// The generator of first parameters.

import t from 'tap'
import { fillUniform, philox } from '../../src/sessions/uniform.ts'

// The known answers of Random123, philox4x32-10.
t.test('philox gives the known answers', async t => {
  const all = 0xFFFFFFFF
  t.same(philox(0, 0, 0, 0, 0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8])
  t.same(philox(all, all, all, all, all, all), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD])
  t.same(philox(0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
    [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1])
})

t.test('numbers are uniform within the bound', async t => {
  const numbers = new Float64Array(20_001)
  fillUniform(numbers, 0.5, 7, 3)
  const mean = (f: (x: number) => number): number =>
    numbers.reduce((total, x) => total + f(x), 0) / numbers.length
  t.ok(numbers.every(x => x >= -0.5 && x < 0.5))
  t.ok(Math.abs(mean(x => x)) < 0.01)
  t.ok(Math.abs(mean(x => x * x) - 1 / 12) < 0.002)
})

t.test('seed and stream decide, length and type do not', async t => {
  const draw = (length: number, seed: number, stream: number): number[] => {
    const numbers = new Float64Array(length)
    fillUniform(numbers, 1, seed, stream)
    return [...numbers]
  }
  t.same(draw(5, 7, 0), draw(8, 7, 0).slice(0, 5))
  t.not(draw(1, 7, 0)[0], draw(1, 7, 1)[0])
  t.not(draw(1, 7, 0)[0], draw(1, 7 + 2 ** 32, 0)[0])
  const single = new Float32Array(5)
  fillUniform(single, 1, 7, 0)
  t.same([...single], draw(5, 7, 0).map(Math.fround))
})
