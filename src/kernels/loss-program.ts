// A loss, bound to the shapes and options of a request, as a program: value, reduction, gradients,
// and beside them the conditions that refuse a request or warn. A program serves all requests whose
// bindings have the same key; programs are kept, the most recent ones.

import { bind, type Binding } from '../formulas/bind.ts'
import { explain, type Check, type Warning } from '../formulas/checks.ts'
import type { Definition, TensorKind } from '../formulas/definition.ts'
import { gradient } from '../formulas/gradient.ts'
import { Graph, type Axis, type Node } from '../formulas/graph.ts'
import { reduced, trace, type Traced } from '../formulas/trace.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { LossdError } from '../errors.ts'
import { compileProgram, type Output } from './compile.ts'
import type { Compiled } from './program.ts'
import { Recent } from './recent.ts'

/** What is asked of a loss. Tensors lie in the heap, real ones in the computing datatype. */
export interface LossCall {
  readonly definition: Definition
  readonly tensors: Readonly<Record<string, { readonly kind: TensorKind, readonly tensor: Tensor }>>
  readonly options: Readonly<Record<string, unknown>>
  /** Arguments whose gradient is wanted. */
  readonly gradients: readonly string[]
  /** The upstream gradient, of the loss's shape. */
  readonly gradOutput?: Tensor | undefined
  readonly datatype: 'FP32' | 'FP64'
}

/** What to run for a call, and what the results mean. */
export interface LossPlan {
  readonly binding: Binding
  readonly program: Compiled
  /** The shape of the loss: empty when it is reduced. */
  readonly shape: readonly number[]
  /** True if there is a mean whose denominator can be told. */
  readonly hasDenominator: boolean
  /** Conditions by the name of the output that is not 0 where they hold. */
  readonly checks: ReadonlyMap<string, Check>
  readonly warnings: ReadonlyMap<string, Warning>
  /** Warnings that hold whatever the values are. */
  readonly known: readonly Warning[]
}

type Kept = Omit<LossPlan, 'binding' | 'shape'> & { readonly lossAxes: readonly Axis[] }

/** Makes and keeps the programs of losses. */
export class LossPrograms {
  readonly #relaxed: boolean
  readonly #kept: Recent<string, Kept>
  readonly #identities = new WeakMap<Definition, number>()
  #definitions = 0

  constructor ({ relaxed, programsMax, forget }: {
    relaxed: boolean
    programsMax: number
    forget: (program: Compiled) => void
  }) {
    this.#relaxed = relaxed
    this.#kept = new Recent(programsMax, kept => forget(kept.program))
  }

  get size (): number { return this.#kept.size }

  /** @throws what bind throws, GRADIENT_UNKNOWN, VALUE_REFUSED, SHAPE_MISMATCH of grad_output. */
  plan (call: LossCall): LossPlan {
    const { definition, datatype, gradients, gradOutput } = call
    const binding = bind(definition, shapesOf(call), call.options)
    const key = `${this.#identity(definition)} ${datatype} ${gradients.join()}`
      + `${gradOutput === undefined ? '' : ' up'} ${binding.key}`
    const kept = this.#kept.get(key, () => compile(call, binding, this.#relaxed))
    const shape = kept.lossAxes.flatMap(axis => binding.shapes.get(axis) ?? [])
    if (gradOutput !== undefined && gradOutput.shape.join() !== shape.join()) {
      throw new LossdError('SHAPE_MISMATCH',
        `grad_output has shape [${gradOutput.shape.join()}]; it needs the shape of the loss, [${shape.join()}]`,
        { pointer: '/grad_output' })
    }
    return { ...kept, binding, shape }
  }

  #identity (definition: Definition): number {
    let identity = this.#identities.get(definition)
    if (identity === undefined) {
      identity = ++this.#definitions
      this.#identities.set(definition, identity)
    }
    return identity
  }
}

/** A condition that held, in words: the error of a check, or the entry of a warning. */
export function sentenceOf (
  definition: Definition, binding: Binding, condition: Check | Warning, values?: ArrayLike<number | bigint>
): string {
  return explain(definition, binding, condition, values)
}

function shapesOf ({ tensors }: LossCall): Parameters<typeof bind>[1] {
  const shapes: Record<string, Parameters<typeof bind>[1][string]> = {}
  for (const name in tensors) {
    const { kind, tensor } = tensors[name] as LossCall['tensors'][string]
    const { shape, datatype } = tensor
    shapes[name] = datatype === 'FP32' || datatype === 'FP64' ? { shape, kind } : { shape, kind, datatype }
  }
  return shapes
}

function compile (call: LossCall, binding: Binding, relaxed: boolean): Kept {
  const { definition, gradients, gradOutput, datatype } = call
  const graph = new Graph([])
  const traced = trace(definition, binding, graph)
  const reduction = String(binding.known.get('reduction'))
  const { loss, denominator } = reduced(graph, traced, reduction)
  const lossAxes = reduction === 'none' ? traced.valueAxes : []
  const outputs: Output[] = [{ name: 'loss', node: loss, layout: lossAxes }]
  const seed = gradOutput === undefined ? graph.constant(1) : graph.input('grad_output', lossAxes, 'real')
  const by = gradients.map((name, index) => wanted(traced, name, index))
  for (const [index, node] of gradient(graph, loss, seed, by).entries()) {
    const input = by[index] as Node
    outputs.push({ name: `gradient ${input.name}`, node, layout: input.layout })
  }
  if (denominator !== null) outputs.push({ name: 'denominator', node: denominator, layout: [] })
  const checks = new Map<string, Check>()
  const warnings = new Map<string, Warning>()
  const known: Warning[] = []
  for (const check of traced.checks) checks.set(condition(graph, outputs, check.node), check)
  for (const warning of traced.warnings) {
    if (warning.node === null) known.push(warning)
    else warnings.set(condition(graph, outputs, warning.node), warning)
  }
  const precision = datatype === 'FP32' ? 'f32' : 'f64'
  const program = compileProgram({ graph, outputs, precision, relaxed })
  return { program, lossAxes, hasDenominator: denominator !== null, checks, warnings, known }
}

// True anywhere: the largest of 1 where it holds and 0 elsewhere.
function condition (graph: Graph, outputs: Output[], node: Node): string {
  const name = `condition ${outputs.length}`
  const holds = graph.apply('where', node, graph.constant(1), graph.constant(0))
  const anywhere = node.axes.length === 0 ? holds : graph.reduce('max', holds, node.axes)
  outputs.push({ name, node: anywhere, layout: [] })
  return name
}

function wanted (traced: Traced, name: string, index: number): Node {
  const sentence = traced.frozen.get(name)
  const node = traced.inputs.get(name)
  if (node !== undefined && sentence === undefined) return node
  throw new LossdError('GRADIENT_UNKNOWN', sentence ?? `${name} has no gradient: it is not given`,
    { pointer: `/gradients/${index}` })
}
