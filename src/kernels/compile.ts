// From the nodes of a graph to a program: lower, schedule, emit, assemble.

import { originalAxis, type Graph } from '../formulas/graph.ts'
import { lower } from '../formulas/lower.ts'
import { assemble } from './assemble.ts'
import { emitLoop, type Emission } from './loop.ts'
import { emitProduct } from './product-part.ts'
import type { Compiled, Part } from './program.ts'
import { RecordLayout, stepOffset } from './record.ts'
import { ScalarWriter } from './scalars.ts'
import { schedule, type Output, type Schedule } from './schedule.ts'
import { FunctionText, get, offset, set } from './text.ts'

export type { Output } from './schedule.ts'

export interface CompileRequest {
  readonly graph: Graph
  readonly outputs: readonly Output[]
  readonly precision: 'f32' | 'f64'
  readonly relaxed: boolean
}

let programs = 0

/** Compiles the computation of all outputs into one program, good for any lengths of its axes. */
export function compileProgram ({ graph, outputs, precision, relaxed }: CompileRequest): Compiled {
  const nodes = lower(graph, outputs.map(output => output.node))
  const lowered = outputs.map((output, index): Output => ({ ...output, node: nodes[index] ?? output.node }))
  const plan = schedule(graph, lowered)
  const own = plan.steps.reduce((count, step) => count + (step.kind === 'loop' ? 1 : 2), 0)
  const steps = plan.steps.at(-1)?.kind === 'loop' ? own : own + 1
  const record = new RecordLayout(steps)
  const { functions, parts } = emit(plan, steps, { record, precision, relaxed })
  const scratchWord = record.word('scratch memory')
  const scratchStrideWord = record.word('scratch stride')
  for (const output of outputs) record.word(`output ${output.name}`)
  const wat = module(functions)
  return {
    id: ++programs,
    module: assemble(wat),
    steps,
    precision,
    parts,
    template: record.template(),
    lengths: record.named('length'),
    inputs: record.named('input'),
    outputs: record.named('output'),
    numbers: record.named('number'),
    temporaries: plan.temporaries.map(stored => [stored.layout.map(originalAxis), record.word(stored.place)]),
    scratchWord,
    scratchStrideWord,
    wat
  }
}

function emit (plan: Schedule, steps: number, emission: Emission): { functions: string[]; parts: Part[] } {
  const functions = new Map<string, string>()
  const parts: Part[] = []
  let index = 0
  for (const step of plan.steps) {
    if (step.kind === 'loop') {
      const { wat, part } = emitLoop(step, index, emission)
      const totals = step.tasks.flatMap(task => task.kind === 'total' ? [task.node] : [])
      functions.set(`k${index}`, wat)
      functions.set(`a${index}`, after(index, totals, index + 1 === steps ? plan.scalars : [], emission))
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
  if (index < steps) {
    functions.set(`k${index}`, `(func (export "k${index}") (param i32 i32 i32))`)
    functions.set(`a${index}`, after(index, [], plan.scalars, emission))
    parts.push(numbersAlone)
  }
  return { functions: [...functions.values()], parts }
}

// A last step without chunks, where no loop is there to compute the numbers after.
const numbersAlone: Part = {
  title: 'numbers',
  fit: () => ({
    cuts: [{ chunks: 0, nanosecondsPerChunk: 0, unitsPerChunk: 0, units: 0 }],
    words: [], blocks: [], threadBytes: 0
  })
}

// What is done once all chunks of a step are: totals in chunk order, and at the end the scalars.
function after (
  index: number, totals: readonly { id: number; op: string }[], scalars: readonly Output[],
  { record, precision }: Emission
): string {
  const fn = new FunctionText(`$a${index} (export "a${index}") (param $args i32)`)
  for (const total of totals) {
    const [sum, at, end] = [fn.local('f64', 't'), fn.local('i32', 'p'), fn.local('i32', 'e')]
    const nothing = total.op === 'sum' ? '0' : total.op === 'max' ? '-inf' : 'inf'
    const add = total.op === 'sum' ? 'f64.add' : `f64.${total.op}`
    fn.entry.lines.push(
      set(sum, `(f64.const ${nothing})`),
      set(at, `(i32.load ${offset(record.word(`partials ${total.id}`))})`),
      set(end, `(i32.add ${get(at)} (i32.shl (i32.load ${offset(stepOffset(index))}) (i32.const 3)))`))
    fn.loop(fn.entry, `(i32.lt_u ${get(at)} ${get(end)})`, [
      set(sum, `(${add} ${get(sum)} (f64.load ${get(at)}))`),
      set(at, `(i32.add ${get(at)} (i32.const 8))`)
    ])
    fn.entry.lines.push(`(f64.store ${offset(record.word(`total ${total.id}`))} ${get(sum)})`)
  }
  const writer = new ScalarWriter(fn, record, precision)
  for (const { name, node } of scalars) {
    const value = `(f64x2.extract_lane 0 ${get(writer.value(node))})`
    const address = `(i32.load ${offset(record.word(`output ${name}`))})`
    fn.entry.lines.push(precision === 'f64'
      ? `(f64.store ${address} ${value})`
      : `(f32.store ${address} (f32.demote_f64 ${value}))`)
  }
  return fn.text()
}

function module (functions: readonly string[]): string {
  return `(module
(import "lossd" "memory" (memory 1 65536 shared))
(import "lossd" "thread" (global $thread i32))
${functions.join('\n')}
)`
}
