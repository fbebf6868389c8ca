// What the lengths of a matrix product decide: the tile, what is packed, and how the work is cut.
// The kernels read it as words of the record.

import type { MatmulOffsets, MatmulSpec } from './matmul.ts'
import { arithmeticOf, tileColumnsOf, tileKinds, tileRowsOf } from './matmul-tiles.ts'

export interface MatmulLengths {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly batch?: number
}

export interface MatmulPlan {
  readonly words: readonly number[]
  readonly steps: readonly [MatmulCut, MatmulCut]
  readonly scratchBytes: number
}

export interface MatmulCut {
  readonly chunks: number
  readonly nanosecondsPerChunk: number
}

const planNames = [
  'kind', 'tileRows', 'tileColumns', 'tilesDown', 'tilesAcross', 'blockRows', 'blockColumns',
  'rowBlocks', 'columnBlocks', 'blocks', 'blocksPerChunk', 'packsOfA', 'packs', 'packsPerChunk'
] as const
export const planWords = planNames.length

type PlanOffsets = Readonly<Record<typeof planNames[number], number>>

/** Byte offsets of all words that the kernels read. */
export type MatmulWords = MatmulOffsets & PlanOffsets

/** Where the words of a plan lie, from the first. */
export function planOffsets (first: number): PlanOffsets {
  const offsets = planNames.map((name, index) => [name, first + 8 * index])
  return Object.fromEntries(offsets)
}

const chunkNanoseconds = 120_000
const tileNanoseconds = 10
const packedBytesPerNanosecond = 8
/** Of 4 rows each: 128 KiB of float32 for a part of k. */
const blockTilesDownMax = 16
/** A panel that fewer tiles would read is not worth packing. */
const packedTilesMin = 4

export function plan (
  spec: MatmulSpec, { m, n, k, batch = 1 }: MatmulLengths
): MatmulPlan {
  const { lanes, bytes, maddsPerNanosecond } = arithmeticOf(spec.precision, spec.relaxed)
  const kind = kindOf(spec, m, n, lanes)
  const thin = kind === tileKinds.dotsAlong || kind === tileKinds.dotsDown
  const tileRows = tileRowsOf(kind)
  const tileColumns = tileColumnsOf(kind, lanes)
  const tilesDown = divide(m, tileRows)
  const tilesAcross = divide(n, tileColumns)

  // A block is some tiles down and some across, a chunk some blocks, of about the time wanted.
  const madds = tileRows * tileColumns * k * (thin ? 2 : 1)
  const tile = tileNanoseconds + madds / maddsPerNanosecond
  const tiles = chunkNanoseconds / tile
  const down = share(tilesDown, Math.min(tiles, blockTilesDownMax))
  const across = share(tilesAcross, tiles / down)
  const rowBlocks = divide(tilesDown, down)
  const columnBlocks = divide(tilesAcross, across)
  const blocks = batch * rowBlocks * columnBlocks
  const blocksPerChunk = share(blocks, tiles / (down * across))

  // A B that runs along n and is read seldom, or is as narrow as a panel, is read where it lies.
  const { aBatch, bBatch } = spec.offsets
  const some = m > 0 && n > 0 && k > 0
  const packsA = some && spec.aContiguous === 'm' && tilesDown >= packedTilesMin &&
    tilesAcross >= packedTilesMin
  const packsB = some && !thin && (spec.bContiguous === 'k' ||
    (kind === tileKinds.vectors2 && tilesDown >= packedTilesMin))
  const packsOfA = packsA ? tilesDown * (aBatch === undefined ? 1 : batch) : 0
  const packsOfB = packsB ? tilesAcross * (bBatch === undefined ? 1 : batch) : 0
  const packs = packsOfA + packsOfB
  const columnBytes = divide(k, lanes) * lanes * bytes
  const pack = columnBytes * tileColumns / packedBytesPerNanosecond
  const packsPerChunk = share(packs, chunkNanoseconds / pack)

  const words = {
    kind, tileRows, tileColumns, tilesDown, tilesAcross,
    blockRows: down * tileRows, blockColumns: across * tileColumns,
    rowBlocks, columnBlocks, blocks, blocksPerChunk, packsOfA, packs, packsPerChunk
  }
  return {
    words: planNames.map(name => words[name]),
    steps: [
      cut(packs, packsPerChunk, pack),
      cut(blocks, blocksPerChunk, tile * down * across)
    ],
    scratchBytes: columnBytes * (packsOfA * tileRows + packsOfB * tileColumns)
  }
}

function kindOf (spec: MatmulSpec, m: number, n: number, lanes: number): number {
  // Two operands along k, one of them thinner than a tile, are multiplied by dot products.
  if (spec.aContiguous === 'k' && spec.bContiguous === 'k') {
    if (m < 4) return tileKinds.dotsAlong
    if (n < 4) return tileKinds.dotsDown
  }
  if (n <= 3 * lanes) return divide(n, lanes)
  return m === 1 && spec.bContiguous === 'n' ? tileKinds.vectors6 : tileKinds.vectors2
}

function cut (parts: number, perChunk: number, nanoseconds: number): MatmulCut {
  return {
    chunks: divide(parts, perChunk),
    nanosecondsPerChunk: Math.ceil(Math.min(parts, perChunk) * nanoseconds)
  }
}

/** The size of level shares of a length: at most `most`, at least 1. */
function share (length: number, most: number): number {
  const shares = divide(length, Math.max(1, Math.floor(most)))
  return shares === 0 ? 1 : divide(length, shares)
}

/** Divides and rounds up. */
function divide (length: number, by: number): number {
  return Math.ceil(length / by)
}
