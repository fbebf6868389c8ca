// What a row of the op table is: its name, its lanes, its derivative, side by side.

/** A local of type v128, as whoever writes code names it. */
export type Lane = string & { readonly lane: true }

/** Writes the instructions of an op for one vector of lanes. The emitter of kernels is one. */
export interface Lanes {
  readonly type: 'f32x4' | 'f64x2'
  /** True when relaxed SIMD may be used: results then depend on the CPU's fused multiply-add. */
  readonly relaxed: boolean
  /** A number in all lanes, loaded into a local before any loop. */
  constant(value: number): Lane
  /** An integer pattern in all lanes: 32 bits in f32x4, 64 bits in f64x2. */
  bits(pattern: bigint): Lane
  /** One instruction; numbers are immediates or scalar i32 operands (shift counts). */
  op(instruction: string, ...args: readonly (Lane | number)[]): Lane
  /** a · b + c, fused where relaxed SIMD is allowed. */
  madd(a: Lane, b: Lane, c: Lane): Lane
  /** mask ? a : b, bit by bit. */
  select(mask: Lane, a: Lane, b: Lane): Lane
}

/** A row of the op table. */
export interface Op {
  readonly name: string
  readonly arguments: readonly string[]
  /** True when the result is a yes/no value. */
  readonly mask?: boolean
  /** The value as instructions, the same for f32x4 and f64x2 where the writer's type allows. */
  readonly lanes?: (w: Lanes, ...args: Lane[]) => Lane
  /** The value as a text of the language, for an op made of others; `over` names its axes. */
  readonly value?: string
  /**
   * One text per argument: what it gives to that argument's gradient, from g (which comes from
   * above), y (the op's value), the arguments, and `over`.
   */
  readonly derivative: readonly (string | null)[]
  /** True for an op along axes (softmax, logsumexp): its axes are `over`. */
  readonly over?: boolean
  /** True when those axes are gone from the result (logsumexp). */
  readonly reduces?: boolean
  /** True for a word of the language; false for an inner op. */
  readonly word: boolean
  /** Roughly the number of instructions; a value above 6 is kept rather than computed again. */
  readonly cost: number
  /** No error above this was measured, in units in the last place; test/ops holds it. */
  readonly ulp?: { readonly f32: number; readonly f64: number }
}
