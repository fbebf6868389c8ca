// What stands between numbers in a JSON text, in the language of translate.ts: white space, words,
// and values that belong to no tensor and are only passed over. Behind the text lie zeros, and
// sixteen bytes more may be read.

import { nestingMax } from './cursor.ts'
import { last } from './pass.ts'

const bytesOf = (word: string): string =>
  `0x${[...word].reverse().map(letter => letter.charCodeAt(0).toString(16)).join('')}`

/** Lines: true where a word stands: its first four and its last four letters are enough. */
const stands = (at: string, word: string): string =>
  `i32.load(${at}) == ${bytesOf(word.slice(0, 4))} && ` +
  `i32.load(${at}, ${word.length - 4}) == ${bytesOf(word.slice(-4))}`

// A bit for each letter of an escape, from 0x40 on.
const escapeLetters = `0x${[...'\\bfnrtu'].reduce(
  (bits, letter) => bits | 1n << BigInt(letter.charCodeAt(0) - 0x40), 0n).toString(16)}L`

export const textCode = `
func skipSpace(position: i32): i32 {
  while (true) {
    i32 byte = i32.load8_u(position);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) { return position; }
    position += 1;
    v128 text = v128.load(position);
    if (i8x16.all_true(i8x16.eq(text, i8x16.splat(0x20)))) {
      position += 16;
      while (i8x16.all_true(i8x16.eq(v128.load(position), i8x16.splat(0x20)))) { position += 16; }
    }
  }
}

// A word, bare or in quotes: 1 not finite, 2 true, 3 false, 4 null, 0 none. Its value and its end
// are left behind \`s\`.
func readWord(s: i32, position: i32): i32 {
  i32 isQuoted = i32.load8_u(position) == 0x22;
  i32 at = position + isQuoted;
  i32 isNegative = i32.load8_u(at) == 0x2d;
  at += isNegative;
  i32 meaning = 0;
  f64 value = 0.0;
  if (${stands('at', 'Infinity')}) {
    meaning = 1;
    value = f64.div(f64.convert_i32_s(1 - 2 * isNegative), 0.0);
    at += 8;
  } else if (!isNegative) {
    i32 word = i32.load(at);
    if ((word & 0xffffff) == ${bytesOf('NaN')}) {
      meaning = 1;
      value = f64.div(0.0, 0.0);
      at += 3;
    } else if (!isQuoted) {
      if (word == ${bytesOf('true')}) {
        meaning = 2;
        value = 1.0;
        at += 4;
      } else if (${stands('at', 'false')}) {
        meaning = 3;
        at += 5;
      } else if (word == ${bytesOf('null')}) {
        meaning = 4;
        at += 4;
      }
    }
  }
  if (isQuoted && meaning != 0) {
    if (i32.load8_u(at) != 0x22) { meaning = 0; value = 0.0; }
    at += 1;
  }
  f64.store(s, value, ${last.value});
  i32.store(s, at, ${last.end});
  return meaning;
}

// The place behind a string, which begins at its quote; 0 if it does not end.
func skipString(s: i32, position: i32): i32 {
  i32 at = position + 1;
  v128 quote = i8x16.splat(0x22);
  v128 backslash = i8x16.splat(0x5c);
  v128 space = i8x16.splat(0x20);
  while (true) {
    v128 text = v128.load(at);
    i32 found = i8x16.bitmask(
      i8x16.eq(text, quote) | i8x16.eq(text, backslash) | i8x16.lt_u(text, space));
    if (found == 0) { at += 16; continue; }
    at += i32.ctz(found);
    i32 byte = i32.load8_u(at);
    if (byte == 0x22) { return at + 1; }
    if (byte != 0x5c) {
      i32.store(s, position, ${last.value});
      return refuse(s, 6, at);
    }
    // One letter, or u and four digits.
    byte = i32.load8_u(at + 1);
    i32 isKnown = byte == 0x22 || byte == 0x2f;
    if (byte - 0x40 < 64) {
      isKnown = i32.wrap_i64((${escapeLetters} >> i64.extend_i32_u(byte - 0x40)) & 1L);
    }
    at += 1;
    i32 digits = 4 * (byte == 0x75);
    while (digits != 0) {
      byte = i32.load8_u(at + 1);
      if (byte - 0x30 > 9 && (byte | 0x20) - 0x61 > 5) { isKnown = 0; break; }
      at += 1;
      digits -= 1;
    }
    if (!isKnown) {
      i32.store(s, position, ${last.value});
      return refuse(s, 6, at);
    }
    at += 1;
  }
}

// Passes over any value, of which the form is looked at, not the meaning: the place behind it, or
// 0. A bit for each bracket that is open says whether it is an object's.
func skipValue(s: i32, position: i32, depth: i32): i32 {
  i64 stack = 1L;
  i32 byte = 0;
  while (true) {
    position = skipSpace(position);
    byte = i32.load8_u(position);
    i32 isShut = 0;
    if (byte == 0x7b || byte == 0x5b) {
      depth += 1;
      if (depth > ${nestingMax}) { return refuse(s, 5, position); }
      stack = (stack << 1) | i64.extend_i32_u(byte == 0x7b);
      i32 shut = byte + 2;
      position = skipSpace(position + 1);
      isShut = i32.load8_u(position) == shut;
      if (!isShut) {
        if (shut == 0x7d) {
          position = skipKey(s, position);
          if (position == 0) { return 0; }
        }
        continue;
      }
    } else if (byte == 0x22) {
      position = skipString(s, position);
      if (position == 0) { return 0; }
    } else if (readWord(s, position)) {
      position = i32.load(s, ${last.end});
    } else {
      i32 isNegative = byte == 0x2d;
      if (!isNegative && byte - 0x30 > 9) { return refuse(s, 1, position); }
      if (readNumber(s, position + isNegative) == 0) { return 0; }
      position = i32.load(s, ${last.end});
    }
    while (stack != 1L) {
      if (!isShut) { position = skipSpace(position); }
      byte = i32.load8_u(position);
      i32 isObject = i32.wrap_i64(stack & 1L);
      if (byte == select(0x7d, 0x5d, isObject)) {
        stack = stack >> 1;
        depth -= 1;
        position += 1;
        isShut = 0;
        continue;
      }
      if (byte != 0x2c) { return refuse(s, select(9, 3, isObject), position); }
      position += 1;
      if (isObject) {
        position = skipKey(s, skipSpace(position));
        if (position == 0) { return 0; }
      }
      break;
    }
    if (stack == 1L) { return position; }
  }
}

// The place behind a key and its colon, or 0.
func skipKey(s: i32, position: i32): i32 {
  if (i32.load8_u(position) != 0x22) { return refuse(s, 7, position); }
  position = skipString(s, position);
  if (position == 0) { return 0; }
  position = skipSpace(position);
  if (i32.load8_u(position) != 0x3a) { return refuse(s, 8, position); }
  return position + 1;
}
`
