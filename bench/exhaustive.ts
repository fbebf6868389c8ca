// The error of a float32 op of one argument over all 2³² numbers, plain and with fused multiply-add,
// against JavaScript's double: node dist/bench/exhaustive.js [op …], without a name exp and log.
// The double's own error, below 1e-8 of a float32 unit, does not show.

import { compileOp } from '../test/ops/composite.ts'
import { relaxedAvailable } from '../test/ops/lanes.ts'

const references: Record<string, (x: number) => number> = {
  exp: Math.exp,
  exp_nonpositive: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log1p_unit: Math.log1p,
  tanh: Math.tanh,
  atan: Math.atan,
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

/** Where the inner ops may be asked. */
const isAsked: Record<string, (x: number) => boolean> = {
  exp_nonpositive: x => !(x > 0),
  log1p_unit: x => !(x < 0 || x > 1)
}

const block = 65536
const bits = new Uint32Array(block)
const inputs = new Float32Array(bits.buffer)
const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

const names = process.argv.length > 2 ? process.argv.slice(2) : ['exp', 'log']
for (const name of names) sweep(name)

interface Worst { error: number, at: number, value: number, wrong: number }

function sweep (name: string): void {
  const reference = references[name]
  if (reference === undefined) throw new Error(`${name} is none of ${Object.keys(references)}`)
  const asked = isAsked[name] ?? (() => true)
  const modes = relaxedAvailable ? [false, true] : [false]
  const compiled = modes.map(relaxed => compileOp(name, 'f32x4', relaxed, block))
  const worst: Worst[] = modes.map(() => ({ error: 0, at: 0, value: 0, wrong: 0 }))
  const start = performance.now()
  for (let first = 0; first < 2 ** 32; first += block) {
    for (let k = 0; k < block; k++) bits[k] = first + k
    const values = compiled.map(one => one.run(inputs))
    for (let k = 0; k < block; k++) {
      const x = inputs[k] ?? 0
      if (!asked(x)) continue
      const exact = reference(x)
      const unit = unitOf(exact)
      for (let mode = 0; mode < modes.length; mode++) {
        note(worst[mode], x, values[mode]?.[k] ?? 0, exact, unit)
      }
    }
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  worst.forEach((found, mode) => {
    const how = modes[mode] === true ? 'fused' : 'plain'
    console.log(`${name} ${how}: at most ${found.error.toFixed(4)} ulp, at ${found.at} = ` +
      `${found.value}; ${found.wrong} wrong zeros, infinities or NaN (${seconds} s)`)
  })
}

// Infinities, NaN and the sign of zeros must agree; else the distance in units of the exact value.
function note (
  worst: Worst | undefined, x: number, value: number, exact: number, unit: number
): void {
  if (worst === undefined) return
  if (unit === 0 || !Number.isFinite(value)) {
    if (!Object.is(value, Math.fround(exact))) worst.wrong++
    return
  }
  const error = Math.abs(value - exact) / unit
  if (error > worst.error) Object.assign(worst, { error, at: x, value })
}

// One unit in the last place of float32 at x; 0 where float32 has no such number.
function unitOf (x: number): number {
  scratch[0] = x
  const exponent = ((scratchBits[0] ?? 0) >>> 23) & 255
  if (exponent === 255 || x === 0) return 0
  // Rounding to float32 may have reached the next power of two, where the unit is twice as large.
  const up = Math.abs(scratch[0] ?? 0) > Math.abs(x) && ((scratchBits[0] ?? 0) & 0x7fffff) === 0
  return 2 ** (Math.max(exponent - (up ? 1 : 0), 1) - 150)
}
