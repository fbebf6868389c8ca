// Decimals to float64, in the language of translate.ts: exact for any digits. Eisel and Lemire's
// way (Number Parsing at a Gigabyte per Second, 2021; no fallback is needed for up to 19 digits, as
// Mushtak and Lemire showed in 2023), and for more digits, where the nineteen leave two neighbours,
// a comparison of whole numbers with the middle between them.

import { powers } from './powers.ts'

/** Lines that compute high and low half of a 128-bit product, both factors being names. */
export function product (a: string, b: string, high: string, low: string): string {
  return `
    i64 a0 = ${a} & 0xffffffffL;
    i64 a1 = ${a} >> 32;
    i64 b0 = ${b} & 0xffffffffL;
    i64 b1 = ${b} >> 32;
    i64 cross = a1 * b0 + ((a0 * b0) >> 32);
    i64 other = a0 * b1 + (cross & 0xffffffffL);
    i64 ${high} = a1 * b1 + (cross >> 32) + (other >> 32);
    i64 ${low} = ${a} * ${b};`
}

/** m · 10^q, m not 0, to the nearest float64. */
export const decimalCode = `
func toDouble(m: i64, q: i32): f64 {
  if (i32.lt_s(q, -342)) { return 0.0; }
  if (i32.gt_s(q, 308)) { return f64.reinterpret_i64(0x7ff0000000000000L); }
  i32 zeros = i32.wrap_i64(i64.clz(m));
  i64 w = m << i64.extend_i32_u(zeros);
  i32 entry = q * 16 + ${powers};
  i64 power = i64.load(entry, 8);
  ${product('w', 'power', 'high', 'low')}
  if ((high & 0x1ffL) == 0x1ffL) {
    i64 rest = i64.load(entry);
    ${product('w', 'rest', 'more', 'unused')}
    low += more;
    if (low < more) { high += 1; }
  }
  i64 upper = high >> 63;
  i64 mantissa = high >> (upper + 9L);
  i32 exponent = i32.shr_s(217706 * q, 16) + 63 + 1023 - zeros + i32.wrap_i64(upper);
  if (i32.le_s(exponent, 0)) {
    if (i32.ge_s(1 - exponent, 64)) { return 0.0; }
    mantissa = mantissa >> i64.extend_i32_u(1 - exponent);
    mantissa = (mantissa + (mantissa & 1L)) >> 1;
    return f64.reinterpret_i64(mantissa);
  }
  if (low <= 1L) {
    if (i32.ge_s(q, -4) && i32.le_s(q, 23) && (mantissa & 3L) == 1L &&
      (mantissa << (upper + 9L)) == high) { mantissa = mantissa & -2; }
  }
  mantissa = (mantissa + (mantissa & 1L)) >> 1;
  if (mantissa >= 0x20000000000000L) {
    mantissa = 0x10000000000000L;
    exponent += 1;
  }
  if (i32.ge_s(exponent, 0x7ff)) { return f64.reinterpret_i64(0x7ff0000000000000L); }
  return f64.reinterpret_i64(
    (mantissa & 0xfffffffffffffL) | (i64.extend_i32_u(exponent) << 52L));
}

// A whole number of any length: its 32-bit words, low ones first, and how many at a place of their
// own. It becomes itself times a factor, plus a summand.
func grow(big: i32, factor: i64, summand: i64) {
  i32 count = i32.load(big);
  i32 at = big + 8;
  i32 end = at + 4 * count;
  i64 carry = summand;
  while (at < end) {
    carry += i64.load32_u(at) * factor;
    i64.store32(at, carry);
    carry = carry >> 32;
    at += 4;
  }
  if (carry != 0L) {
    i64.store32(at, carry);
    i32.store(big, count + 1);
  }
}

func growByFives(big: i32, exponent: i32) {
  while (exponent >= 13) { grow(big, 1220703125L, 0L); exponent -= 13; }
  while (exponent > 0) { grow(big, 5L, 0L); exponent -= 1; }
}

func growByTwos(big: i32, exponent: i32) {
  while (exponent >= 31) { grow(big, 0x80000000L, 0L); exponent -= 31; }
  if (exponent > 0) { grow(big, 1L << i64.extend_i32_u(exponent), 0L); }
}

// Of the neighbours below and above a decimal with many digits the nearer one: the digits, which
// begin at a place and end before another, are compared with the middle.
func nearer(low: f64, at: i32, end: i32, scratch: i32): f64 {
  i32 digits = scratch;
  i32 middle = scratch + 2048;
  i32.store(digits, 0);
  i32 q = 0;
  i32 taken = 0;
  i32 isPart = 0;
  i32 isMore = 0;
  i32 byte = 0;
  // Nine digits at a time.
  i64 group = 0L;
  i64 size = 1L;
  while (at < end) {
    byte = i32.load8_u(at);
    at += 1;
    if (byte == 0x2e) { isPart = 1; continue; }
    if ((byte | 0x20) == 0x65) {
      i32 sign = i32.load8_u(at);
      if (sign == 0x2b || sign == 0x2d) { at += 1; }
      i32 exponent = 0;
      while (at < end) {
        exponent = select(exponent * 10 + i32.load8_u(at) - 0x30, exponent, exponent < 100000000);
        at += 1;
      }
      q += select(-exponent, exponent, sign == 0x2d);
      break;
    }
    if (taken < 780) {
      if (taken > 0 || byte != 0x30) {
        group = group * 10L + i64.extend_i32_u(byte - 0x30);
        size = size * 10L;
        taken += 1;
        if (size == 1000000000L) { grow(digits, size, group); group = 0L; size = 1L; }
      }
      q -= isPart;
    } else {
      isMore = isMore | (byte != 0x30);
      q += 1 - isPart;
    }
  }
  grow(digits, size, group);
  if (isMore) { grow(digits, 10L, 1L); q -= 1; }
  i64 bits = i64.reinterpret_f64(low);
  i64 mantissa = bits & 0xfffffffffffffL;
  i32 power = i32.wrap_i64(bits >> 52);
  if (power > 0) { mantissa = mantissa | 0x10000000000000L; } else { power = 1; }
  i64 odd = mantissa * 2L + 1L;
  i64.store(middle + 8, odd);
  i32.store(middle, 2 - (odd < 0x100000000L));
  if (i32.gt_s(q, 0)) { growByFives(digits, q); } else { growByFives(middle, -q); }
  i32 twos = q - (power - 1076);
  if (i32.gt_s(twos, 0)) { growByTwos(digits, twos); } else { growByTwos(middle, -twos); }
  i32 order = compare(digits, middle);
  if (order == 1 || (order == 0 && (mantissa & 1L) == 1L)) { bits += 1L; }
  return f64.reinterpret_i64(bits);
}

// 0 if equal, 1 if the first is greater, 2 if it is less.
func compare(a: i32, b: i32): i32 {
  i32 index = i32.load(a);
  i32 others = i32.load(b);
  if (index != others) { return 1 + (index < others); }
  while (index > 0) {
    i32 x = i32.load(a + 4 * index, 4);
    i32 y = i32.load(b + 4 * index, 4);
    if (x != y) { return 1 + (x < y); }
    index -= 1;
  }
  return 0;
}
`
