// The codes of WebAssembly's instructions by their names, as strings of bytes, one character each.
// Listed in the order of the codes, so that a row needs the first one only.

/**
 * The code of an instruction; that of a load or store with its alignment, so that only the offset
 * is missing. Throws an Error for a name that is not listed.
 */
export function codeOf (name: string): string {
  const code = codes.get(name)
  if (code === undefined) throw new Error(`${name} is no instruction`)
  return code
}

/** A whole number from 0 to 2³² - 1, in groups of seven bits, the lowest first. */
export function whole (value: number): string {
  if (value < 0x80) return String.fromCharCode(value)
  return String.fromCharCode(0x80 | (value & 0x7f)) + whole(value >>> 7)
}

/** A whole number with its sign. */
export function signed (value: number | bigint): string {
  if (typeof value === 'bigint') {
    const [low, rest] = [Number(BigInt.asUintN(7, value)), BigInt.asIntN(64, value) >> 7n]
    return rest === (low < 64 ? 0n : -1n)
      ? String.fromCharCode(low)
      : String.fromCharCode(0x80 | low) + signed(rest)
  }
  const low = value & 0x7f
  return value >= -64 && value < 64
    ? String.fromCharCode(low)
    : String.fromCharCode(0x80 | low) + signed(value >> 7)
}

const compared = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const ordered = 'eq ne lt gt le ge'
const wholeOps = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u'
const broken = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'
const wholeLanes = 'shl shr_s shr_u add'
const brokenLanes = 'sqrt add sub mul div min max pmin pmax'

const rows: readonly (readonly [prefix: number, first: number, family: string, names: string])[] = [
  [0, 0x00, '', 'unreachable'],
  [0, 0x0c, '', 'br br_if'],
  [0, 0x0f, '', 'return call'],
  [0, 0x1a, '', 'drop select'],
  [0, 0x20, 'local', 'get set tee'],
  [0, 0x23, 'global', 'get set'],
  [0, 0x28, '', 'i32.load i64.load f32.load f64.load'],
  [0, 0x2c, 'i32', 'load8_s load8_u load16_s load16_u'],
  [0, 0x30, 'i64', 'load8_s load8_u load16_s load16_u load32_s load32_u'],
  [0, 0x36, '', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16'],
  [0, 0x3c, 'i64', 'store8 store16 store32'],
  [0, 0x41, '', 'i32.const i64.const f32.const f64.const'],
  [0, 0x45, 'i32', `eqz ${compared}`],
  [0, 0x50, 'i64', `eqz ${compared}`],
  [0, 0x5b, 'f32', ordered],
  [0, 0x61, 'f64', ordered],
  [0, 0x67, 'i32', wholeOps],
  [0, 0x79, 'i64', wholeOps],
  [0, 0x8b, 'f32', broken],
  [0, 0x99, 'f64', broken],
  [0, 0xa7, 'i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0, 0xac, 'i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0, 0xb2, 'f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'],
  [0, 0xb7, 'f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'],
  [0, 0xbc, '', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64'],
  [0xfc, 0, 'i32', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfc, 4, 'i64', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfc, 10, 'memory', 'copy fill'],
  [0xfd, 0, 'v128', 'load'],
  [0xfd, 7, 'v128', 'load8_splat load16_splat load32_splat load64_splat store const'],
  [0xfd, 13, 'i8x16', 'shuffle swizzle splat'],
  [0xfd, 16, '', 'i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat'],
  [0xfd, 21, 'i8x16', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd, 24, 'i16x8', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd, 27, 'i32x4', 'extract_lane replace_lane'],
  [0xfd, 29, 'i64x2', 'extract_lane replace_lane'],
  [0xfd, 31, 'f32x4', 'extract_lane replace_lane'],
  [0xfd, 33, 'f64x2', 'extract_lane replace_lane'],
  [0xfd, 35, 'i8x16', compared],
  [0xfd, 45, 'i16x8', compared],
  [0xfd, 55, 'i32x4', compared],
  [0xfd, 65, 'f32x4', ordered],
  [0xfd, 71, 'f64x2', ordered],
  [0xfd, 77, 'v128', 'not and andnot or xor bitselect any_true'],
  [0xfd, 84, 'v128', 'load8_lane load16_lane load32_lane load64_lane'],
  [0xfd, 88, 'v128', 'store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero'],
  [0xfd, 94, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4'],
  [0xfd, 96, 'i8x16', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'],
  [0xfd, 103, 'f32x4', 'ceil floor trunc nearest'],
  [0xfd, 107, 'i8x16', wholeLanes],
  [0xfd, 113, 'i8x16', 'sub'],
  [0xfd, 116, 'f64x2', 'ceil floor'],
  [0xfd, 122, 'f64x2', 'trunc'],
  [0xfd, 124, 'i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'],
  [0xfd, 126, 'i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'],
  [0xfd, 128, 'i16x8', 'abs neg'],
  [0xfd, 131, 'i16x8', 'all_true bitmask narrow_i32x4_s narrow_i32x4_u'],
  [0xfd, 139, 'i16x8', wholeLanes],
  [0xfd, 145, 'i16x8', 'sub'],
  [0xfd, 148, '', 'f64x2.nearest i16x8.mul'],
  [0xfd, 160, 'i32x4', 'abs neg'],
  [0xfd, 163, 'i32x4', 'all_true bitmask'],
  [0xfd, 171, 'i32x4', wholeLanes],
  [0xfd, 177, 'i32x4', 'sub'],
  [0xfd, 181, 'i32x4', 'mul min_s min_u max_s max_u dot_i16x8_s'],
  [0xfd, 192, 'i64x2', 'abs neg'],
  [0xfd, 195, 'i64x2', 'all_true bitmask'],
  [0xfd, 203, 'i64x2', wholeLanes],
  [0xfd, 209, 'i64x2', 'sub'],
  [0xfd, 213, 'i64x2', 'mul eq ne lt_s gt_s le_s ge_s'],
  [0xfd, 224, 'f32x4', 'abs neg'],
  [0xfd, 227, 'f32x4', brokenLanes],
  [0xfd, 236, 'f64x2', 'abs neg'],
  [0xfd, 239, 'f64x2', brokenLanes],
  [0xfd, 248, 'i32x4', 'trunc_sat_f32x4_s trunc_sat_f32x4_u'],
  [0xfd, 250, 'f32x4', 'convert_i32x4_s convert_i32x4_u'],
  [0xfd, 252, 'i32x4', 'trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero'],
  [0xfd, 254, 'f64x2', 'convert_low_i32x4_s convert_low_i32x4_u'],
  // Relaxed SIMD.
  [0xfd, 257, 'i32x4', 'relaxed_trunc_f32x4_s relaxed_trunc_f32x4_u'],
  [0xfd, 261, 'f32x4', 'relaxed_madd relaxed_nmadd'],
  [0xfd, 263, 'f64x2', 'relaxed_madd relaxed_nmadd']
]

/** The codes of all instructions that are known. */
export const codes: ReadonlyMap<string, string> =
  new Map(rows.flatMap(([prefix, first, family, names]) =>
    names.split(' ').map((word, index) => {
      const name = family === '' ? word : `${family}.${word}`
      const code = prefix === 0
        ? String.fromCharCode(first + index)
        : String.fromCharCode(prefix) + whole(first + index)
      return [name, code + alignment(name)]
    })))

// v128.load32_splat takes 4 bytes, f64.load 8: the logarithm of that; empty without memory.
function alignment (name: string): string {
  const found = /^[a-z](\d+)\.(?:load|store)(\d*)/.exec(name)
  if (found === null) return ''
  const [, all, part] = found
  return String.fromCharCode(Math.log2(Number(part === '' ? all : part) / 8))
}
