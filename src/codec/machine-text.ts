// The codec's module, as WAT: reads and prints numbers in the memory it is given, wherever that is.
// Assembled once at start, it works on the main thread for what is small, and in the pool, as a
// program of one step, for what is large.

import { arrayCode } from './array-code.ts'
import { decimalCode } from './decimal-code.ts'
import { numberCode } from './number-code.ts'
import { printCode } from './print-code.ts'
import { programCode } from './program-code.ts'
import { textCode } from './text-code.ts'
import { translate } from './translate.ts'

export function machineText (): string {
  return `(module
(import "lossd" "memory" (memory 1 65536 shared))
${translate([decimalCode, numberCode, textCode, arrayCode, printCode, programCode].join('\n'))}
)`
}
