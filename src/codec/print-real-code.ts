// Real numbers as text, in the language of translate.ts: the shortest digits that read back as the
// same number, by Raffaello Giulietti's Schubfach (2020), in the form that String(x) has. Digits
// come sixteen at a time by vectors.

import { powers } from './powers.ts'
import { layout, unit, units, unitsOfPowers } from './print-tables.ts'
import { vectorLines } from './vectors.ts'

/** Lines to stand before a loop around those that write. */
export const printConstants =
  vectorLines('iota', 'zero8', 'nothing', 'hundredth', 'hundred', 'tenth', 'tens16')

/** Lines: sixteen digits, as bytes 0 … 9, of four lanes below 10,000 in the vector `lanes`. */
const spread = `
  v128 quotient = i32x4.shr_u(i32x4.dot_i16x8_s(lanes, hundredth), 19);
  lanes = quotient | i32x4.shl(i16x8.sub(lanes, i16x8.mul(quotient, hundred)), 16);
  quotient = i16x8.shr_u(i16x8.mul(lanes, tenth), 10);
  v128 digits = i16x8.sub(i16x8.shl(lanes, 8), i16x8.mul(quotient, tens16));`

/** Factors that divide by ten, below 2^28, and by 10,000, below 10^8. */
const tenth32 = 429_496_730
const myriadth40 = 109_951_163

// Every float32 was printed and read back: the bounds' last bits are right for all of them, so that
// 64 bits of a power are enough, and no bound is closer to a decimal than eight of 2^-36 unless it
// is one. Bounds count for even fractions, halves go to even decimals.

/** Lines: writes the float32 at `at` and a comma, without a branch that depends on the number. */
export const float32 = `
  i32 bits = i32.load(at);
  i32 size = bits & 0x7fffffff;
  if (size - 1 >= 0x7f7fffff) {
    to = writeWord(to, f64.promote_f32(f32.reinterpret_i32(bits)));
    i32.store8(to, 0x2c);
    to += 1;
  } else {
    i32.store8(to, 0x2d);
    to += bits >> 31;
    i32 fraction = bits & 0x7fffff;
    i32 entry = ((size >> 19) & 0xff0) + select(${units + unitsOfPowers}, ${units}, fraction == 0);
    i64 c = i64.extend_i32_u((fraction << 8) | i32.load(entry, ${unit.leading}));
    i64 whole = i64.load(entry, ${unit.size});
    i64 middle = i64.load32_u(entry, ${unit.size + 4}) * c +
      ((i64.load32_u(entry, ${unit.size}) * c) >> 32);
    i64 odd = i64.extend_i32_u((bits & 1) << 4);
    i64 upper = (middle + (whole >> 25) + 8L - odd) >> 36;
    i64 lower = (middle - (whole >> i64.load16_u(entry, ${unit.half})) + odd +
      ${2n ** 36n - 9n}L) >> 36;
    i64 near = (middle + ((middle >> 32) & 16L) + ${2n ** 35n - 8n}L) >> 36;
    // A multiple of ten has fewer digits; at most one lies between the bounds.
    i64 tenfold = ((upper * ${tenth32}L) >> 32) * 10L;
    i64 shortest = select(tenfold, select(near, lower, near > lower), tenfold >= lower);
    // The one float32 whose shortest digits, read by way of float64, become its neighbour.
    if (size == 0x15ae43fd) { shortest = 70385307L; }
    i64 ninth = i64.extend_i32_u(shortest >= 100000000L);
    i64 rest = shortest - ninth * 100000000L;
    i64 front = (rest * ${myriadth40}L) >> 40;
    v128 lanes = i64x2.replace_lane(
      i64x2.splat((rest << 32) - front * ${(10_000n << 32n) - 1n}L), 0, ninth << 32);
    ${spread}
    i32 filled = i8x16.bitmask(i8x16.gt_s(digits, nothing));
    i32 lead = i32.ctz(filled);
    i32 count = 32 - i32.clz(filled) - lead;
    i32 around = i32.load16_u(entry, ${unit.layout}) - 64 * lead;
    v128.store(to, i8x16.add(
      i8x16.swizzle(digits, i8x16.add(v128.load(around, ${layout.places}), i8x16.splat(lead))),
      v128.load(around, ${layout.letters})));
    v128.store(to, zero8, 16);
    i32 least = i32.load(around, ${layout.whole});
    to += select(count + i32.load(around, ${layout.extra}), least, count > least);
    i64.store(to, i64.load(around, ${layout.end}));
    to += i32.load(around, ${layout.endLength});
  }`

/**
 * Lines: writes `digits` · 10^k at `to`; a seventeenth digit, if not 0, is `tail`. As String(x):
 * with a point from 1e-6 on and below 1e21, else with an exponent.
 */
const write = `
  i32 filled = i8x16.bitmask(i8x16.ne(digits, nothing));
  i32 lead = i32.ctz(filled);
  i32 count = select(17, 32 - i32.clz(filled), tail != 0) - lead;
  i32 point = 16 - lead + k;
  digits = i8x16.add(
    i8x16.swizzle(digits, i8x16.add(iota, i8x16.splat(lead))), zero8);
  if (point + 5 > 26) {
    v128.store(to, digits);
    if (count > 1) {
      v128.store(to, i8x16.swizzle(digits, i8x16.add(iota, i8x16.splat(1))), 2);
      i32.store8(to, 0x2e, 1);
      if (tail) { i32.store8(to, tail + 0x30, 17); }
      to += count + 1;
    } else {
      to += 1;
    }
    i32 decimalPower = point - 1;
    i32 isBelow = decimalPower >> 31;
    i32.store8(to, 0x65);
    i32.store8(to, 0x2b + 2 * isBelow, 1);
    to += 2;
    if (isBelow) { decimalPower = -decimalPower; }
    if (decimalPower >= 100) { i32.store8(to, 0x30 + decimalPower / 100); to += 1; }
    if (decimalPower >= 10) { i32.store8(to, 0x30 + decimalPower / 10 % 10); to += 1; }
    i32.store8(to, 0x30 + decimalPower % 10);
    to += 1;
  } else if (i32.le_s(point, 0)) {
    i64.store(to, 0x3030303030302e30L);
    to += 2 - point;
    v128.store(to, digits);
    if (tail) { i32.store8(to, tail + 0x30, 16); }
    to += count;
  } else if (point < count) {
    v128.store(to, digits);
    v128.store(to + point, i8x16.swizzle(digits, i8x16.add(iota, i8x16.splat(point))), 1);
    i32.store8(to + point, 0x2e);
    if (tail) { i32.store8(to, tail + 0x30, 17); }
    to += count + 1;
  } else {
    v128.store(to, digits);
    v128.store(to, zero8, 16);
    if (tail) { i32.store8(to, tail + 0x30, 16); }
    to += point;
  }`

/** Lines: of the decimals at hand, `digits` or a tenth as many, the shortest between two bounds. */
const choose = `
  i64 near = middle >> 2;
  i64 tenfold = near / 10;
  lower += odd;
  upper -= odd;
  i32 isUnder = lower <= 40 * tenfold;
  i32 isOver = 40 * tenfold + 40 <= upper;
  if (near >= 10 && isUnder != isOver) {
    shortest = tenfold + i64.extend_i32_u(isOver);
    k += 1;
  } else {
    isUnder = lower <= 4 * near;
    isOver = 4 * near + 4 <= upper;
    i64 half = 4 * near + 2;
    if (isUnder == isOver) { isOver = middle > half || (middle == half && (near & 1) != 0); }
    shortest = near + i64.extend_i32_u(isOver);
  }`

/** Lines: sixteen digits of the whole number `shortest`, below 10^16. */
export const spreadLong = `
  i32 front = i32.wrap_i64(shortest / 100000000);
  i32 rest = i32.wrap_i64(shortest % 100000000);
  v128 lanes = i64x2.replace_lane(
    i64x2.splat(i64.extend_i32_u(front / 10000) | (i64.extend_i32_u(front % 10000) << 32)), 1,
    i64.extend_i32_u(rest / 10000) | (i64.extend_i32_u(rest % 10000) << 32));
  ${spread}`

/** Lines: writes the float64 at `at`. */
export const float64 = `
  i64 bits = i64.load(at);
  i64 size = bits & 0x7fffffffffffffffL;
  if (size - 1 >= 0x7fefffffffffffffL) {
    to = writeWord(to, f64.reinterpret_i64(bits));
  } else {
    i32.store8(to, 0x2d);
    to += i32.wrap_i64(bits >> 63);
    i64 c = size & 0xfffffffffffffL;
    i32 exponent = i32.wrap_i64(size >> 52);
    i32 isCloser = (c == 0) & (exponent > 1);
    if (exponent != 0) { c = c | 0x10000000000000L; } else { exponent = 1; }
    i32 k = i32.shr_s((exponent - 1075) * 1262611 - isCloser * 524031, 22);
    i64 shift = i64.extend_i32_u(exponent - 1074 + i32.shr_s(-k * 1741647, 19));
    i64 upperPower = i64.load(${powers} - 16 * k, 8);
    i64 lowerPower = i64.load(${powers} - 16 * k) + i64.extend_i32_u(27 - k > 82);
    i64 odd = c & 1;
    i64 lower = timesOddly(upperPower, lowerPower,
      (4 * c - 2 + i64.extend_i32_u(isCloser)) << shift);
    i64 middle = timesOddly(upperPower, lowerPower, (4 * c) << shift);
    i64 upper = timesOddly(upperPower, lowerPower, (4 * c + 2) << shift);
    i64 shortest = 0L;
    ${choose}
    i32 tail = 0;
    if (shortest >= 10000000000000000L) {
      tail = i32.wrap_i64(shortest % 10);
      shortest = shortest / 10;
      k += 1;
    }
    ${spreadLong}
    ${write}
  }`
