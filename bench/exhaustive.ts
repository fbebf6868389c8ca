// The error of a float32 op of one argument over all 2³² numbers, plain and with fused
// multiply-add, against doubles: node dist/bench/exhaustive.js [op …], without a name exp and log.
// The double's own error, below 1e-8 of a float32 unit, does not show.

import { compileOp } from '../test/ops/composite.ts'
import { type Floats, relaxedAvailable } from '../test/ops/lanes.ts'

const references: Record<string, (x: number) => number> = {
  exp: Math.exp,
  exp_nonpositive: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log1p_nonnegative: Math.log1p,
  log1p_unit: Math.log1p,
  tanh: Math.tanh,
  atan: Math.atan,
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

/** Where the inner ops may be asked; by the middle of a block, whose numbers have one sign. */
const isAsked: Record<string, (x: number) => boolean> = {
  exp_nonpositive: x => x < 0,
  log1p_nonnegative: x => x > 0,
  log1p_unit: x => x > 0 && x < 1
}

const block = 65536
const bits = new Uint32Array(block)
const inputs = new Float32Array(bits.buffer)
const exact = new Float64Array(block)
const rounded = new Float32Array(block)
const roundedBits = new Uint32Array(rounded.buffer)
const units = new Float64Array(block)
// One unit in the last place by the exponent's bits; 0 where float32 has no such number.
const unitOf = Float64Array.from({ length: 256 }, (_, exponent) =>
  (exponent === 255 ? 0 : 2 ** (Math.max(exponent, 1) - 150)))

interface Worst { error: number, at: number, value: number, wrong: number }

const names = process.argv.length > 2 ? process.argv.slice(2) : ['exp', 'log']
for (const name of names) sweep(name)

function sweep (name: string): void {
  const reference = references[name]
  if (reference === undefined) throw new Error(`${name} is none of ${Object.keys(references)}`)
  const modes = relaxedAvailable ? [false, true] : [false]
  const runs = modes.map(relaxed => ({
    name: `${name} ${relaxed ? 'fused' : 'plain'}`,
    compiled: compileOp(name, 'f32x4', relaxed, block),
    worst: { error: 0, at: 0, value: 0, wrong: 0 }
  }))
  const start = performance.now()
  for (let first = 0; first < 2 ** 32; first += block) {
    for (let k = 0; k < block; k++) bits[k] = first + k
    if (isAsked[name]?.(inputs[block / 2] ?? 0) === false) continue
    for (let k = 0; k < block; k++) exact[k] = reference(inputs[k] ?? 0)
    fillUnits()
    for (const { compiled, worst } of runs) compare(compiled.run(inputs), worst)
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  for (const { name, worst } of runs) {
    console.log(`${name}: at most ${worst.error.toFixed(4)} ulp, at ${worst.at} = ` +
      `${worst.value}; ${worst.wrong} wrong zeros, infinities or NaN (${seconds} s)`)
  }
}

// Rounding to float32 may have reached the next power of two, where the unit is twice as large.
function fillUnits (): void {
  rounded.set(exact)
  for (let k = 0; k < block; k++) {
    const pattern = roundedBits[k] ?? 0
    const exponent = (pattern >>> 23) & 255
    const isUp = (pattern & 0x7fffff) === 0 && exponent > 0 &&
      Math.abs(rounded[k] ?? 0) > Math.abs(exact[k] ?? 0)
    units[k] = unitOf[isUp && exponent < 255 ? exponent - 1 : exponent] ?? 0
  }
}

// Infinities and NaN must agree, and exact zeros with their sign; else the distance counts.
function compare (values: Floats, worst: Worst): void {
  let error = worst.error
  for (let k = 0; k < block; k++) {
    const value = values[k] ?? 0
    const number = exact[k] ?? 0
    const unit = units[k] ?? 0
    const distance = Math.abs(value - number)
    if (distance <= error * unit && number !== 0) continue
    if (unit === 0 || number === 0 || !Number.isFinite(value)) {
      if (!Object.is(value, rounded[k])) worst.wrong++
      continue
    }
    error = distance / unit
    worst.at = inputs[k] ?? 0
    worst.value = value
  }
  worst.error = error
}
