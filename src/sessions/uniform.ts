// Numbers from a seed and a place, by Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers:
// as easy as 1, 2, 3"). Counter-based: the same seed and place give the same bits in any order.

/**
 * Fills `into` with numbers uniform in [-bound, bound), from a seed (a whole number) and a stream
 * (one for each tensor). A float32 array holds the rounded numbers of the float64 one.
 */
export function fillUniform (
  into: Float32Array | Float64Array, bound: number, seed: number, stream: number
): void {
  const low = seed >>> 0
  const high = Math.floor(seed / 2 ** 32) >>> 0
  for (let index = 0; index < into.length; index += 2) {
    const [a, b, c, d] = philox(index / 2 >>> 0, stream >>> 0, 0, 0, low, high)
    into[index] = bound * (2 * fraction(a, b) - 1)
    if (index + 1 < into.length) into[index + 1] = bound * (2 * fraction(c, d) - 1)
  }
}

/** Four 32-bit words from a counter of four words and a key of two, in ten rounds. */
export function philox (
  a: number, b: number, c: number, d: number, keyLow: number, keyHigh: number
): readonly [number, number, number, number] {
  for (let round = 0; round < 10; round++) {
    const highOfA = multiplyHigh(0xD2511F53, a)
    const highOfC = multiplyHigh(0xCD9E8D57, c)
    const lowOfA = Math.imul(0xD2511F53, a) >>> 0
    const lowOfC = Math.imul(0xCD9E8D57, c) >>> 0
    a = (highOfC ^ b ^ keyLow) >>> 0
    c = (highOfA ^ d ^ keyHigh) >>> 0
    b = lowOfC
    d = lowOfA
    keyLow = keyLow + 0x9E3779B9 >>> 0
    keyHigh = keyHigh + 0xBB67AE85 >>> 0
  }
  return [a, b, c, d]
}

/** Two words as a number in [0, 1) of 53 bits. */
function fraction (a: number, b: number): number {
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) * 2 ** -53
}

/** The upper 32 bits of the product of two 32-bit words, from products of 16 bits. */
function multiplyHigh (a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xFFFF
  const bHigh = b >>> 16
  const bLow = b & 0xFFFF
  const middle = aHigh * bLow + (aLow * bLow >>> 16)
  const low = aLow * bHigh + middle % 2 ** 16
  return aHigh * bHigh + Math.floor(middle / 2 ** 16) + Math.floor(low / 2 ** 16) >>> 0
}
