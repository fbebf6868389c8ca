// WAT, the text of modules, by wabt: what people read of a kernel, and what is written by hand.
// wabt is itself WebAssembly, and loading it takes 150 ms of a CPU: only who needs WAT waits for
// it. And what an engine must be told and asked before its first module.

import v8 from 'node:v8'
import type wabt from 'wabt'

type Tools = Awaited<ReturnType<typeof wabt>>

const features = { simd: true, threads: true, relaxed_simd: true }

let tools: Tools | null = null

/** Must have ended before a text is assembled. */
export async function loadAssembler (): Promise<void> { tools ??= await load() }

/** The module of a text; the text is our own, so an error in it is a bug. */
export function assemble (text: string): WebAssembly.Module {
  return new WebAssembly.Module(binaryOf(text))
}

/** The bytes of a module, as they can be kept in a file. */
export function binaryOf (text: string): Uint8Array<ArrayBuffer> {
  if (tools === null) throw new Error('loadAssembler() has not been awaited')
  const parsed = tools.parseWat('program.wat', text, features)
  try {
    return new Uint8Array(parsed.toBinary({}).buffer)
  } finally {
    parsed.destroy()
  }
}

/** The text of a module. */
export async function textOf (bytes: Uint8Array): Promise<string> {
  tools ??= await load()
  const read = tools.readWasm(bytes, { ...features, readDebugNames: false })
  try {
    read.generateNames()
    read.applyNames()
    return read.toText({ foldExprs: true, inlineExport: true })
  } finally {
    read.destroy()
  }
}

async function load (): Promise<Tools> {
  const { default: load } = await import('wabt')
  // To Node 24 a module that is being compiled is no reason to stay alive.
  const alive = setInterval(() => {}, 1000)
  try {
    return await load()
  } finally {
    clearInterval(alive)
  }
}

// Functions are compiled with their module, not when they are first called: a large one would hold
// up the thread that calls it, and that may be the main thread.
v8.setFlagsFromString('--no-wasm-lazy-compilation')

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
