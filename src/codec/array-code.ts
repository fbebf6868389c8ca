// Nested arrays of numbers in a JSON text, in the language of translate.ts: read in one pass into
// one row of elements, with the shape found on the way. Whole numbers are kept as INT64; the first
// other one makes all of them FP64 or, where nothing finer is wanted, FP32.
//
// A pass can pause behind any comma: all it knows lies behind an address (pass.ts).

import { nestingMax } from './cursor.ts'
import { faultCodes, last, nestedTooDeepCode, pass } from './pass.ts'
import { usualConstants, usualRun } from './usual-code.ts'

const rankMax = 8

/** Lines: keeps the float64 `value` as the next element. */
const storeReal = `
  if (kind == 2) {
    f32.store(next, f32.demote_f64(value));
    next += 4;
  } else {
    f64.store(next, value);
    next += 8;
  }`

export const arrayCode = `
// Reads the array at a place to its end.
export func startArray(s: i32, position: i32, depth: i32, next: i32, real: i32, scratch: i32) {
  prepareArray(s, position, depth, next, real, scratch);
  i32.store(s, 0x7fffffff, ${pass.stop});
  readArray(s);
}

func prepareArray(s: i32, position: i32, depth: i32, next: i32, real: i32, scratch: i32) {
  v128 nothing = i64x2.splat(0L);
  i32.store(s, position, ${pass.position});
  i32.store(s, position, ${pass.from});
  i32.store(s, depth, ${pass.depth});
  i32.store(s, next, ${pass.next});
  v128.store(s, nothing, ${pass.status});
  v128.store(s, nothing, ${pass.rank});
  i32.store(s, next, ${pass.start});
  i32.store(s, -1, ${pass.boolean});
  v128.store(s, nothing, ${pass.fault});
  i32.store(s, 0, ${pass.otherBytes});
  i32.store(s, real, ${pass.real});
  i32.store(s, scratch, ${pass.scratch});
  i32.store(s, 0, ${pass.counts});
  i32.store(s, 0, ${pass.asReal});
}

export func readArray(s: i32) {
  ${usualConstants}
  i32 position = i32.load(s, ${pass.position});
  i32 stop = i32.load(s, ${pass.stop});
  i32 depth = i32.load(s, ${pass.depth});
  i32 next = i32.load(s, ${pass.next});
  i32 open = i32.load(s, ${pass.open});
  i32 rank = i32.load(s, ${pass.rank});
  i32 known = i32.load(s, ${pass.known});
  i32 kind = i32.load(s, ${pass.kind});
  i32 row = i32.load(s + 4 * open, ${pass.counts});
  i32 letter = 0;
  i32 isRead = 0;
  f64 value = 0.0;
  while (true) {
    isRead = 0;
    if (open == rank) {
      // Usual numbers; the last ends otherwise than with a comma.
      i32 first = next;
      ${usualRun}
      row += (next - first) >> (3 - (kind == 2));
    }
    if (isRead == 0) {
      // A value belongs here, or the end of an array without elements.
      letter = i32.load8_u(position);
      if (letter <= 0x20) { position = skipSpace(position); letter = i32.load8_u(position); }
      i32 isNegative = letter == 0x2d;
      i32 at = position + isNegative;
      if (i32.load8_u(at) - 0x30 < 10) {
        if (open != rank) {
          if (rank == 0) { rank = open; } else {
            note(s, ${faultCodes.valueAmongArrays}, open, open, row);
          }
        }
        i32 isWhole = readNumber(s, at) - 1;
        if (isWhole == -1) { return; }
        i64 m = i64.load(s, ${last.mantissa});
        i32 end = i32.load(s, ${last.end});
        letter = i32.load8_u(end);
        position = end;
        if (kind != 0) {
          value = f64.copysign(longDouble(s, at), f64.convert_i32_s(-isNegative));
          ${storeReal}
        } else {
          i64 integer = m;
          if (isWhole == 0 || i64.lt_s(m, 0L)) {
            value = longDouble(s, at);
            if (value == f64.trunc(value) && value < 9223372036854775808.0) {
              integer = i64.trunc_sat_f64_u(value);
              isWhole = 1;
            } else {
              isWhole = isNegative & (m == 0x8000000000000000L) & isWhole;
            }
          }
          if (isWhole && (isNegative == 0 || integer != 0L)) {
            i64 negation = i64.extend_i32_s(-isNegative);
            i64.store(next, (integer ^ negation) - negation);
            next += 8;
          } else {
            kind = i32.load(s, ${pass.real});
            next = toReals(i32.load(s, ${pass.start}), next, kind, i32.load(s, ${pass.start}));
            value = f64.copysign(longDouble(s, at), f64.convert_i32_s(-isNegative));
            ${storeReal}
          }
        }
      } else if (letter == 0x5b) {
        if (rank > 0 && open >= rank) { note(s, ${faultCodes.arrayInRow}, open, open, row); }
        i32.store(s + 4 * open, row, ${pass.counts});
        open += 1;
        row = 0;
        if (open > ${rankMax}) { note(s, ${faultCodes.tooDeep}, open - 1, open, row); }
        if (depth + open > ${nestingMax}) {
          refuse(s, ${nestedTooDeepCode}, position);
          return;
        }
        if (open > known) {
          known = open;
          i32.store(s + 4 * open, -1, ${pass.lengths});
        }
        position += 1;
        letter = i32.load8_u(position);
        if (letter <= 0x20) { position = skipSpace(position); letter = i32.load8_u(position); }
        if (letter != 0x5d) { continue; }
        row -= 1;
      } else {
        // A word, a string or an object.
        if (rank == 0) { rank = open; } else if (open != rank) {
          note(s, ${faultCodes.valueAmongArrays}, open, open, row);
        }
        i32 meaning = readWord(s, position);
        if (meaning == 0) {
          if (letter == 0x22) { meaning = 5; } else if (letter == 0x7b) { meaning = 6; } else {
            if (isNegative) { refuse(s, 2, at); } else { refuse(s, 1, position); }
            return;
          }
          note(s, select(${faultCodes.string}, ${faultCodes.object}, meaning == 5), open, open,
            row);
          end = skipValue(s, position, depth + open);
          if (end == 0) { return; }
          i32.store(s, i32.load(s, ${pass.otherBytes}) + end - position, ${pass.otherBytes});
        } else {
          end = i32.load(s, ${last.end});
          if (meaning == 4) { note(s, ${faultCodes.null}, open, open, row); }
        }
        value = f64.load(s, ${last.value});
        if (meaning == 1 && kind == 0) {
          kind = i32.load(s, ${pass.real});
          next = toReals(i32.load(s, ${pass.start}), next, kind, i32.load(s, ${pass.start}));
        }
        if ((meaning == 2 || meaning == 3) && i32.load(s, ${pass.boolean}) == -1) {
          i32.store(s, (next - i32.load(s, ${pass.start})) >> (3 - (kind == 2)), ${pass.boolean});
        }
        if (kind == 0) {
          i64.store(next, i64.trunc_sat_f64_s(value));
          next += 8;
        } else {
          ${storeReal}
        }
        position = end;
        letter = i32.load8_u(position);
      }
      row += 1;
    }
    // Behind a value, or at the bracket of an array without elements.
    if (letter == 0x2c) {
      position += 1;
      if (position < stop) { continue; }
      i32.store(s, 1, ${pass.status});
      break;
    }
    if (letter <= 0x20) { position = skipSpace(position); letter = i32.load8_u(position); }
    while (letter == 0x5d) {
      i32 length = i32.load(s + 4 * open, ${pass.lengths});
      if (row == 0 && rank == 0) { rank = open; }
      if (length == -1) { i32.store(s + 4 * open, row, ${pass.lengths}); } else if (length != row) {
        note(s, ${faultCodes.lengthDiffers}, open - 1, open, row);
      }
      open -= 1;
      position += 1;
      if (open == 0) { break; }
      row = i32.load(s + 4 * open, ${pass.counts}) + 1;
      letter = i32.load8_u(position);
      if (letter <= 0x20) { position = skipSpace(position); letter = i32.load8_u(position); }
    }
    if (open == 0) {
      i32.store(s, 0, ${pass.status});
      break;
    }
    if (letter != 0x2c) {
      refuse(s, 3, position);
      return;
    }
    position += 1;
    if (position >= stop) {
      i32.store(s, 1, ${pass.status});
      break;
    }
  }
  i32.store(s + 4 * open, row, ${pass.counts});
  i32.store(s, position, ${pass.position});
  i32.store(s, next, ${pass.next});
  i32.store(s, open, ${pass.open});
  i32.store(s, rank, ${pass.rank});
  i32.store(s, known, ${pass.known});
  i32.store(s, kind, ${pass.kind});
}

// Writes whole numbers as real ones, perhaps in their own places; the place behind the last.
func toReals(from: i32, end: i32, kind: i32, to: i32): i32 {
  while (from < end) {
    f64 value = f64.convert_i64_s(i64.load(from));
    from += 8;
    if (kind == 2) { f32.store(to, f32.demote_f64(value)); to += 4; } else {
      f64.store(to, value);
      to += 8;
    }
  }
  return to;
}

// Notes the first fault: its place is the indices up to a depth. Of the arrays open there, the
// innermost has so many elements in its row.
func note(s: i32, fault: i32, depth: i32, open: i32, row: i32) {
  if (i32.load(s, ${pass.fault}) != 0) { return; }
  i32.store(s, fault, ${pass.fault});
  i32.store(s, depth, ${pass.faultDepth});
  i32.store(s, row, ${pass.faultLength});
  i32 expected = open + (fault == ${faultCodes.valueAmongArrays});
  i32.store(s, i32.load(s + 4 * expected, ${pass.lengths}), ${pass.faultExpected});
  i32.store(s + 4 * open, row, ${pass.counts});
  memory.copy(s + ${pass.faultIndices}, s + ${pass.counts}, 144);
}
`
