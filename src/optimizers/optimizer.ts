// What an optimizer is: one formula of the language, applied to each parameter. Its declarations
// give options with defaults and bounds; what it declares as `state` is kept from step to step.

/** One row of the table of optimizers. */
export interface Optimizer {
  /** The name of the class in torch.optim, which is `type` in a request. */
  readonly type: string
  readonly summary: string
  /** When to use it, in a sentence. */
  readonly choose: string
  readonly source: string
  /**
   * From `parameter` (state), `gradient`, further state tensors of the parameter's shape, `step`
   * (1 in the first step) and options to the new parameter and state, which it assigns.
   */
  readonly formula: string
  /** Combinations of options that are refused: a condition over the options, and the sentence. */
  readonly refuse: readonly (readonly [condition: string, sentence: string])[]
}
