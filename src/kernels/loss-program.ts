// A loss, bound to the shapes and options of a request, as a program. A program serves all requests
// whose bindings have the same key; programs are kept, the most recent ones.

import { bind, type Binding, type TensorShape } from '../formulas/bind.ts'
import type { Definition, TensorKind } from '../formulas/definition.ts'
import type { Tensor } from '../buffer/tensor.ts'
import { type Doer, doHere, Results } from './apart.ts'
import {
  type CompiledLoss, lossTextWork, type LossMeaning, type LossRecipe, lossWork
} from './loss-compile.ts'
import type { LossWishes } from './loss-graph.ts'
import { type Compiled, numbered } from './program.ts'
import { type CompiledSum, type SumRecipe, sumWork } from './sum-compile.ts'
import { onesOf, refuseShapes, type SumPlan, sumPlan, type TermCall } from './sum-plan.ts'
import { inTerm, type SumTerm } from './sum-term.ts'
import { refuseMany } from './whole-numbers.ts'

/** A condition that held, in words: the error of a check, or the entry of a warning. */
export { explain as sentenceOf } from '../formulas/checks.ts'

/** What is asked of a loss. Tensors lie in the heap, real ones in the computing datatype. */
export interface LossCall {
  readonly definition: Definition
  readonly tensors: Readonly<Record<string, CallTensor>>
  readonly options: Readonly<Record<string, unknown>>
  /** Arguments whose gradient is wanted. */
  readonly gradients: readonly string[]
  /** The upstream gradient, of the loss's shape. */
  readonly gradOutput?: Tensor | undefined
  /** Arguments by which the diagonal of the Hessian is wanted. */
  readonly hessians?: readonly string[]
  /** What the Hessian is multiplied by: a vector of the shape of each argument named. */
  readonly vectors?: Readonly<Record<string, Tensor>>
  readonly datatype: 'FP32' | 'FP64'
}

interface CallTensor {
  readonly kind: TensorKind
  readonly tensor: Tensor
  /** The largest of its elements, where a length is made with it. */
  readonly largest?: number | undefined
}

/** The input that holds the vector of an argument is named so, before the argument's name. */
export const vectorPrefix = 'vector '

/** What to run for a call, and what the results mean. */
export interface LossPlan extends Omit<LossMeaning, 'lossAxes'> {
  readonly recipe: LossRecipe
  readonly binding: Binding
  readonly program: Compiled
  /** The shape of the loss: empty when it is reduced. */
  readonly shape: readonly number[]
}

interface KeptSum extends Omit<CompiledSum, 'code'> {
  readonly program: Compiled
}

interface Kept extends LossMeaning {
  readonly program: Compiled
}

/** Makes and keeps the programs of losses. */
export class LossPrograms {
  readonly #relaxed: boolean
  readonly #do: Doer
  readonly #kept: Results<Kept>
  readonly #sums: Results<KeptSum>
  readonly #texts = new Results<string>(textsMax)
  readonly #identities = new WeakMap<Definition, number>()
  #definitions = 0

  constructor ({ relaxed, programsMax, forget, doer = doHere }: {
    relaxed: boolean
    programsMax: number
    forget: (program: Compiled) => void
    /** Who compiles; this thread, if nobody else is named. */
    doer?: Doer
  }) {
    this.#relaxed = relaxed
    this.#do = doer
    this.#kept = new Results(programsMax, kept => forget(kept.program))
    this.#sums = new Results(programsMax, kept => forget(kept.program))
  }

  get size (): number { return this.#kept.size }

  /**
   * @throws Unfinished while the program is compiled; what bind and lossWork throw, SHAPE_MISMATCH
   * of grad_output and of vectors.
   */
  plan (call: LossCall): LossPlan {
    const { definition, datatype } = call
    const binding = bind(definition, shapesOf(call), call.options)
    refuseMany(binding, datatype)
    const recipe: LossRecipe = {
      definition,
      binding,
      wishes: wishesOf(call),
      precision: datatype === 'FP32' ? 'f32' : 'f64',
      relaxed: this.#relaxed
    }
    const { lossAxes, ...kept } = this.#kept.get(this.#key(call, binding), () => {
      const made = this.#do(lossWork, recipe)
      return made instanceof Promise ? made.then(keep) : keep(made)
    })
    const shape = lossAxes.flatMap(axis => binding.shapes.get(axis) ?? [])
    refuseShapes(call, binding, shape)
    return { ...kept, recipe, binding, shape }
  }

  /** A sum of losses as one program. @throws as for one loss, SHAPE_MISMATCH of the terms. */
  sum (calls: readonly TermCall[]): SumPlan {
    const bindings = calls.map((call, index) => inTerm(index, call, () => {
      const binding = bind(call.definition, shapesOf(call), call.options)
      refuseMany(binding, call.datatype)
      return binding
    }))
    const terms = calls.map((call, index): SumTerm => ({
      definition: call.definition, ids: call.ids, wishes: wishesOf(call),
      binding: bindings[index] as Binding
    }))
    const key = terms.map(({ ids, binding }, index) =>
      `${this.#key(calls[index] as TermCall, binding)} ${[...ids].join()} ${onesOf(binding)}`)
    const recipe: SumRecipe = {
      terms,
      precision: calls[0]?.datatype === 'FP64' ? 'f64' : 'f32',
      relaxed: this.#relaxed
    }
    const { program, axes, ...kept } = this.#sums.get(key.join(' + '), () => {
      const made = this.#do(sumWork, recipe)
      return made instanceof Promise ? made.then(keepSum) : keepSum(made)
    })
    return { program, ...sumPlan(terms, axes, kept.terms, calls) }
  }

  // All that code depends on.
  #key (call: LossCall, binding: Binding): string {
    const { definition, datatype, gradients, gradOutput } = call
    return `${this.#identity(definition)} ${datatype} ${gradients.join()}`
      + `${gradOutput === undefined ? '' : ' up'}${secondOrderKey(call)} ${binding.key}`
  }

  /** The text of a plan's module. @throws Unfinished. */
  textOf ({ program, recipe }: LossPlan): string {
    return this.#texts.get(String(program.id), () => this.#do(lossTextWork, recipe))
  }

  // Texts may be equal and yet be bound by different rules: what counts is the object.
  #identity (definition: Definition): number {
    let identity = this.#identities.get(definition)
    if (identity === undefined) {
      identity = ++this.#definitions
      this.#identities.set(definition, identity)
    }
    return identity
  }
}

const textsMax = 8

function keep ({ code, ...meaning }: CompiledLoss): Kept {
  return { program: numbered(code), ...meaning }
}

function keepSum ({ code, ...meaning }: CompiledSum): KeptSum {
  return { program: numbered(code), ...meaning }
}

function wishesOf ({ gradients, gradOutput, hessians = [], vectors = {} }: LossCall): LossWishes {
  const hasGradOutput = gradOutput !== undefined
  return { gradients, hasGradOutput, hessians, vectors: Object.keys(vectors) }
}

function secondOrderKey ({ hessians = [], vectors }: LossCall): string {
  const wishes = [...hessians, ...Object.keys(vectors ?? {}).map(name => `v ${name}`)]
  return wishes.length === 0 ? '' : ` second ${wishes.join()}`
}

function shapesOf ({ tensors }: LossCall): Record<string, TensorShape> {
  const shapes: Record<string, TensorShape> = {}
  for (const [name, { kind, tensor: { shape, datatype }, largest }] of Object.entries(tensors)) {
    const isReal = datatype === 'FP32' || datatype === 'FP64'
    shapes[name] = isReal
      ? { shape, kind }
      : { shape, kind, datatype, ...(largest === undefined ? {} : { largest }) }
  }
  return shapes
}
