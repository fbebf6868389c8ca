// Numbers of a JSON text as they usually are, in the language of translate.ts: up to 31 digits and
// points and no more than nineteen digits that count are read by vectors, one number after another
// in one loop that calls no function, since a call would empty all registers. Checks are branches
// that nobody takes, which cost less than their results would.

import { product } from './decimal-code.ts'
import { digitsOnly, spreads } from './place-table.ts'
import { doubles, powers, tens } from './powers.ts'
import { vectorLines } from './vectors.ts'

/** Lines: of sixteen bytes the digits of which some are, four by four: see place-table.ts. */
const foursOf = (name: string, text: string, row: string): string => `
  v128 ${name} = i8x16.swizzle(i8x16.sub_sat_u(${text}, zero8),
    v128.load(${row} + (run << 4), ${spreads}));
  ${name} = i32x4.dot_i16x8_s(i16x8.shr_u(i16x8.mul(${name}, ten16), 8), hundred16);`

/** Lines to stand before those of readUsual. */
export const usualConstants = vectorLines(
  'zero8', 'point8', 'ten16', 'hundred16', 'myriad16', 'numeralShift', 'numeralLast', 'digitShift',
  'digitLast')

/**
 * Lines: reads the number at `position`, which `isNegative` says to begin with a sign, and leaves
 * the loop around them if that is not usual. Then `end` is the place behind it, `m` and `q` say
 * m · 10^q without the sign, m below 2^63, `isWhole` that no point and no exponent was there, and
 * `byte` stands behind it.
 */
const readUsual = `
  v128 text = v128.load(position);
  // What is no byte from - to 9: all bytes are moved so that these are the least signed ones.
  i32 run = i32.ctz(0x10000 |
    i8x16.bitmask(i8x16.gt_s(i8x16.add(text, numeralShift), numeralLast)));
  i32 border = 1 << run;
  i32 points = i8x16.bitmask(i8x16.eq(text, point8)) & (border - 1);
  i32 others = i8x16.bitmask(i8x16.gt_s(zero8, text)) & (border - 1);
  i32 whole = i32.ctz(points | border);
  // The sign is a digit 0.
  ${foursOf('fours', 'text', '(whole << 8)')}
  i32 end = position + run;
  if (points & (points - 1)) { break; }
  if (others - points != isNegative) { break; }
  if (whole != 1 + isNegative) {
    if (whole == isNegative) { break; }
    if (i32.load8_u(at) == 0x30) { break; }
  }
  i32 isWhole = points == 0;
  i32 q = whole - run + 1 - isWhole;
  i32 byte = 0;
  if (run == 16) {
    text = v128.load(position, 16);
    run = i32.ctz(0x10000 |
      i8x16.bitmask(i8x16.gt_s(i8x16.add(text, digitShift), digitLast)));
    if (run == 16) { break; }
    ${foursOf('lateFours', 'text', `${digitsOnly}`)}
    fours = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, lateFours), myriad16);
    i64 late = i64x2.extract_lane(fours, 1);
    i64 m = i64x2.extract_lane(fours, 0);
    m = (m & 0xffffffffL) * 100000000L + (m >> 32);
    if (m >= i64.load(${tens + 19 * 8} - run * 8)) { break; }
    m = m * i64.load(run * 8, ${tens}) + (late & 0xffffffffL) * 100000000L + (late >> 32);
    if (i64.lt_s(m, 0L)) { break; }
    end += run;
    q -= run & (isWhole - 1);
    byte = i32.load8_u(end);
    if (byte == 0x2e) { break; }
  } else {
    fours = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), myriad16);
    m = i64x2.extract_lane(fours, 0);
    m = (m & 0xffffffffL) * 100000000L + (m >> 32);
    byte = i32.load8_u(end);
  }
  if ((isWhole | q) == 0) { break; }
  if ((byte | 0x20) == 0x65) {
    isWhole = 0;
    end += 1;
    byte = i32.load8_u(end);
    i32 isBelow = byte == 0x2d;
    if (isBelow || byte == 0x2b) { end += 1; byte = i32.load8_u(end); }
    i32 exponent = 0;
    i32 start = end;
    while (byte - 0x30 < 10) {
      exponent = exponent * 10 + byte - 0x30;
      end += 1;
      byte = i32.load8_u(end);
    }
    if (end - start - 1 >= 3) { break; }
    q += select(-exponent, exponent, isBelow);
    if (q + 300 > 580) { break; }
  }`

/**
 * Lines: reads and keeps numbers as long as they are usual. No function is called here, so that all
 * stays in registers. If `isRead`, the last one ended before `letter`, else one stands there
 * that is not usual.
 */
export const usualRun = `
  while (true) {
    letter = i32.load8_u(position);
    while (letter <= 0x20) {
      if (letter != 0x20 && letter != 0x0a && letter != 0x0d && letter != 0x09) { break; }
      position += 1;
      letter = i32.load8_u(position);
    }
    i32 isNegative = letter == 0x2d;
    i32 at = position + isNegative;
    if (kind == 0) {
      // A class index is mostly one digit.
      i64 m = i64.extend_i32_u(letter - 0x30);
      if (m < 10L) {
        if (i32.load8_u(position, 1) == 0x2c) {
          if (position + 2 < stop) {
            i64.store(next, m);
            next += 8;
            position += 2;
            continue;
          }
        }
      }
    }
    ${readUsual}
    if (kind == 2) {
      value = f64.convert_i64_s(m) * f64.load(${doubles} + q * 8);
      i64 rough = i64.reinterpret_f64(value);
      // Near the middle of two float32, or below the normal ones, all bits count.
      if ((rough & 0x1fffffffL) - 0xffffff8L < 17L) { break; }
      if (rough < 0x3810000000000000L) {
        if (m != 0L) { break; }
      }
      i32.store(next, i32.reinterpret_f32(f32.demote_f64(value)) | (isNegative << 31));
      next += 4;
    } else if (kind == 1) {
      if (m <= 0x20000000000000L && q + 22 < 45) {
        value = f64.convert_i64_s(m);
        if (i32.lt_s(q, 0)) {
          value = value / f64.load(${doubles} - q * 8);
        } else {
          value = value * f64.load(${doubles} + q * 8);
        }
      } else {
        if (m == 0L) { break; }
        i64 zeros = i64.clz(m);
        m = m << zeros;
        i64 power = i64.load(${powers + 8} + q * 16);
        ${product('m', 'power', 'high', 'low')}
        // The whole product may be needed, or all about halves.
        if ((high & 0x1ffL) == 0x1ffL) { break; }
        if (low <= 1L) { break; }
        i64 upperBit = high >> 63;
        high = high >> (upperBit + 9L);
        high = (high + (high & 1L)) >> 1;
        i64 power2 = i64.extend_i32_s(i32.shr_s(217706 * q, 16) + 1085) - zeros + upperBit;
        value = f64.reinterpret_i64(high + (power2 << 52));
      }
      i64.store(next, i64.reinterpret_f64(value) | (i64.extend_i32_u(isNegative) << 63));
      next += 8;
    } else {
      if (isWhole == 0) { break; }
      if (m == 0L) {
        if (isNegative) { break; }
      }
      i64 negation = i64.extend_i32_s(-isNegative);
      i64.store(next, (m ^ negation) - negation);
      next += 8;
    }
    position = end;
    letter = byte;
    if (byte != 0x2c) { isRead = 1; break; }
    position += 1;
    if (position >= stop) { position = end; isRead = 1; break; }
  }`
