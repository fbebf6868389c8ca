// FP16 and BF16, which come in binary bodies only, widened to FP32 where they lie.
//
//     slot of n elements     0            2n           4n        the halves arrive in the second
//                            │ floats ──▶ │ halves ──▶ │         part; float i ends at 4i + 4,
//                                                                never behind half i + 1

import type { Heap } from '../buffer/heap.ts'

/** Datatypes of half a float32. */
export type Half = 'FP16' | 'BF16'

/** Makes floats of elements [from, to) of a slot of `count` elements whose halves have arrived. */
export function widenHalves (
  heap: Heap, half: Half, address: number, count: number, from: number, to: number
): void {
  const halves = new Uint16Array(heap.memory.buffer, address + 2 * count, count)
  const floats = new Int32Array(heap.memory.buffer, address, count)
  if (half === 'BF16') {
    for (let index = from; index < to; index++) floats[index] = (halves[index] ?? 0) << 16
    return
  }
  floatBits ??= Int32Array.from({ length: 1 << 16 }, (_, bits) => widened(bits))
  for (let index = from; index < to; index++) floats[index] = floatBits[halves[index] ?? 0] ?? 0
}

let floatBits: Int32Array | undefined

// The bits of a float32 that is the float16 of these bits.
function widened (bits: number): number {
  const sign = (bits & 0x8000) << 16
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f80_0000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // Subnormal here, normal there: the leading bit moves to its place and is left out.
  const shift = Math.clz32(fraction) - 21
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}
