// What a layer of a session's model is: a formula of the language, the constructor arguments that
// give its axes their lengths, and how its tensors start. Data only; sessions make it a model.

/** One constructor argument, named as in PyTorch. */
export type LayerOption =
  | { readonly kind: 'whole', readonly minimum: number, readonly summary: string }
  | { readonly kind: 'boolean', readonly default: boolean, readonly summary: string }

/** One tensor that the layer learns. */
export interface LayerParameter {
  /** The name in a state_dict, after the layer's index. */
  readonly name: string
  /** Its axes, as the formula declares them. */
  readonly axes: readonly string[]
  /** The boolean option without which the tensor is missing and its default number stands in. */
  readonly option?: string
  /** It starts uniform between ±1/√length of this axis. */
  readonly fan: string
}

/** One row of the table of layers. */
export interface Layer {
  /** The name of the class in torch.nn, which is `type` in a request. */
  readonly type: string
  readonly summary: string
  readonly source: string
  /** The constructor's arguments, in PyTorch's order. */
  readonly options: Readonly<Record<string, LayerOption>>
  /** Which option gives the length of which axis of the formula. */
  readonly lengths: Readonly<Record<string, string>>
  /** For a layer that changes the last dimension: the axis it takes, and the one it gives. */
  readonly features?: { readonly input: string, readonly output: string }
  readonly parameters: readonly LayerParameter[]
  /** From `input` and the parameters to the output; input's other axes stay as they are. */
  readonly formula: string
}
