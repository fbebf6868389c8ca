// Bytes from a socket into shared memory. `TypedArray.set` copies a word at a time there, and byte
// by byte, seven to eleven times slower, where source and destination lie at different places of a
// word of eight. `Buffer.fill` copies as the C library does, wherever they lie.

import type { Heap } from '../buffer/heap.ts'

/** Copies all of a chunk to an address of the heap. */
export function copyBytes (chunk: Uint8Array, { bytes }: Heap, address: number): void {
  // A pattern as long as the range is written once.
  bytes.fill(chunk, address, address + chunk.length)
}
