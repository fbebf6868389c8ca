// WAT text → module, by wabt. wabt is itself WebAssembly: loading it takes some ten milliseconds,
// so a thread that assembles loads it once, and one that does not never.

import v8 from 'node:v8'
import type wabt from 'wabt'

type Assembler = Awaited<ReturnType<typeof wabt>>

let assembler: Assembler | null = null

/** Must have ended before the first program is compiled. */
export async function loadAssembler (): Promise<void> {
  if (assembler !== null) return
  // Functions are compiled with their module, not when they are first called: a large one would
  // hold up the thread that calls it, and that may be the main thread.
  v8.setFlagsFromString('--no-wasm-lazy-compilation')
  const { default: load } = await import('wabt')
  // To Node 24 a module that is being compiled is no reason to stay alive.
  const alive = setInterval(() => {}, 1000)
  try {
    assembler = await load()
  } finally {
    clearInterval(alive)
  }
}

/** Assembles one module; the text is our own, so an error in it is a bug. */
export function assemble (text: string): WebAssembly.Module {
  return new WebAssembly.Module(binaryOf(text))
}

/** The bytes of a module, as they can be kept in a file. */
export function binaryOf (text: string): Uint8Array<ArrayBuffer> {
  if (assembler === null) throw new Error('loadAssembler() has not been awaited')
  const features = { simd: true, threads: true, relaxed_simd: true }
  const parsed = assembler.parseWat('program.wat', text, features)
  try {
    return new Uint8Array(parsed.toBinary({}).buffer)
  } finally {
    parsed.destroy()
  }
}

// (func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd …))
const probe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11,
  0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11
])

/** True if this engine runs relaxed SIMD as it stands. */
export function hasRelaxedSimd (): boolean { return WebAssembly.validate(probe) }

/**
 * True if this engine runs relaxed SIMD. Node 20 hides it behind a flag, which works if it is set
 * before the first module is compiled; newer ones print an error for the flag: the probe is first.
 */
export function enableRelaxedSimd (): boolean {
  if (hasRelaxedSimd()) return true
  v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
  return hasRelaxedSimd()
}
