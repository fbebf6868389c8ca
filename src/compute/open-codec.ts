// Assembles the codec's module and opens it on this thread: before the first body is read.

import { machineText } from '../codec/machine-text.ts'
import { openPad } from '../codec/pad.ts'
import { assemble, loadAssembler } from '../kernels/assemble.ts'

let opened: Promise<WebAssembly.Module> | undefined

/** The codec's module; it is assembled once. */
export function openCodec (): Promise<WebAssembly.Module> {
  opened ??= open()
  return opened
}

async function open (): Promise<WebAssembly.Module> {
  await loadAssembler()
  const module = assemble(machineText())
  openPad(module)
  return module
}
