// Assembles the codec's module and opens it on this thread: before the first body is read.

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
  await loadAssembler()
  opened = assemble(machineText())
  openPad(opened)
}
