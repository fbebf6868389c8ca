// All that the codec looks up in a memory, in the bytes that it reserves:
//
//     24576    powers of ten         49152    layouts of numbers, up to 54592
//     40960    units of float32      57344    places of digits, then constant vectors
//
// Each has its file. They must be there before the module is at work in that memory.

import { writePlaces } from './place-table.ts'
import { writePowers } from './powers.ts'
import { writePrintTables } from './print-tables.ts'
import { writeVectors } from './vectors.ts'

export function writeTables (memory: WebAssembly.Memory): void {
  writePowers(memory)
  writePrintTables(memory)
  writePlaces(memory)
  writeVectors(memory)
}
