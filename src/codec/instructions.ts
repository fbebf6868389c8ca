// The instructions of WebAssembly as translate.ts writes them: what type each gives, and which of
// its literals belong into its name.

/** An expression: its WAT and type; a whole literal fits i32 and i64 alike. */
export interface Expression {
  readonly text: string
  readonly type: string
  readonly literal?: bigint
}

/** Binary operators by how tightly they bind, and the instruction of each. */
export const operators: Readonly<Record<string, readonly [rank: number, instruction: string]>> = {
  '||': [1, ''],
  '&&': [2, ''],
  '|': [3, 'or'],
  '^': [4, 'xor'],
  '&': [5, 'and'],
  '==': [6, 'eq'],
  '!=': [6, 'ne'],
  '<': [7, 'lt_u'],
  '<=': [7, 'le_u'],
  '>': [7, 'gt_u'],
  '>=': [7, 'ge_u'],
  '<<': [8, 'shl'],
  '>>': [8, 'shr_u'],
  '+': [9, 'add'],
  '-': [9, 'sub'],
  '*': [10, 'mul'],
  '/': [10, 'div_u'],
  '%': [10, 'rem_u']
}
export const scalars = new Set(['i32', 'i64', 'f32', 'f64', 'v128'])

/** A whole literal. */
export function whole (literal: bigint, type: string): Expression {
  return { text: `(${type}.const ${literal})`, type, literal }
}

const lanes: Readonly<Record<string, string>> =
  { i8x16: 'i32', i16x8: 'i32', i32x4: 'i32', i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' }

/** One instruction of WebAssembly; how many literals belong into its name depends on it. */
export function instruction (name: string, operands: readonly Expression[]): Expression {
  const [family = '', action = ''] = name.split('.')
  let rest = operands
  let immediate = ''
  if (name === 'v128.const') {
    const values = operands.map(({ literal }) => literal).join(' ')
    const count = operands.length
    return { text: `(v128.const i${128 / count}x${count} ${values})`, type: 'v128' }
  }
  const takes = /^(load|store)/.test(action) ? (action.startsWith('load') ? 1 : 2) : 0
  if (takes > 0 && operands.length > takes) {
    immediate = ` offset=${operands[takes]?.literal}`
    rest = operands.slice(0, takes)
  } else if (/_lane/.test(action)) {
    immediate = ` ${operands[1]?.literal}`
    rest = operands.filter((_, index) => index !== 1)
  }
  if (action === 'shuffle') {
    immediate = ` ${operands.slice(2).map(({ literal }) => literal).join(' ')}`
    rest = operands.slice(0, 2)
  }
  const wide = scalars.has(family) &&
    /^(store|eq|ne|lt|gt|le|ge|clz|ctz|popcnt|add|sub|mul|div|rem|and|or|xor|sh|rot)/.test(action)
  const texts = rest.map((operand, index) => operand.literal !== undefined && wide &&
    !(takes > 0 && index === 0)
    ? whole(operand.literal, family).text
    : operand.text)
  const type = name === 'select' ? operands[0]?.type ?? '' : typeOf(family, action)
  return { text: `(${name}${immediate} ${texts.join(' ')})`, type }
}

function typeOf (family: string, action: string): string {
  if (/^(store|(copy|fill)$)/.test(action)) return ''
  if (/^extract_lane/.test(action)) return lanes[family] ?? ''
  if (/^(bitmask|any_true|all_true)/.test(action)) return 'i32'
  if (family in lanes) return 'v128'
  if (scalars.has(family) && /^(eq|ne|lt|gt|le|ge|eqz)(_|$)/.test(action)) return 'i32'
  return family
}
