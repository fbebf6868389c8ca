// Constant vectors of the codec, at a fixed place of a memory: loaded before a loop they stay where
// they are, while a literal or a splat is made again in every turn.
//
//     62464    sixteen bytes each

const vectors = 62_464

// Sixteen bytes, or eight numbers of 16 bits.
const values: Readonly<Record<string, Uint8Array | Uint16Array>> = {
  zero8: bytes(0x30),
  point8: bytes(0x2e),
  ten16: words(2561),
  hundred16: words(100, 1),
  myriad16: words(10_000, 1),
  numeralShift: bytes(0x53),
  numeralLast: bytes(0x8c),
  digitShift: bytes(0x50),
  digitLast: bytes(0x89),
  nothing: bytes(0),
  hundredth: words(5243, 0),
  hundred: words(100, 0),
  tenth: words(103),
  tens16: words(2559),
  iota: Uint8Array.from({ length: 16 }, (_, index) => index)
}
const names = Object.keys(values)

/** Lines that load constants into locals of their names. */
export function vectorLines (...wanted: readonly string[]): string {
  return wanted.map(name => {
    const index = names.indexOf(name)
    if (index < 0) throw new Error(`${name} is no constant vector`)
    return `v128 ${name} = v128.load(${vectors + 16 * index});`
  }).join('\n')
}

/** Writes the constants into the memory's reserved bytes. */
export function writeVectors (memory: WebAssembly.Memory): void {
  const target = new Uint8Array(memory.buffer)
  Object.values(values).forEach((value, index) => {
    target.set(new Uint8Array(value.buffer), vectors + 16 * index)
  })
}

function bytes (value: number): Uint8Array { return new Uint8Array(16).fill(value) }

function words (...pattern: readonly number[]): Uint16Array {
  return Uint16Array.from({ length: 8 }, (_, index) => pattern[index % pattern.length] ?? 0)
}
