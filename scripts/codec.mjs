// The end of a build: assembles the codec's module into dist, where the service looks for it.

import { writeFileSync } from 'node:fs'
import { machineText } from '../dist/src/codec/machine-text.js'
import { binaryOf, loadAssembler } from '../dist/src/kernels/assemble.js'

await loadAssembler()
const file = new URL('../dist/src/codec/machine.wasm', import.meta.url)
writeFileSync(file, binaryOf(machineText()))
