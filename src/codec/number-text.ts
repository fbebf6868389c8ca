// Numbers as text: the shortest digits that read back as the same float32 or float64, in the form
// that String(x) has. Separate because this is half of the cost of a large reply.

/** Room that one number needs at most. */
export const numberBytesMax = 32

/** Writes a finite float32 at a position and returns the position behind it. */
export function writeFloat32 (bytes: Buffer, position: number, value: number): number {
  floatView[0] = value
  const bits = bitsView[0] ?? 0
  if (bits < 0) bytes[position++] = 0x2d
  const size = Math.abs(value)
  if (size < 16_777_216 && Math.floor(size) === size) return writeWhole(bytes, position, size | 0)
  const exponent = (bits >>> 23) & 0xff
  if (exponent === 0) return writeSubnormal(bytes, position, size)

  // size lies in [10^(point - 1), 10^point).
  let point = pointsByExponent[exponent] ?? 0
  if (size >= powerOfTen(point)) point++
  for (let digits = 7; digits < 9; digits++) {
    const scale = digits - point
    const mantissa = (scaled(size, scale) + 0.5) | 0
    if (readsBack(mantissa, scale, size)) {
      const shorter = (mantissa / 10 + 0.5) | 0
      if (Math.abs(shorter * 10 - mantissa) <= 1 && readsBack(shorter, scale - 1, size)) {
        return writeDecimal(bytes, position, shorter, scale - 1)
      }
      return writeDecimal(bytes, position, mantissa, scale)
    }
    // Below a power of two floats lie closer than above it: the second nearest may do.
    if ((bits & 0x7f_ffff) === 0 && readsBack(mantissa + 1, scale, size)) {
      return writeDecimal(bytes, position, mantissa + 1, scale)
    }
  }
  const scale = 9 - point
  return writeDecimal(bytes, position, (scaled(size, scale) + 0.5) | 0, scale)
}

/** Writes a finite float64 at a position and returns the position behind it. */
export function writeFloat64 (bytes: Buffer, position: number, value: number): number {
  return writeAscii(bytes, position, Object.is(value, -0) ? '-0' : String(value))
}

const floatView = new Float32Array(1)
const bitsView = new Int32Array(floatView.buffer)

const powersOfTen = Float64Array.from({ length: 60 }, (_, exponent) => Number(`1e${exponent}`))

// For a float32 of each exponent: digits before the point of the smallest such number.
const pointsByExponent = Int32Array.from({ length: 256 }, (_, exponent) =>
  Math.floor(Math.log10(2 ** (exponent - 127))) + 1)

function powerOfTen (exponent: number): number {
  return exponent >= 0 ? powersOfTen[exponent] ?? Infinity : 1 / (powersOfTen[-exponent] ?? 1)
}

function scaled (size: number, scale: number): number {
  return scale >= 0 ? size * (powersOfTen[scale] ?? 1) : size / (powersOfTen[-scale] ?? 1)
}

/** True if mantissa · 10^-scale is the float32 `size` to a reader that rounds to nearest. */
function readsBack (mantissa: number, scale: number, size: number): boolean {
  // Both factors are exact up to 10^22: the quotient is what a reader makes of the text.
  const read = scale >= -22 && scale <= 22
    ? scaled(mantissa, -scale)
    : Number(`${mantissa}e${-scale}`)
  return Math.fround(read) === size
}

/** Below 2^-126 fewer digits tell the floats apart: as many as it takes. */
function writeSubnormal (bytes: Buffer, position: number, size: number): number {
  let digits = 1
  while (Math.fround(Number(size.toPrecision(digits))) !== size) digits++
  return writeAscii(bytes, position, String(Number(size.toPrecision(digits))))
}

/** mantissa · 10^-scale, with a point or an exponent where String(x) has them. */
function writeDecimal (bytes: Buffer, position: number, mantissa: number, scale: number): number {
  while (mantissa % 10 === 0) {
    mantissa = (mantissa / 10) | 0
    scale--
  }
  const digits = digitCount(mantissa)
  const point = digits - scale
  if (point > 21 || point < -5) {
    const end = writePointed(bytes, position, mantissa, digits, 1)
    bytes[end] = 0x65
    bytes[end + 1] = point > 0 ? 0x2b : 0x2d
    return writeWhole(bytes, end + 2, Math.abs(point - 1))
  }
  if (point > 0) {
    position = writePointed(bytes, position, mantissa, digits, point)
    for (let zeros = digits; zeros < point; zeros++) bytes[position++] = 0x30
    return position
  }
  bytes[position++] = 0x30
  bytes[position++] = 0x2e
  for (let zeros = point; zeros < 0; zeros++) bytes[position++] = 0x30
  return writePointed(bytes, position, mantissa, digits, digits)
}

function writeWhole (bytes: Buffer, position: number, value: number): number {
  const digits = digitCount(value)
  return writePointed(bytes, position, value, digits, digits)
}

/** The digits of a whole number below 2^31, a point behind the first `point` if more follow. */
function writePointed (
  bytes: Buffer, position: number, value: number, digits: number, point: number
): number {
  const end = position + digits + (point < digits ? 1 : 0)
  let next = end
  for (let left = digits; left > 0; left--) {
    if (left === point && left < digits) bytes[--next] = 0x2e
    const tenth = (value / 10) | 0
    bytes[--next] = 0x30 + value - tenth * 10
    value = tenth
  }
  return end
}

function digitCount (value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4
  if (value < 10_000_000) return value < 100_000 ? 5 : value < 1_000_000 ? 6 : 7
  return value < 100_000_000 ? 8 : value < 1_000_000_000 ? 9 : 10
}

function writeAscii (bytes: Buffer, position: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[position++] = text.charCodeAt(index)
  return position
}
