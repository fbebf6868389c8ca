// Tensors as text, in the language of translate.ts: their elements with commas and brackets, as
// many as are asked for, so that pieces follow each other.

import { product } from './decimal-code.ts'
import { float32, float64, printConstants, spreadLong } from './print-real-code.ts'
import { printed } from './printed.ts'

const comma = `
  i32.store8(to, 0x2c);
  to += 1;`

const wholes = `
  if (datatype == 6) {
    i32.store16(to, 0x5d5b);
    to += 2;
  } else {
  i64 shortest = 0L;
  if (datatype == 2) { shortest = i64.load(at); } else {
    if (datatype == 3) { shortest = i64.load32_s(at); } else {
      shortest = i64.load8_u(at);
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

/**
 * Elements `first` … `last` − 1 of a tensor at `to`, with all commas before and brackets. The lines
 * write the element at `at`, and a comma.
 */
const printer = (name: string, bytes: string, lines: string): string => `
func ${name}(s: i32, first: i32, last: i32, to: i32): i32 {
  ${printConstants}
  i32 address = i32.load(s, ${printed.address});
  i32 datatype = i32.load(s, ${printed.datatype});
  i32 width = ${bytes};
  i32 rank = i32.load(s, ${printed.rank});
  if (first >= last) { return to; }
  // Elements of a row, and of the array of rows it is in.
  i32 row = 0x7fffffff;
  if (rank) { row = i32.load(s + 4 * rank, ${printed.sizes - 4}); }
  i32 rows = row;
  if (rank > 1) { rows = i32.load(s + 4 * rank, ${printed.sizes - 8}); }
  i32 index = first;
  i32 left = row - index % row;
  i32 border = index - index % rows + rows;
  if (index > 0) { i32.store8(to, 0x2c); to += 1; }
  if (left == row) { to = writeBrackets(s, index, to, 0x5b); }
  while (true) {
    i32 many = select(left, last - index, left < last - index);
    i32 at = address + width * index;
    i32 end = at + width * many;
    while (true) {
      ${lines}
      at += width;
      if (at == end) { break; }
    }
    index += many;
    left -= many;
    to -= 1;
    if (index == last) { break; }
    if (index != border) {
      i32.store(to, 0x005b2c5d);
      to += 3;
    } else {
      to = writeBrackets(s, index, to, 0x5d);
      i32.store8(to, 0x2c);
      to = writeBrackets(s, index, to + 1, 0x5b);
      border += rows;
    }
    left = row;
  }
  if (left == 0) { to = writeBrackets(s, index, to, 0x5d); }
  return to;
}`

export const printCode = `
export func print(s: i32, first: i32, last: i32, to: i32): i32 {
  i32 datatype = i32.load(s, ${printed.datatype});
  if (datatype == 0) { return printFloats(s, first, last, to); }
  if (datatype == 1) { return printDoubles(s, first, last, to); }
  return printWholes(s, first, last, to);
}
${printer('printFloats', '4', float32)}
${printer('printDoubles', '8', `${float64}${comma}`)}
${printer('printWholes', 'widthOf(datatype)', `${wholes}${comma}`)}

// Bytes of a whole number; one for an empty array.
func widthOf(datatype: i32): i32 {
  if (datatype == 2) { return 8; }
  return select(4, 1, datatype == 3);
}

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
