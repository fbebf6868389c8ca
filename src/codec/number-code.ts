// One number of a JSON text, in the language of translate.ts, byte by byte: whatever is longer than
// usual, or wrong, so that errors have their places. What is usual is read in usual-code.ts.

import { last } from './pass.ts'

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
