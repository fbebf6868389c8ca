// How the digits of a number go to the right end of a vector, without the point: what the reader of
// numbers looks up, at a fixed place of a memory. A run of digits and perhaps a point is told by
// its length and by where the point is, or the end.
//
//     57344    places for i8x16.swizzle, 19 × 256 bytes: by the point's place, 16 by length

export const spreads = 57_344

/** Where only digits are. */
export const digitsOnly = 18 << 8

/** Writes the table into the memory's reserved bytes. */
export function writePlaces (memory: WebAssembly.Memory): void {
  const bytes = new Uint8Array(memory.buffer, spreads, 19 * 256)
  for (let run = 0; run <= 16; run++) {
    writeRow(bytes, digitsOnly + 16 * run, run, run)
    for (let whole = 0; whole <= run; whole++) {
      writeRow(bytes, 256 * whole + 16 * run, run, whole)
    }
  }
}

function writeRow (bytes: Uint8Array, at: number, run: number, whole: number): void {
  const count = whole < run ? run - 1 : run
  for (let place = 0; place < 16; place++) {
    const digit = place - 16 + count
    bytes[at + place] = digit < 0 ? 0x80 : digit < whole ? digit : digit + 1
  }
}
