// From the nodes of a graph to a program: lower, schedule, emit, assemble.

import { originalAxis, type Graph } from '../formulas/graph.ts'
import { lower } from '../formulas/lower.ts'
import { LossdError } from '../errors.ts'
import { assemble } from './assemble.ts'
import { emitFinish } from './finish.ts'
import type { Emission } from './lane-writer.ts'
import { emitLoop } from './loop.ts'
import { emitProduct } from './product-part.ts'
import { type Code, type Compiled, numbered, type Part } from './program.ts'
import { RecordLayout } from './record.ts'
import { emitRows } from './rows-part.ts'
import { type Output, type Schedule, schedule } from './schedule.ts'
import type { Precision } from './text.ts'

export type { Output } from './schedule.ts'

export interface CompileRequest {
  readonly graph: Graph
  readonly outputs: readonly Output[]
  readonly precision: Precision
  /** True if multiplications and additions may be fused; float32 only. */
  readonly relaxed: boolean
}

/** Compiles the computation of all outputs into one program, good for any lengths of its axes. */
export function compileProgram (request: CompileRequest): Compiled {
  return numbered(compileCode(request).code)
}

/** The same as data, and the text its module was assembled from. Throws FORMULA_TOO_LARGE. */
export function compileCode (request: CompileRequest): {
  readonly code: Code
  readonly wat: string
} {
  const { graph, outputs, precision, relaxed } = request
  const nodes = lower(graph, outputs.map(output => output.node))
  const plan = schedule(graph, outputs.map((output, index): Output =>
    ({ ...output, node: nodes[index] ?? output.node })))
  const own = plan.steps.reduce((count, step) => count + (step.kind === 'product' ? 2 : 1), 0)
  const steps = plan.steps.at(-1)?.kind === 'loop' ? own : own + 1
  const record = new RecordLayout(steps)
  const { functions, parts } = emit(plan, {
    record, precision, relaxed, stored: plan.stored
  })
  const scratchWord = record.word('scratch memory')
  const scratchStrideWord = record.word('scratch stride')
  for (const output of outputs) record.word(`output ${output.name}`)
  const wat = moduleText(functions)
  const code: Code = {
    module: assemble(wat),
    steps,
    precision,
    parts,
    template: record.template(),
    lengths: record.named('length'),
    inputs: record.named('input'),
    outputs: record.named('output'),
    numbers: record.named('number'),
    temporaries: plan.temporaries.map(({ layout, place }) =>
      [layout.map(originalAxis), record.word(place)]),
    scratchWord,
    scratchStrideWord
  }
  return { code, wat }
}

/**
 * What is too large for the machine as an error of the table: a text nested deeper than the stack,
 * a function of more values than an engine takes. Throws FORMULA_TOO_LARGE.
 */
export function withinLimits<Result> (compile: () => Result): Result {
  try {
    return compile()
  } catch (fault) {
    if (!(fault instanceof RangeError || fault instanceof WebAssembly.CompileError)) throw fault
    throw new LossdError('FORMULA_TOO_LARGE', 'The formula and its derivative make a program that '
      + 'is too large for the machine. Let it have fewer operations, or split it into terms.',
      { pointer: '/formula', cause: fault })
  }
}

// The functions of all steps. Numbers are computed when the last loop has ended; where none is
// last, a step without chunks follows.
function emit ({ steps, scalars }: Schedule, emission: Emission): {
  functions: string[]
  parts: Part[]
} {
  const functions = new Map<string, string>()
  const parts: Part[] = []
  let index = 0
  for (const step of steps) {
    if (step.kind === 'loop') {
      const { wat, part } = emitLoop(step, index, emission)
      const totals = step.tasks.flatMap(task => task.kind === 'total' ? [task.node] : [])
      const numbers = step === steps.at(-1) ? scalars : []
      functions.set(`k${index}`, wat)
      functions.set(`a${index}`, emitFinish(index, totals, numbers, emission))
      parts.push(part)
      index += 1
    } else if (step.kind === 'rows') {
      const { part, functions: own } = emitRows(step, index, emission)
      for (const [name, text] of own) functions.set(name, text)
      parts.push(part)
      index += 1
    } else {
      const { part, matmul } = emitProduct(step, index, emission)
      for (const [name, text] of matmul.functions) functions.set(name, text)
      for (const [place, text] of matmul.steps.entries()) functions.set(`k${index + place}`, text)
      parts.push(part)
      index += 2
    }
  }
  if (steps.at(-1)?.kind !== 'loop') {
    functions.set(`k${index}`, `(func (export "k${index}") (param i32 i32 i32))`)
    functions.set(`a${index}`, emitFinish(index, [], scalars, emission))
    parts.push({ kind: 'numbers', title: 'numbers' })
  }
  return { functions: [...functions.values()], parts }
}

function moduleText (functions: readonly string[]): string {
  return `(module
(import "lossd" "memory" (memory 1 65536 shared))
(import "lossd" "thread" (global $thread i32))
${functions.join('\n')}
)`
}
