// Powers of ten for reading and printing decimals, at a fixed place of a memory. Made with BigInt
// at start: 128 bits of each, as Eisel and Lemire need them; below 10^-27 and above 10^55
// truncated, so that a printer adds one.
//
//     24576   10^q, q = -342 … 324, 16 bytes each: low and high half of its leading 128 bits
//     35264   10^q as float64, q = -342 … 308
//     40512   10^q as a whole number, q = 0 … 19

/** Addresses of q = 0. */
export const powers = 24_576 + 342 * 16
export const doubles = 35_264 + 342 * 8
export const tens = 40_512

/** Writes the powers into the memory's reserved bytes. */
export function writePowers (memory: WebAssembly.Memory): void {
  const words = new BigUint64Array(memory.buffer)
  const numbers = new Float64Array(memory.buffer)
  for (let exponent = -342; exponent <= 324; exponent++) {
    const bits = leadingBits(exponent)
    words[powers / 8 + 2 * exponent] = BigInt.asUintN(64, bits)
    words[powers / 8 + 2 * exponent + 1] = bits >> 64n
    if (exponent <= 308) numbers[doubles / 8 + exponent] = Number(`1e${exponent}`)
  }
  for (let exponent = 0; exponent < 20; exponent++) {
    words[tens / 8 + exponent] = 10n ** BigInt(exponent)
  }
}

/** The leading 128 bits of 5^exponent: a reciprocal is one above the quotient. */
function leadingBits (exponent: number): bigint {
  const power = 5n ** BigInt(Math.abs(exponent))
  const length = BigInt(power.toString(2).length)
  if (exponent >= 0) return length > 128n ? power >> (length - 128n) : power << (128n - length)
  if (exponent >= -27) return 2n ** (length + 127n) / power + 1n
  const quotient = 2n ** (2n * length + 128n) / power + 1n
  return quotient >> (BigInt(quotient.toString(2).length) - 128n)
}
