// One number of a JSON text, in the language of translate.ts. The usual number, up to 31 digits and
// points and no more than nineteen digits that count, is read by vectors; whatever is longer, or
// wrong, is read again byte by byte, where errors have their places.

import { last } from './pass.ts'
import { tens } from './powers.ts'

/** Lines: the digits of a vector as a number in ${m}; the point is the byte at ${whole}, if any. */
function digitsOf (vector: string, whole: string, count: string, m: string): string {
  return `
    v128 place = i8x16.add(iota, i8x16.splat(${count} - 16));
    place = i8x16.sub(place, i8x16.ge_s(place, i8x16.splat(${whole})));
    v128 pairs = i8x16.swizzle(${vector}, place);
    pairs = i16x8.add(i16x8.mul(pairs, ten16), i16x8.shr_u(pairs, 8)) & low16;
    pairs = i32x4.dot_i16x8_s(pairs, hundred16);
    pairs = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(pairs, pairs), myriad16);
    i64 ${m} = i64.extend_i32_u(i32x4.extract_lane(pairs, 0)) * 100000000L +
      i64.extend_i32_u(i32x4.extract_lane(pairs, 1));`
}

/** Lines to stand before those of readUsual. */
export const usualConstants = `
  v128 iota = v128.const(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  v128 zero8 = i8x16.splat(0x30);
  v128 nine8 = i8x16.splat(10);
  v128 point8 = i8x16.splat(0x2e);
  v128 ten16 = i16x8.splat(10);
  v128 low16 = i16x8.splat(0xff);
  v128 hundred16 = v128.const(100, 1, 100, 1, 100, 1, 100, 1);
  v128 myriad16 = v128.const(10000, 1, 10000, 1, 10000, 1, 10000, 1);`

/**
 * Lines: reads the number whose first digit is at `at`. Then `end` is the place behind it, `m` and
 * `q` say m · 10^q, `isWhole` that no point and no exponent was there; `isUsual` is 0 if all
 * this is yet to be found out.
 */
export const readUsual = `
  v128 digits = i8x16.sub(v128.load(at), zero8);
  i32 numerals = i8x16.bitmask(i8x16.lt_u(digits, nine8));
  i32 points = i8x16.bitmask(i8x16.eq(v128.load(at), point8));
  i32 run = i32.ctz(~(numerals | points));
  points = points & ((1 << run) - 1);
  i32 whole = i32.ctz(points | (1 << run));
  i32 count = run - (points != 0);
  ${digitsOf('digits', 'whole', 'count', 'm')}
  i32 q = whole - count;
  i32 end = at + run;
  i32 isUsual = ((points & (points - 1)) == 0) & (whole > 0) &
    ((whole == 1) | (i32.load8_u(at) != 0x30));
  if (run == 16) {
    digits = i8x16.sub(v128.load(at, 16), zero8);
    numerals = i8x16.bitmask(i8x16.lt_u(digits, nine8));
    i32 latePoints = i8x16.bitmask(i8x16.eq(v128.load(at, 16), point8));
    run = i32.ctz(~(numerals | latePoints));
    latePoints = latePoints & ((1 << run) - 1);
    i32 lateWhole = i32.ctz(latePoints | (1 << run));
    i32 lateCount = run - (latePoints != 0);
    ${digitsOf('digits', 'lateWhole', 'lateCount', 'late')}
    if (points == 0) { whole = 16 + lateWhole; }
    points = points | latePoints;
    isUsual = isUsual & (run < 16) & (i32.popcnt(latePoints) + (count == 15) < 2) &
      (lateCount <= 3 || m < i64.load(i32.const_tens + (19 - lateCount) * 8));
    m = m * i64.load(i32.const_tens + lateCount * 8) + late;
    count += lateCount;
    q = whole - count;
    end += run;
  }
  i32 isWhole = points == 0;
  isUsual = isUsual & (isWhole | (count > whole));
  i32 byte = i32.load8_u(end);
  if ((byte | 0x20) == 0x65) {
    isWhole = 0;
    end += 1;
    byte = i32.load8_u(end);
    i32 isBelow = byte == 0x2d;
    if (isBelow || byte == 0x2b) { end += 1; byte = i32.load8_u(end); }
    i32 exponent = 0;
    i32 first = end;
    while (byte - 0x30 < 10) {
      exponent = exponent * 10 + byte - 0x30;
      end += 1;
      byte = i32.load8_u(end);
    }
    isUsual = isUsual & (end - first - 1 < 4);
    q += select(-exponent, exponent, isBelow);
  }`.replaceAll('i32.const_tens', String(tens))

/** Functions for what is not usual. */
export const numberCode = `
func isDigit(at: i32): i32 { return i32.load8_u(at) - 0x30 < 10; }

// The number whose first digit is at a place, byte by byte. Leaves what it found behind \`s\`; 0 if
// it is none, then the error and its place are noted.
func readNumber(s: i32, at: i32): i32 {
  i64 m = 0L;
  i32 q = 0;
  i32 taken = 0;
  i32 isCut = 0;
  i32 isPart = 0;
  i32 isWhole = 1;
  i32 byte = i32.load8_u(at);
  if (!isDigit(at)) { return refuse(s, 2, at); }
  if (byte == 0x30 && isDigit(at + 1)) { return refuse(s, 4, at + 1); }
  while (true) {
    byte = i32.load8_u(at);
    if (byte == 0x2e && !isPart) {
      isPart = 1;
      isWhole = 0;
      at += 1;
      if (!isDigit(at)) { return refuse(s, 2, at); }
      continue;
    }
    if (byte - 0x30 > 9) { break; }
    at += 1;
    if (taken < 19) {
      m = m * 10L + i64.extend_i32_u(byte - 0x30);
      taken += m != 0L;
      q -= isPart;
    } else {
      isCut = isCut | (byte != 0x30);
      q += 1 - isPart;
      isWhole = 0;
    }
  }
  if ((byte | 0x20) == 0x65) {
    isWhole = 0;
    at += 1;
    i32 sign = i32.load8_u(at);
    if (sign == 0x2b || sign == 0x2d) { at += 1; }
    if (!isDigit(at)) { return refuse(s, 2, at); }
    i32 exponent = 0;
    while (isDigit(at)) {
      exponent = select(exponent * 10 + i32.load8_u(at) - 0x30, exponent, exponent < 100000000);
      at += 1;
    }
    q += select(-exponent, exponent, sign == 0x2d);
  }
  i64.store(s, m, ${last.mantissa});
  i32.store(s, q, ${last.exponent});
  i32.store(s, isCut, ${last.isCut});
  i32.store(s, at, ${last.end});
  return 1 + isWhole;
}

// A decimal that was read byte by byte, as the nearest float64.
func longDouble(s: i32, at: i32): f64 {
  i64 m = i64.load(s, ${last.mantissa});
  i32 q = i32.load(s, ${last.exponent});
  if (m == 0L) { return 0.0; }
  f64 value = toDouble(m, q);
  if (i32.load(s, ${last.isCut}) && value != toDouble(m + 1L, q)) {
    return nearer(value, at, i32.load(s, ${last.end}), i32.load(s, 76));
  }
  return value;
}

// Notes an error and its place.
func refuse(s: i32, error: i32, at: i32): i32 {
  i32.store(s, 2, 16);
  i32.store(s, error, 20);
  i32.store(s, at, 24);
  return 0;
}
`
