// Bytes from a socket into shared memory. Where source and destination lie at different places of
// a word of eight, V8 copies byte by byte, seven to eleven times slower: such a chunk is copied
// twice, first to where it lies alike.

/** Copies all of a chunk to an address of a shared memory. */
export function copyBytes (chunk: Uint8Array, u8: Uint8Array, address: number): void {
  if (((chunk.byteOffset ^ address) & 7) === 0) {
    u8.set(chunk, address)
    return
  }
  for (let from = 0; from < chunk.length; from += scratchBytes) {
    const part = chunk.subarray(from, from + scratchBytes)
    const phase = (address + from) & 7
    scratch.set(part, phase)
    u8.set(scratch.subarray(phase, phase + part.length), address + from)
  }
}

const scratchBytes = 64 << 10
const scratch = new Uint8Array(new ArrayBuffer(scratchBytes + 8))
