// A small writer of lanes for tests and benches: one module around one op for whole arrays. The
// emitter of kernels is not used, so that an op is tested on its own.

import { assemble, enableRelaxedSimd, loadAssembler } from '../../src/kernels/assemble.ts'
import type { Lane, Lanes } from '../../src/ops/op.ts'

export type LaneFunction = (w: Lanes, ...args: Lane[]) => Lane
export type Floats = Float32Array | Float64Array

/** An op compiled for arrays: `run` on copies of the inputs, `time` for benches. */
export interface Compiled {
  run(...inputs: Floats[]): Floats
  /** Nanoseconds per element, the fastest of several rounds over the inputs given. */
  time(rounds: number, ...inputs: Floats[]): number
  /** The text of the module. */
  readonly wat: string
}

const pageBytes = 65536
const pagesMax = 65536

/** True when relaxed SIMD can be used here. */
export const relaxedAvailable: boolean = enableRelaxedSimd()

await loadAssembler()

/** Compiles an op of `arity` arguments for arrays of up to `capacity` elements. */
export function compileLanes (
  lanes: LaneFunction,
  arity: number,
  type: Lanes['type'],
  relaxed: boolean,
  capacity = 65536,
  unroll = 4
): Compiled {
  const single = type === 'f32x4'
  const bytes = single ? 4 : 8
  const stride = capacity * bytes + 256
  const wat = moduleText(lanes, arity, type, relaxed, unroll)
  const pages = Math.ceil(stride * (arity + 1) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pagesMax, shared: true })
  const { exports } = new WebAssembly.Instance(assemble(wat), { lossd: { memory } })
  const call = exports.run as (count: number, ...addresses: number[]) => void
  const view = (i: number, length: number): Floats =>
    single
      ? new Float32Array(memory.buffer, i * stride, length)
      : new Float64Array(memory.buffer, i * stride, length)
  const addresses = Array.from({ length: arity + 1 }, (_, i) => i * stride)
  const load = (inputs: Floats[]): number => {
    const length = inputs[0]?.length ?? 0
    if (length > capacity) throw new Error(`${length} elements do not fit ${capacity}`)
    for (const [i, input] of inputs.entries()) view(i, length).set(input)
    return length
  }
  return {
    wat,
    run (...inputs) {
      const length = load(inputs)
      call(length, ...addresses)
      return view(arity, length).slice()
    },
    time (rounds, ...inputs) {
      const length = load(inputs)
      let best = Number.POSITIVE_INFINITY
      for (let round = 0; round < rounds; round++) {
        const start = process.hrtime.bigint()
        call(length, ...addresses)
        best = Math.min(best, Number(process.hrtime.bigint() - start))
      }
      return best / length
    }
  }
}

// (run count a0 … out): unrolled vectors; the arrays have slack, so there is no tail.
function moduleText (
  lanes: LaneFunction,
  arity: number,
  type: Lanes['type'],
  relaxed: boolean,
  unroll: number
): string {
  const locals: string[] = []
  const before: string[] = []
  const body: string[] = []
  const writer = createWriter(type, relaxed, locals, before, body)
  for (let copy = 0; copy < unroll; copy++) {
    const args = Array.from({ length: arity }, (_, i) => writer.load(`$a${i}`, copy * 16))
    body.push(`(v128.store offset=${copy * 16} (local.get $out) ${get(lanes(writer, ...args))})`)
  }
  const pointers = [...Array.from({ length: arity }, (_, i) => `$a${i}`), '$out']
  const step = unroll * 16
  return `(module
(import "lossd" "memory" (memory 1 65536 shared))
(func (export "run") (param $count i32) ${pointers.map(p => `(param ${p} i32)`).join(' ')}
(local $end i32) ${locals.map(name => `(local ${name} v128)`).join(' ')}
${before.join('\n')}
(local.set $end (i32.add (local.get $a0)
  (i32.shl (local.get $count) (i32.const ${type === 'f32x4' ? 2 : 3}))))
(block $done (loop $next
(br_if $done (i32.ge_u (local.get $a0) (local.get $end)))
${body.join('\n')}
${pointers.map(p => `(local.set ${p} (i32.add (local.get ${p}) (i32.const ${step})))`).join('\n')}
(br $next)))))`
}

const get = (lane: Lane): string => `(local.get ${lane})`

function createWriter (
  type: Lanes['type'],
  relaxed: boolean,
  locals: string[],
  before: string[],
  body: string[]
): Lanes & { load(pointer: string, offset: number): Lane } {
  const constants = new Map<string, Lane>()
  const fresh = (prefix: string): Lane => {
    const name = `$${prefix}${locals.length}`
    locals.push(name)
    return name as Lane
  }
  const assign = (text: string): Lane => {
    const lane = fresh('t')
    body.push(`(local.set ${lane} ${text})`)
    return lane
  }
  const hoist = (text: string): Lane => {
    const known = constants.get(text)
    if (known) return known
    const lane = fresh('c')
    constants.set(text, lane)
    before.push(`(local.set ${lane} ${text})`)
    return lane
  }
  const single = type === 'f32x4'
  const op: Lanes['op'] = (instruction, ...args) => {
    const scalar = /shl|shr/.test(instruction)
    const texts = args.map(a =>
      typeof a === 'string' ? get(a) : scalar ? `(i32.const ${a})` : `${a}`)
    const immediates = args.flatMap((a, i) => (typeof a === 'number' && !scalar ? [i] : []))
    const ordered = [
      ...immediates.map(i => texts[i]),
      ...texts.filter((_, i) => !immediates.includes(i))
    ]
    return assign(`(${instruction} ${ordered.join(' ')})`)
  }
  return {
    type,
    relaxed,
    constant: value => hoist(`(${type}.splat (${single ? 'f32' : 'f64'}.const ${literal(value)}))`),
    bits: pattern => hoist(single
      ? `(i32x4.splat (i32.const ${BigInt.asIntN(32, pattern)}))`
      : `(i64x2.splat (i64.const ${BigInt.asIntN(64, pattern)}))`),
    op,
    madd: (a, b, c) => relaxed
      ? op(`${type}.relaxed_madd`, a, b, c)
      : op(`${type}.add`, op(`${type}.mul`, a, b), c),
    select: (mask, a, b) => op('v128.bitselect', a, b, mask),
    load: (pointer, offset) => assign(`(v128.load offset=${offset} (local.get ${pointer}))`)
  }
}

function literal (value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0' : `${value}`
}
