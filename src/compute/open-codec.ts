// Opens the codec's module on this thread, before the first body is read. A build has assembled it,
// so that a start need not (some 150 ms of a CPU); the sources as they stand assemble it anew.

import { readFile } from 'node:fs/promises'
import { machineText } from '../codec/machine-text.ts'
import { openPad } from '../codec/pad.ts'
import { assemble, loadAssembler } from '../kernels/assemble.ts'

let opening: Promise<void> | undefined
let opened: WebAssembly.Module | undefined

/** Fulfilled when the codec can be used; it is assembled once. */
export function openCodec (): Promise<void> {
  opening ??= open()
  return opening
}

/** The module, after openCodec. */
export function codecModule (): WebAssembly.Module {
  if (opened === undefined) throw new Error('openCodec() has not been awaited')
  return opened
}

async function open (): Promise<void> {
  const bytes = await readFile(built).catch(() => undefined)
  opened = bytes === undefined ? await assembled() : new WebAssembly.Module(bytes)
  openPad(opened)
}

async function assembled (): Promise<WebAssembly.Module> {
  await loadAssembler()
  return assemble(machineText())
}

// Written by scripts/codec.mjs; never beside the sources.
const file = '../codec/machine.wasm'
const built = new URL(file, import.meta.url)
