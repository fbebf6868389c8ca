// Numbers as text, in the language of translate.ts: the shortest digits that read back as the same
// number, by Raffaello Giulietti's Schubfach (2020), in the form that String(x) has. Digits come
// sixteen at a time by vectors.

import { product } from './decimal-code.ts'
import { powers } from './powers.ts'
import { printed } from './printed.ts'

const constants = `
  v128 iota = v128.const(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  v128 zero8 = i8x16.splat(0x30);
  v128 nothing = i8x16.splat(0);
  v128 hundredth = i32x4.splat(5243);
  v128 hundred = i32x4.splat(100);
  v128 tenth = i16x8.splat(103);
  v128 ten = i16x8.splat(10);`

/** Lines: sixteen digits, as bytes 0 … 9, of four lanes below 10,000 in the vector `lanes`. */
const spread = `
  v128 quotient = i32x4.shr_u(i32x4.mul(lanes, hundredth), 19);
  lanes = quotient | i32x4.shl(i32x4.sub(lanes, i32x4.mul(quotient, hundred)), 16);
  quotient = i16x8.shr_u(i16x8.mul(lanes, tenth), 10);
  v128 digits = quotient | i16x8.shl(i16x8.sub(lanes, i16x8.mul(quotient, ten)), 8);`

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
const choose = (type: 'i32' | 'i64'): string => `
  ${type} near = middle >> 2;
  ${type} tenfold = near / 10;
  lower += odd;
  upper -= odd;
  i32 isUnder = lower <= 40 * tenfold;
  i32 isOver = 40 * tenfold + 40 <= upper;
  if (near >= 10 && isUnder != isOver) {
    shortest = tenfold + ${type === 'i64' ? 'i64.extend_i32_u(isOver)' : 'isOver'};
    k += 1;
  } else {
    isUnder = lower <= 4 * near;
    isOver = 4 * near + 4 <= upper;
    ${type} half = 4 * near + 2;
    if (isUnder == isOver) { isOver = middle > half || (middle == half && (near & 1) != 0); }
    shortest = near + ${type === 'i64' ? 'i64.extend_i32_u(isOver)' : 'isOver'};
  }`

/** Lines: a float32's power times a number, rounded to odd. */
const oddly = (result: string, number: string): string => `
  i64 factor = i64.extend_i32_u((${number}) << shift);
  i64 high = (power >> 32) * factor + (((power & 0xffffffffL) * factor) >> 32);
  i32 ${result} = i32.wrap_i64(high >> 32) | (i32.wrap_i64(high) > 1);`

const float32 = `
  i32 bits = i32.load(address + 4 * index);
  i32 size = bits & 0x7fffffff;
  if (size - 1 >= 0x7f7fffff) {
    to = writeWord(to, f64.promote_f32(f32.reinterpret_i32(bits)));
  } else {
    i32.store8(to, 0x2d);
    to += bits >> 31;
    i32 c = size & 0x7fffff;
    i32 exponent = size >> 23;
    i32 isCloser = (c == 0) & (exponent > 1);
    if (exponent != 0) { c = c | 0x800000; } else { exponent = 1; }
    i32 k = i32.shr_s((exponent - 150) * 1262611 - isCloser * 524031, 22);
    i32 shift = exponent - 149 + i32.shr_s(-k * 1741647, 19);
    i64 power = i64.load(${powers} - 16 * k, 8) + i64.extend_i32_u(-k > 27);
    i32 odd = c & 1;
    ${oddly('lower', '4 * c - 2 + isCloser')}
    ${oddly('middle', '4 * c')}
    ${oddly('upper', '4 * c + 2')}
    i32 shortest = 0;
    ${choose('i32')}
    // The one float32 whose shortest digits, read by way of float64, become its neighbour.
    if (size == 0x15ae43fd) { shortest = 70385307; k = -33; }
    i32 rest = shortest % 100000000;
    v128 lanes = i64x2.replace_lane(i64x2.splat(i64.extend_i32_u(shortest / 100000000) << 32), 1,
      i64.extend_i32_u(rest / 10000) | (i64.extend_i32_u(rest % 10000) << 32));
    i32 tail = 0;
    ${spread}
    ${write}
  }`

/** Lines: sixteen digits of the whole number `shortest`, below 10^16. */
const spreadLong = `
  i32 front = i32.wrap_i64(shortest / 100000000);
  i32 rest = i32.wrap_i64(shortest % 100000000);
  v128 lanes = i64x2.replace_lane(
    i64x2.splat(i64.extend_i32_u(front / 10000) | (i64.extend_i32_u(front % 10000) << 32)), 1,
    i64.extend_i32_u(rest / 10000) | (i64.extend_i32_u(rest % 10000) << 32));
  ${spread}`

const float64 = `
  i64 bits = i64.load(address + 8 * index);
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
    ${choose('i64')}
    i32 tail = 0;
    if (shortest >= 10000000000000000L) {
      tail = i32.wrap_i64(shortest % 10);
      shortest = shortest / 10;
      k += 1;
    }
    ${spreadLong}
    ${write}
  }`

const wholes = `
  if (datatype == 6) {
    i32.store16(to, 0x5d5b);
    to += 2;
  } else {
  i64 shortest = 0L;
  if (datatype == 2) { shortest = i64.load(address + 8 * index); } else {
    if (datatype == 3) { shortest = i64.load32_s(address + 4 * index); } else {
      shortest = i64.load8_u(address + index);
    }
  }
  if (i64.lt_s(shortest, 0L)) {
    i32.store8(to, 0x2d);
    to += 1;
    shortest = -shortest;
  }
  if (shortest < 10) {
    i32.store8(to, 0x30 + i32.wrap_i64(shortest));
    to += 1;
  } else {
    i32 head = i32.wrap_i64(shortest / 10000000000000000L);
    shortest = shortest % 10000000000000000L;
    ${spreadLong}
    i32 lead = 0;
    if (head) {
      if (head >= 100) { i32.store8(to, 0x30 + head / 100); to += 1; }
      if (head >= 10) { i32.store8(to, 0x30 + head / 10 % 10); to += 1; }
      i32.store8(to, 0x30 + head % 10);
      to += 1;
    } else {
      lead = i32.ctz(i8x16.bitmask(i8x16.ne(digits, nothing)));
    }
    v128.store(to, i8x16.add(i8x16.swizzle(digits, i8x16.add(iota, i8x16.splat(lead))), zero8));
    to += 16 - lead;
  }
  }`

/** Elements `first` … `last` − 1 of a tensor at `to`, with all commas before and brackets. */
const printer = (name: string, lines: string): string => `
func ${name}(s: i32, first: i32, last: i32, to: i32): i32 {
  ${constants}
  i32 address = i32.load(s, ${printed.address});
  i32 datatype = i32.load(s, ${printed.datatype});
  i32 rank = i32.load(s, ${printed.rank});
  i32 inner = 0x7fffffff;
  if (rank) { inner = i32.load(s + 4 * rank, ${printed.sizes - 4}); }
  i32 index = first;
  i32 left = inner - index % inner;
  while (index < last) {
    if (index > 0) { i32.store8(to, 0x2c); to += 1; }
    if (left == inner) { to = writeBrackets(s, index, to, 0x5b); }
    i32 end = index + select(left, last - index, left < last - index);
    left -= end - index;
    while (true) {
      ${lines}
      index += 1;
      if (index == end) { break; }
      i32.store8(to, 0x2c);
      to += 1;
    }
    if (left == 0) {
      to = writeBrackets(s, index, to, 0x5d);
      left = inner;
    }
  }
  return to;
}`

export const printCode = `
export func print(s: i32, first: i32, last: i32, to: i32): i32 {
  i32 datatype = i32.load(s, ${printed.datatype});
  if (datatype == 0) { return printFloats(s, first, last, to); }
  if (datatype == 1) { return printDoubles(s, first, last, to); }
  return printWholes(s, first, last, to);
}
${printer('printFloats', float32)}
${printer('printDoubles', float64)}
${printer('printWholes', wholes)}

// A bracket for each axis of which an array begins or ends at an index.
func writeBrackets(s: i32, index: i32, to: i32, bracket: i32): i32 {
  i32 axis = i32.load(s, ${printed.rank});
  while (axis > 0 && index % i32.load(s + 4 * axis, ${printed.sizes - 4}) == 0) {
    i32.store8(to, bracket);
    to += 1;
    axis -= 1;
  }
  return to;
}

// Zero, or a number that is not finite, in quotes.
func writeWord(to: i32, value: f64): i32 {
  i32 isNegative = i32.wrap_i64(i64.reinterpret_f64(value) >> 63);
  if (value == 0.0) {
    i32.store8(to, 0x2d);
    i32.store8(to + isNegative, 0x30);
    return to + 1 + isNegative;
  }
  if (value != value) {
    i64.store(to, 0x224e614e22L);
    return to + 5;
  }
  i32.store16(to, 0x2d22);
  to += 1 + isNegative;
  i64.store(to, 0x7974696e69666e49L);
  i32.store8(to, 0x22, 8);
  return to + 9;
}

// 128 bits of a power times a number, the upper 64 bits rounded to odd.
func timesOddly(upperPower: i64, lowerPower: i64, c: i64): i64 {
  ${product('lowerPower', 'c', 'first', 'unused')}
  ${product('upperPower', 'c', 'high', 'low')}
  low += first;
  if (low < first) { high += 1; }
  return high | i64.extend_i32_u(low > 1);
}
`
