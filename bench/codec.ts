// The codec of numbers against JSON.parse and JSON.stringify: text into typed memory and back, one
// thread, nanoseconds a number. The baselines include the way to and from typed arrays.

import { Pad, padPlaces } from '../src/codec/pad.ts'
import { describe } from '../src/codec/printed.ts'
import { codecModule, openCodec } from '../src/compute/open-codec.ts'
import { Random } from '../test/random.ts'
import { digits, race, table } from './measure.ts'

const count = 64_000
await openCodec()
const pad = new Pad(codecModule(), 4 << 20)
const random = new Random(1234)
const floats = Float32Array.from({ length: count }, () => random.normal())
const doubles = Float64Array.from({ length: count }, () => random.normal())
const long = Array.from(floats)

/** The shortest decimal that reads back as the same float32. */
function shortest (value: number): string {
  for (let places = 6; places < 9; places++) {
    const text = Number(value.toPrecision(places))
    if (Math.fround(text) === value) return String(text)
  }
  return String(Number(value.toPrecision(9)))
}

function rows (length: number): number[][] {
  return Array.from({ length: count / length }, (_, row) =>
    long.slice(row * length, (row + 1) * length))
}

const texts: Readonly<Record<string, string>> = {
  'Python’s tolist': JSON.stringify(long).replaceAll(',', ', '),
  '17 digits': JSON.stringify(long),
  'shortest float32': `[${Array.from(floats, shortest).join()}]`,
  'class indices': JSON.stringify(long.map(() => random.below(10))),
  'rows of 10': JSON.stringify(rows(10)),
  'rows of 1': JSON.stringify(rows(1))
}

const parsed: string[][] = []
for (const [name, text] of Object.entries(texts)) {
  const bytes = Buffer.from(text)
  bytes.copy(pad.text(0))
  pad.text(0).fill(0, bytes.length, bytes.length + 64)
  const read = (real: number) => () => {
    pad.startArray(padPlaces.pass, padPlaces.text, 0, pad.values, real, padPlaces.scratch)
  }
  const target = new Float32Array(count)
  const times = await race([
    { name: 'float32', run: read(2) },
    { name: 'float64', run: read(1) },
    { name: 'JSON.parse', run: () => { target.set(JSON.parse(text).flat()) } }
  ])
  parsed.push(['parse', name, digits(bytes.length / count), ...perNumber(times)])
}

const printed: string[][] = []
const gradients = floats.map(value => value / 1000)
for (const [name, datatype, data, shape] of [
  ['float32', 'FP32', gradients, [count]],
  ['float32, rows of 10', 'FP32', gradients, [count / 10, 10]],
  ['float32, rows of 1', 'FP32', gradients, [count, 1]],
  ['float64', 'FP64', doubles, [count]]
] as const) {
  const width = datatype === 'FP32' ? 4 : 8
  if (datatype === 'FP32') pad.f32.set(data, pad.values / width)
  else pad.f64.set(data, pad.values / width)
  describe(pad.i32, padPlaces.printed, pad.values, datatype, shape)
  const print = (): number => pad.print(padPlaces.printed, 0, count, padPlaces.text)
  const nested = (): unknown => shape.slice(1).reduce<unknown[]>((values, length) =>
    Array.from({ length: values.length / length }, (_, row) =>
      values.slice(row * length, (row + 1) * length)), Array.from(data))
  const times = await race([
    { name: 'print', run: print },
    { name: 'JSON.stringify', run: () => JSON.stringify(nested()) }
  ])
  const [own = '', other = ''] = perNumber(times)
  const isDouble = datatype === 'FP64'
  printed.push(['print', name, digits((print() - padPlaces.text) / count),
    isDouble ? '-' : own, isDouble ? own : '-', other])
}

console.log(table(['way', 'numbers', 'bytes each', 'float32', 'float64', 'JSON.parse, .stringify'],
  [...parsed, ...printed]))

function perNumber (times: ReadonlyMap<string, number>): string[] {
  return [...times.values()].map(time => digits(time / count))
}
