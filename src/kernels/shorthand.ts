// A shorthand for WAT: the expressions that every kernel is full of. In WAT that is written by hand
// rather than derived, a bare $x stands for (local.get $x), and loops over a range are one call.

/** Writes a bare $x out; it stays where it names what is declared, set, called or jumped to. */
export function wat (text: string): string {
  return text.replace(naming, get)
}

const written =
  'local|local\\.get|local\\.set|local\\.tee|global\\.get|param|func|call|block|loop|br|br_if'
const naming = new RegExp(`(?<!\\((?:${written}) )\\$[\\w.]+`, 'g')

/** Declares locals. */
export function locals (type: 'i32' | 'f32' | 'f64' | 'v128', ...names: readonly string[]): string {
  return names.map(name => `(local $${name} ${type})`).join(' ')
}

/** for (index = from; index < below; index += step) body; unsigned. */
export function each (
  index: string, from: string, below: string | number, step: string | number, body: string
): string {
  return `
    (local.set $${index} ${from})
    (block $${index}.end (loop $${index}.next
      (br_if $${index}.end (i32.ge_u $${index} ${i32(below)}))
      ${body}
      (local.set $${index} ${plus(`$${index}`, step)})
      (br $${index}.next)))`
}

export const get = (local: string): string => `(local.get ${local})`
export const set = (local: string, value: string): string => `(local.set ${local} ${value})`
export const plus = (a: string, b: string | number): string => `(i32.add ${a} ${i32(b)})`
export const minus = (a: string, b: string | number): string => `(i32.sub ${a} ${i32(b)})`
export const times = (a: string, b: string | number): string => `(i32.mul ${a} ${i32(b)})`
export const quotient = (a: string, b: string | number): string => `(i32.div_u ${a} ${i32(b)})`
export const below = (a: string, b: string | number): string => `(i32.lt_u ${a} ${i32(b)})`
export const least = (a: string, b: string | number): string =>
  `(select ${a} ${i32(b)} (i32.lt_u ${a} ${i32(b)}))`
export const greatest = (a: string, b: string | number): string =>
  `(select ${a} ${i32(b)} (i32.gt_u ${a} ${i32(b)}))`

/** The operand of a load or store some bytes behind an address. */
export const behind = (address: string, bytes: number): string =>
  bytes === 0 ? address : `offset=${bytes} ${address}`

/** The operand of a load or store of a word of the record, which is at $args. */
export const inRecord = (word: number): string => behind('(local.get $args)', word)

/** A length, an address or a stride from the record. */
export const wordAt = (word: number): string => `(i32.load ${inRecord(word)})`

/** A number becomes a constant; a text is one already. */
function i32 (value: string | number): string {
  return typeof value === 'number' ? `(i32.const ${value})` : value
}
