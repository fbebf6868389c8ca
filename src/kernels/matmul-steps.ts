// The two kernels of a matrix product: one packs operands into panels, one walks over the
// blocks of C. What they read from the record comes from the caller, or from the plan of matmul.ts.

import { packName, panelBytes } from './matmul-panels.ts'
import type { MatmulWords } from './matmul-plan.ts'
import { type Arithmetic, dotsName, tileKinds, tileName, tileVectors } from './matmul-tiles.ts'
import type { ModuleText } from './module-text.ts'
import {
  assign, blockOf, each, first, greatest, i32, jump, jumpIf, last, least, loopOf, minus, op,
  plus, quotient, select, tee, times, when, wordAt
} from './shorthand.ts'
import { FunctionText } from './text.ts'

/** Longer sums are cut: a part is summed for itself, then added to C. A panel is then 16 KiB. */
const partLength = 512

interface Has {
  readonly packsOfA: boolean
  readonly bAlong: 'k' | 'columns'
  readonly dots: boolean
}

/**
 * The packing step. Panels are counted through, those of A first, product by product of a batch;
 * the scratch holds them in that order. How many there are, and whether any, the plan says.
 */
export function packStep (
  module: ModuleText, arithmetic: Arithmetic, offsets: MatmulWords, has: Has
): FunctionText {
  const { fn, x: words } = read(arithmetic, offsets, ['a', 'b', 'scratch', 'm', 'n', 'k', 'aM',
    'aK', 'bK', 'bN', 'aBatch', 'bBatch', 'tileRows', 'tileColumns', 'tilesDown', 'tilesAcross',
    'packsOfA', 'packs', 'packsPerChunk'])
  const x = { ...words, ...fn.locals('i32',
    'pack', 'end', 'run', 'batch', 'panel', 'column', 'rowBytes', 'panelBytes') }
  // The panels of one operand that are in the chunks, a run of one product at a time.
  const packs = (operand: Operand): string => {
    const { panels, width } = operand
    const own = minus(x.pack, operand.first)
    return assign(x.rowBytes, times(width, arithmetic.bytes)) +
      assign(x.panelBytes, panelBytes(arithmetic, x.rowBytes, x.k)) +
      assign(x.end, least(operand.end, times(last, x.packsPerChunk))) +
      each(x.pack, greatest(operand.first, times(first, x.packsPerChunk)), x.end, x.run,
        assign(x.batch, quotient(own, panels)),
        assign(x.panel, op('i32.rem_u', own, panels)),
        assign(x.run, least(minus(x.end, x.pack), minus(panels, x.panel))),
        assign(x.column, times(x.panel, width)),
        module.call(packName(arithmetic, operand.along),
          at(operand.address, x.batch, operand.batchStride, x.column, operand.columnStride),
          operand.lineStride, x.k, minus(operand.columns, x.column), times(x.run, width),
          x.rowBytes, at(x.scratch, own, x.panelBytes)))
  }
  if (has.packsOfA) {
    fn.write(packs({
      address: x.a, batchStride: x.aBatch, columnStride: x.aM, lineStride: x.aK,
      along: 'columns', columns: x.m, width: x.tileRows, panels: x.tilesDown,
      first: i32(0), end: x.packsOfA
    }))
  }
  fn.write(
    assign(x.scratch, at(x.scratch, x.packsOfA, x.panelBytes)),
    packs({
      address: x.b, batchStride: x.bBatch, columnStride: x.bN,
      lineStride: has.bAlong === 'k' ? x.bN : x.bK,
      along: has.bAlong, columns: x.n, width: x.tileColumns, panels: x.tilesAcross,
      first: x.packsOfA, end: x.packs
    }))
  return fn
}

interface Operand {
  readonly address: string
  readonly batchStride: string
  readonly columnStride: string
  readonly lineStride: string
  readonly along: 'k' | 'columns'
  /** Columns of the operand, and of a panel; panels of one product. */
  readonly columns: string
  readonly width: string
  readonly panels: string
  /** The operand's panels in the count of all. */
  readonly first: string
  readonly end: string
}

/**
 * The multiplying step: over blocks of C; in a block over parts of k; then, tile by tile, down the
 * rows of the block and across its columns. A packed operand is one with other strides.
 */
export function multiplyStep (
  module: ModuleText, arithmetic: Arithmetic, offsets: MatmulWords, has: Has
): FunctionText {
  const { fn, x: words } = read(arithmetic, offsets, ['a', 'b', 'c', 'scratch', 'm', 'n', 'k',
    'aM', 'aK', 'bK', 'bN', 'cM', 'aBatch', 'bBatch', 'cBatch', 'kind', 'tileRows', 'tileColumns',
    'tilesDown', 'tilesAcross', 'blockRows', 'blockColumns', 'rowBlocks', 'columnBlocks', 'blocks',
    'blocksPerChunk', 'packsOfA', 'packs'])
  const x = { ...words, ...fn.locals('i32', 'block', 'end', 'batch', 'row', 'rowFrom', 'rowEnd',
    'column', 'columnFrom', 'columnEnd', 'part', 'length', 'atA', 'atB', 'atC', 'aLane',
    'panelBytes') }
  const size = i32(arithmetic.bytes)
  const [rows, columns] = [minus(x.rowEnd, x.row), minus(x.columnEnd, x.column)]
  // Leaves the block of all kinds.
  const whenKind = (kind: number, call: string): string =>
    when(op('i32.eq', x.kind, i32(kind)), call, jump(1))
  const tiles = tileVectors.map(vectors => whenKind(vectors,
    module.call(tileName(arithmetic, vectors), x.atA, x.aLane, x.aK, x.atB, x.bK, x.atC, x.cM,
      x.length, rows, columns, x.part)))
  const dots = (): string[] => [
    whenKind(tileKinds.dotsAlong, module.call(dotsName(arithmetic),
      x.atA, x.atB, x.bN, columns, x.atC, size, x.length, x.part)),
    whenKind(tileKinds.dotsDown, module.call(dotsName(arithmetic),
      x.atB, x.atA, x.aM, rows, x.atC, x.cM, x.length, x.part))
  ]
  fn.write(
    // aM leads from tile to tile, aLane from row to row in a tile, bN from tile to tile.
    assign(x.aLane, x.aM),
    when(x.packsOfA,
      assign(x.a, x.scratch),
      assign(x.aLane, size),
      assign(x.aK, times(x.tileRows, size)),
      assign(x.panelBytes, panelBytes(arithmetic, x.aK, x.k)),
      assign(x.aM, quotient(x.panelBytes, x.tileRows)),
      assign(x.aBatch, select(times(x.panelBytes, x.tilesDown), x.aBatch, x.aBatch)),
      assign(x.scratch, at(x.scratch, x.packsOfA, x.panelBytes))),
    when(op('i32.ne', x.packs, x.packsOfA),
      assign(x.b, x.scratch),
      assign(x.bK, times(x.tileColumns, size)),
      assign(x.panelBytes, panelBytes(arithmetic, x.bK, x.k)),
      assign(x.bN, quotient(x.panelBytes, x.tileColumns)),
      assign(x.bBatch, select(times(x.panelBytes, x.tilesAcross), x.bBatch, x.bBatch))),
    assign(x.end, least(x.blocks, times(last, x.blocksPerChunk))),
    each(x.block, times(first, x.blocksPerChunk), x.end, 1,
      assign(x.columnFrom, times(x.blockColumns, op('i32.rem_u', x.block, x.columnBlocks))),
      assign(x.columnEnd, least(x.n, plus(x.columnFrom, x.blockColumns))),
      assign(x.batch, quotient(x.block, x.columnBlocks)),
      assign(x.rowFrom, times(x.blockRows, op('i32.rem_u', x.batch, x.rowBlocks))),
      assign(x.rowEnd, least(x.m, plus(x.rowFrom, x.blockRows))),
      assign(x.batch, quotient(x.batch, x.rowBlocks)),
      assign(x.part, i32(0)),
      loopOf(
        assign(x.length, least(minus(x.k, x.part), partLength)),
        each(x.column, x.columnFrom, x.columnEnd, x.tileColumns,
          each(x.row, x.rowFrom, x.rowEnd, x.tileRows,
            assign(x.atA, at(x.a, x.batch, x.aBatch, x.row, x.aM, x.part, x.aK)),
            assign(x.atB, at(x.b, x.batch, x.bBatch, x.part, x.bK, x.column, x.bN)),
            assign(x.atC, at(x.c, x.batch, x.cBatch, x.row, x.cM, x.column, size)),
            blockOf(...tiles, ...has.dots ? dots() : []))),
        jumpIf(0, op('i32.lt_u', tee(x.part, plus(x.part, partLength)), x.k)))))
  return fn
}

/** base + index · stride + … */
function at (base: string, index: string, stride: string, ...more: readonly string[]): string {
  const sum = plus(base, times(index, stride))
  const [nextIndex, nextStride, ...rest] = more
  return nextIndex === undefined || nextStride === undefined
    ? sum
    : at(sum, nextIndex, nextStride, ...rest)
}

/** A kernel with words of the record in locals, strides in bytes; one without an offset is 0. */
function read<const Name extends keyof MatmulWords> (
  { bytes }: Arithmetic, offsets: MatmulWords, names: readonly Name[]
): { readonly fn: FunctionText, readonly x: Readonly<Record<Name, string>> } {
  const fn = new FunctionText('i32', 'i32', 'i32')
  const x = fn.locals('i32', ...names)
  for (const name of names) {
    const offset = offsets[name]
    if (offset === undefined) continue
    fn.write(assign(x[name], strides.has(name) ? times(wordAt(offset), bytes) : wordAt(offset)))
  }
  return { fn, x }
}

const strides: ReadonlySet<keyof MatmulWords> =
  new Set(['aM', 'aK', 'bK', 'bN', 'cM', 'aBatch', 'bBatch', 'cBatch'])
