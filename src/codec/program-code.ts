// The codec as a program of the pool, in the language of translate.ts: reads all arrays of numbers
// of a large body, or prints a large tensor. A record says which, as those of kernels do.
//
// A body is read by one thread, a stretch at a time. What stands between its arrays is looked
// through only for where they begin: the reader of JSON holds it against the grammar later.

import { nestingMax, skeletonBytesMax } from './cursor.ts'
import { pass, passBytes } from './pass.ts'

/** Offsets of a record's words of 32 bits; the pool's own come before. */
export const codecRecord = {
  chunks: 16,
  nanoseconds: 20,
  task: 32,
  // To read:
  position: 36,
  end: 40,
  /** Where a stretch ends; an array is left behind a comma. */
  stop: 44,
  /** One of readStates. */
  state: 48,
  /** What is known of each array: passBytes each. */
  passes: 52,
  passCount: 56,
  passMax: 60,
  /** Where the next element goes. */
  next: 64,
  real: 68,
  scratch: 72,
  depth: 76,
  /** Bytes so far that belong to no array of numbers. */
  skeleton: 80,
  // To print:
  printed: 84,
  count: 88,
  chunkElements: 92,
  output: 96,
  /** Bytes of output for a chunk, and where the length of its text goes. */
  stride: 100,
  lengths: 104
} as const
export const codecRecordBytes = 128

/** Whole numbers beyond so many are read as real ones too: nobody knows yet what is wanted. */
const wholesMax = 1 << 14

export const codecTasks = { read: 0, print: 1 } as const
/** How a stretch of reading ends: an error is noted in the last pass. */
export const readStates = { done: 0, paused: 1, error: 2, tooMany: 3, skeletonTooLarge: 4 } as const

export const programCode = `
export func k0(args: i32, first: i32, last: i32) {
  if (i32.load(args, ${codecRecord.task}) == ${codecTasks.read}) {
    find(args);
    return;
  }
  i32 size = i32.load(args, ${codecRecord.chunkElements});
  i32 count = i32.load(args, ${codecRecord.count});
  while (first < last) {
    i32 from = first * size;
    i32 below = select(from + size, count, from + size < count);
    i32 to = i32.load(args, ${codecRecord.output}) + first * i32.load(args, ${codecRecord.stride});
    i32 end = print(i32.load(args, ${codecRecord.printed}), from, below, to);
    i32.store(i32.load(args, ${codecRecord.lengths}) + 4 * first, end - to);
    first += 1;
  }
}

export func a0(args: i32) {}

// At least as many elements as a text can have: so many commas and opening brackets.
export func countElements(from: i32, end: i32): i32 {
  i32 count = 0;
  v128 comma = i8x16.splat(0x2c);
  v128 bracket = i8x16.splat(0x5b);
  while (from < end) {
    v128 sums = i8x16.splat(0);
    i32 stop = from + 16 * 255;
    stop = select(stop, end, stop < end);
    while (from < stop) {
      v128 text = v128.load(from);
      sums = i8x16.sub(sums, i8x16.eq(text, comma) | i8x16.eq(text, bracket));
      from += 16;
    }
    sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(sums));
    count += i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) +
      i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  }
  return count;
}

// Writes INT64 as narrower whole numbers of so many bytes, as long as they lie in a range; the
// index of the first that does not, or how many there are.
export func narrow(from: i32, count: i32, least: i64, beyond: i64, bytes: i32, to: i32): i32 {
  i64 width = beyond - least;
  i32 index = 0;
  while (index < count) {
    i64 value = i64.load(from + 8 * index);
    if (value - least >= width) { return index; }
    if (bytes == 1) { i64.store8(to + index, value); } else {
      if (bytes == 4) { i64.store32(to + 4 * index, value); }
    }
    index += 1;
  }
  return count;
}

// Reads arrays until the text or the stretch ends.
func find(args: i32) {
  i32 position = i32.load(args, ${codecRecord.position});
  i32 end = i32.load(args, ${codecRecord.end});
  i32 stop = i32.load(args, ${codecRecord.stop});
  i32 depth = i32.load(args, ${codecRecord.depth});
  i32 skeleton = i32.load(args, ${codecRecord.skeleton});
  i32 count = i32.load(args, ${codecRecord.passCount});
  i32 s = i32.load(args, ${codecRecord.passes}) + ${passBytes} * count;
  i32 isInside = i32.load(args, ${codecRecord.state}) == ${readStates.paused};
  i32 state = ${readStates.done};
  if (isInside) { isInside = i32.load(s, ${pass.status}) == 1; }
  while (position < end) {
    i32 byte = i32.load8_u(position);
    if (isInside || (byte == 0x5b && holdsNumbers(s, position))) {
      if (isInside == 0) {
        if (count == i32.load(args, ${codecRecord.passMax})) {
          state = ${readStates.tooMany};
          break;
        }
        prepareArray(s, position, depth, i32.load(args, ${codecRecord.next}),
          i32.load(args, ${codecRecord.real}), i32.load(args, ${codecRecord.scratch}));
      }
      i32.store(s, stop, ${pass.stop});
      isInside = 0;
      readArray(s);
      state = i32.load(s, ${pass.status});
      if (state != 0) { break; }
      position = i32.load(s, ${pass.position});
      i32 last = i32.load(s, ${pass.next});
      i32 next = (last + 63) & -64;
      i32 start = i32.load(s, ${pass.start});
      if (i32.load(s, ${pass.kind}) == 0 && last - start > ${8 * wholesMax}) {
        i32.store(s, next, ${pass.asReal});
        next = (toReals(start, last, i32.load(s, ${pass.real}), next) + 63) & -64;
      }
      i32.store(args, next, ${codecRecord.next});
      skeleton += i32.load(s, ${pass.otherBytes});
      count += 1;
      s += ${passBytes};
      i32.store(s, 0, ${pass.status});
    } else {
      i32 before = position;
      if (byte == 0x22) {
        position = skipString(s, position);
        if (position == 0) { position = end; }
      } else {
        if (byte == 0x7b || byte == 0x5b) { depth += 1; }
        if (byte == 0x7d || byte == 0x5d) { depth -= 1; }
        position += 1;
      }
      skeleton += position - before;
      if (skeleton > ${skeletonBytesMax + 16}) {
        state = ${readStates.skeletonTooLarge};
        break;
      }
    }
    if (position >= stop) {
      state = ${readStates.paused};
      break;
    }
  }
  if (position >= end && state == ${readStates.paused}) { state = ${readStates.done}; }
  i32.store(args, position, ${codecRecord.position});
  i32.store(args, depth, ${codecRecord.depth});
  i32.store(args, skeleton, ${codecRecord.skeleton});
  i32.store(args, count, ${codecRecord.passCount});
  i32.store(args, state, ${codecRecord.state});
}

// True if the first thing inside an array's brackets is a number or a word, or nothing.
func holdsNumbers(s: i32, position: i32): i32 {
  i32 byte = i32.load8_u(position);
  i32 depth = 0;
  while (byte == 0x5b && depth < ${nestingMax}) {
    position = skipSpace(position + 1);
    byte = i32.load8_u(position);
    depth += 1;
  }
  if (byte - 0x30 < 10 || byte == 0x2d || byte == 0x5d || byte == 0x5b) { return 1; }
  if (byte == 0x74 || byte == 0x66 || byte == 0x6e || byte == 0x4e || byte == 0x49) { return 1; }
  if (byte != 0x22) { return 0; }
  return readWord(s, position);
}
`
