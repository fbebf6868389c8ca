// The tree a text is parsed into: plain data with positions (UTF-16 units from 0), never evaluated.

export type Operator =
  | '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>='
  | '+' | '-' | '*' | '/' | '%' | '**'

export type Expression =
  | { readonly kind: 'number', readonly value: number, readonly position: number }
  | { readonly kind: 'text', readonly text: string, readonly position: number }
  | { readonly kind: 'boolean', readonly value: boolean, readonly position: number }
  | { readonly kind: 'name', readonly name: string, readonly position: number }
  | Unary | Binary | Choice | Call | Taking | Lambda

export interface Unary {
  readonly kind: 'unary'
  readonly operator: '-' | '!'
  readonly argument: Expression
  readonly position: number
}

export interface Binary {
  readonly kind: 'binary'
  readonly operator: Operator
  readonly left: Expression
  readonly right: Expression
  /** Where the operator stands. */
  readonly position: number
}

/** condition ? yes : no */
export interface Choice {
  readonly kind: 'choice'
  readonly condition: Expression
  readonly yes: Expression
  readonly no: Expression
  readonly position: number
}

export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly position: number
}

/** x[C = i, D = j] or x[i]: `axis` is empty where none is named. */
export interface Taking {
  readonly kind: 'take'
  readonly argument: Expression
  readonly takes: readonly Take[]
  readonly position: number
}

export interface Take {
  readonly axis: string
  readonly index: Expression
  readonly position: number
}

/** (a, b) => body */
export interface Lambda {
  readonly kind: 'function'
  readonly parameters: readonly string[]
  readonly body: Expression
  readonly position: number
}

export interface Statement {
  /** Empty for a last statement that has none. */
  readonly name: string
  readonly expression: Expression
  readonly position: number
}

export interface Bound {
  readonly operator: '>' | '>=' | '<' | '<='
  readonly value: number
}

/** One axis between the brackets of a type: `N?`, `N~`, `K = 4`, `...`, `...S`. */
export interface AxisSyntax {
  /** `...` for a group without a name. */
  readonly name: string
  /** True for zero or more axes: `...`, which broadcasts, and `...S`, of one shape everywhere. */
  readonly group: boolean
  readonly optional: boolean
  /** May be 1 where others are longer; a group then has as many dimensions everywhere. */
  readonly broadcasts: boolean
  readonly length: number | null
  readonly position: number
}

export interface TypeSyntax {
  readonly word:
    | 'real' | 'class' | 'integer' | 'boolean' | 'number' | 'text' | 'choice' | 'family'
  /** The text of a choice. */
  readonly choice: string
  /** The axis of class(H)[…]; empty if none is named. */
  readonly along: string
  /** null without brackets: then it is an option. */
  readonly axes: readonly AxisSyntax[] | null
  readonly position: number
}

/** `like` or `to` another argument. */
export interface Relation {
  readonly word: 'like' | 'to'
  readonly name: string
  readonly position: number
}

export interface Declaration {
  readonly name: string
  readonly position: number
  readonly modifier: '' | 'state' | 'static'
  readonly types: readonly TypeSyntax[]
  readonly bounds: readonly Bound[]
  readonly relation: Relation | null
  readonly default: number | string | boolean | null
}

export interface Syntax {
  readonly declarations: readonly Declaration[]
  readonly statements: readonly Statement[]
}
