// From the nodes of a graph to a program: lower, schedule, emit.

import { originalAxis, type Graph } from '../formulas/graph.ts'
import { lower } from '../formulas/lower.ts'
import { LossdError } from '../errors.ts'
import { emitFinish } from './finish.ts'
import type { Emission } from './lane-writer.ts'
import { emitLoop } from './loop.ts'
import { ModuleText } from './module-text.ts'
import { emitProduct } from './product-part.ts'
import { type Code, type Compiled, numbered, type Part } from './program.ts'
import { RecordLayout } from './record.ts'
import { emitRows } from './rows-part.ts'
import { type Output, type Schedule, schedule } from './schedule.ts'
import { FunctionText, type Precision } from './text.ts'

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

/** The same as data, and the bytes of its module. Throws FORMULA_TOO_LARGE. */
export function compileCode (request: CompileRequest): {
  readonly code: Code
  readonly bytes: Uint8Array<ArrayBuffer>
} {
  const { graph, outputs, precision, relaxed } = request
  const nodes = lower(graph, outputs.map(output => output.node))
  const plan = schedule(graph, outputs.map((output, index): Output =>
    ({ ...output, node: nodes[index] ?? output.node })))
  const own = plan.steps.reduce((count, step) => count + (step.kind === 'product' ? 2 : 1), 0)
  const steps = plan.steps.at(-1)?.kind === 'loop' ? own : own + 1
  const record = new RecordLayout(steps)
  const module = new ModuleText()
  const parts = emit(plan, { module, record, precision, relaxed, stored: plan.stored })
  const scratchWord = record.word('scratch memory')
  const scratchStrideWord = record.word('scratch stride')
  for (const output of outputs) record.word(`output ${output.name}`)
  const bytes = module.bytes()
  const code: Code = {
    module: new WebAssembly.Module(bytes),
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
  return { code, bytes }
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

// Adds the functions of all steps to the module. Numbers are computed when the last loop has ended;
// where none is last, a step without chunks follows.
function emit ({ steps, scalars }: Schedule, emission: Emission): Part[] {
  const { module } = emission
  const parts: Part[] = []
  let index = 0
  for (const step of steps) {
    if (step.kind === 'loop') {
      parts.push(emitLoop(step, index, emission))
      const totals = step.tasks.flatMap(task => task.kind === 'total' ? [task.node] : [])
      const numbers = step === steps.at(-1) ? scalars : []
      module.export(`a${index}`, emitFinish(index, totals, numbers, emission))
      index += 1
    } else if (step.kind === 'rows') {
      parts.push(emitRows(step, index, emission))
      index += 1
    } else {
      parts.push(emitProduct(step, index, emission))
      index += 2
    }
  }
  if (steps.at(-1)?.kind !== 'loop') {
    module.export(`k${index}`, new FunctionText('i32', 'i32', 'i32'))
    module.export(`a${index}`, emitFinish(index, [], scalars, emission))
    parts.push({ kind: 'numbers', title: 'numbers' })
  }
  return parts
}
