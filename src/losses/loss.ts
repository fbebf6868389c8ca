// What a loss is: its words, its formula as text, the conditions beside it, its cases. Data only.
// Gradients, kernels, the route, the options' schema, documentation and tests all follow from it.

/** A plain JSON tensor: a number, or nested arrays of numbers. */
export type Plain = number | readonly Plain[]

/** One row of the table of losses. */
export interface Loss {
  /** Kebab-case; stands in the URL. */
  readonly name: string
  /** The class in torch.nn, an alias wherever a loss is named; empty for losses beyond it. */
  readonly torch: string
  /** The kind of problem it is for, in a few words: the guide is ordered by it. */
  readonly task: string
  /** What it measures, in a sentence without a full stop. */
  readonly summary: string
  /** When to take it, and which other to take instead. */
  readonly choose: string
  /** Where it comes from. */
  readonly source: string
  /**
   * Declarations and statements in the language of formulas. The declarations are the arguments,
   * the options with their defaults and bounds; the last statement is the value per element.
   */
  readonly formula: string
  /** Tensors that are arguments of PyTorch's constructor: they stand among the options. */
  readonly tensorOptions?: readonly string[]
  /** True if PyTorch refuses integers where the formula says real. */
  readonly floating?: boolean
  /** Gradients that PyTorch does not give: the argument, when, and the sentence that says so. */
  readonly frozen?: readonly (readonly [argument: string, condition: string, sentence: string])[]
  /**
   * Requests that are refused though their shapes and bounds are right: a condition in the scope of
   * the formula, true for any element, and the sentence. {input} in a sentence becomes a shape, {C}
   * a length, {delta} the value of an option, {...} the shape of the broadcast.
   */
  readonly refuse?: readonly (readonly [condition: string, sentence: string])[]
  /** What PyTorch is silent about: as `refuse`, with the code of an entry of `warnings`. */
  readonly warn?: readonly (readonly [condition: string, code: string, sentence: string])[]
  /** Requests and what comes of them, for documentation and tests. The first shows the loss. */
  readonly cases: readonly Case[]
}

export interface Case {
  /** What it shows, in a few words. */
  readonly title: string
  /** The body of the request. */
  readonly request: Readonly<Record<string, unknown>>
  /** The reply in float32, as PyTorch 2.15 gives it. */
  readonly reply?: {
    readonly loss: Plain
    readonly gradients: Readonly<Record<string, Plain>>
    readonly denominator?: number
  }
  /** Codes of the warnings of the reply, in order. */
  readonly warnings?: readonly string[]
  /** Instead of a reply: the code of the error, and the sentence. */
  readonly refused?: { readonly code: string, readonly detail: string }
}
