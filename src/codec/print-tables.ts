// What the printer of float32 numbers looks up, at a fixed place of a memory: by exponent the size
// of a unit in decimals, by the place of the decimal point all that stands around the digits. A
// tensor's numbers touch some twenty of these lines of a cache.
//
//     40960   units by exponent, 256 × 16 bytes; the same again for powers of two
//     49152   layouts by the point's place, 64 bytes each

/** Addresses of the unit of exponent 0, and of the layout of a point before the first digit. */
export const units = 40_960
export const unitsOfPowers = 256 * 16
const pointMin = -44
const pointMax = 39
export const layouts = 49_152 - 64 * pointMin

/**
 * A unit: 2^e / 10^k as a whole number of 2^-60, 10^k being the decimal next below the distance of
 * two numbers with this exponent, or of a power of two and those around it.
 */
export const unit = {
  size: 0,
  /** The leading bit of the numbers' fractions, in the highest place. */
  leading: 8,
  /** Address of the layout of a number whose sixteen digits have no zeros in front. */
  layout: 12,
  /** So many places a unit is shifted to be half the distance to the number below, of 2^-36. */
  half: 14
} as const

/** A layout: which digit stands at each place, what is added to it, and what comes behind. */
export const layout = {
  places: 0,
  letters: 16,
  /** The exponent, if any, and a comma; their length. */
  end: 32,
  endLength: 40,
  /** Digits before the point: so many there are at least. */
  whole: 44,
  /** Length of what is written beside the digits, if there are more. */
  extra: 48
} as const

/** Writes the tables into the memory's reserved bytes. */
export function writePrintTables (memory: WebAssembly.Memory): void {
  const view = new DataView(memory.buffer)
  for (let exponent = 0; exponent < 255; exponent++) {
    writeUnit(view, units + 16 * exponent, exponent, false)
    writeUnit(view, units + unitsOfPowers + 16 * exponent, exponent, exponent > 1)
  }
  for (let point = pointMin; point <= pointMax; point++) writeLayout(view, point)
}

function writeUnit (view: DataView, at: number, biased: number, isPower: boolean): void {
  const exponent = Math.max(biased, 1) - 150
  // floor(log10(2^exponent)), of three quarters of it below a power of two
  const k = (exponent * 1_262_611 - (isPower ? 524_031 : 0)) >> 22
  const shift = exponent + 60
  const ten = 10n ** BigInt(Math.abs(k))
  const scaled = shift >= 0 ? (k > 0 ? 1n : ten) << BigInt(shift) : ten
  view.setBigUint64(at + unit.size,
    shift < 0 ? scaled >> BigInt(-shift) : k > 0 ? scaled / ten : scaled, true)
  view.setUint32(at + unit.leading, biased === 0 ? 0 : 2 ** 31, true)
  view.setUint16(at + unit.layout, layouts + 64 * (16 + k), true)
  view.setUint16(at + unit.half, isPower ? 26 : 25, true)
}

// Numbers are written as String does: with a point from 1e-6 on and below 1e21, else with an
// exponent.
function writeLayout (view: DataView, point: number): void {
  const at = layouts + 64 * point
  const isPlain = point > -6 && point < 22
  const whole = isPlain ? point : 1
  const dot = Math.max(whole, 1)
  const before = Math.max(2 - whole, 1)
  for (let place = 0; place < 16; place++) {
    const digit = whole > 0 ? place - (place > whole ? 1 : 0) : place - before
    const isNone = place === dot || digit < 0
    view.setUint8(at + layout.places + place, isNone ? 0x80 : digit)
    view.setUint8(at + layout.letters + place, place === dot ? 0x2e : 0x30)
  }
  const end = isPlain ? ',' : `e${point > 0 ? '+' : ''}${point - 1},`
  for (let index = 0; index < end.length; index++) {
    view.setUint8(at + layout.end + index, end.charCodeAt(index))
  }
  view.setUint32(at + layout.endLength, end.length, true)
  view.setUint32(at + layout.whole, Math.max(whole, 0), true)
  view.setUint32(at + layout.extra, before, true)
}
