// The two kernels of a matrix product as WAT: one packs operands into panels, one walks over the
// blocks of C. What they read from the record comes from the caller, or from the plan of matmul.ts.

import { packName, panelBytes } from './matmul-panels.ts'
import type { MatmulWords } from './matmul-plan.ts'
import { type Arithmetic, dotsName, tileKinds, tileName, tileVectors } from './matmul-tiles.ts'
import { each, greatest, least, locals, minus, plus, times, wat } from './shorthand.ts'

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
  index: number, arithmetic: Arithmetic, offsets: MatmulWords, has: Has
): string {
  const words = read(arithmetic, offsets, ['a', 'b', 'scratch', 'm', 'n', 'k', 'aM', 'aK',
    'bK', 'bN', 'aBatch', 'bBatch', 'tileRows', 'tileColumns', 'tilesDown', 'tilesAcross',
    'packsOfA', 'packs', 'packsPerChunk'])
  const packsOfA = packs(arithmetic, {
    address: '$a', batchStride: '$aBatch', columnStride: '$aM', lineStride: '$aK',
    along: 'columns', columns: '$m', width: '$tileRows', panels: '$tilesDown',
    first: '(i32.const 0)', end: '$packsOfA'
  })
  const packsOfB = packs(arithmetic, {
    address: '$b', batchStride: '$bBatch', columnStride: '$bN',
    lineStride: has.bAlong === 'k' ? '$bN' : '$bK',
    along: has.bAlong, columns: '$n', width: '$tileColumns', panels: '$tilesAcross',
    first: '$packsOfA', end: '$packs'
  })
  return kernel(index, `
      ${words.locals}
      ${locals('i32', 'pack', 'end', 'run', 'batch', 'panel', 'column', 'rowBytes', 'panelBytes')}
      ${words.loads}
      ${has.packsOfA ? packsOfA : ''}
      (local.set $scratch ${at('$scratch', '$packsOfA', '$panelBytes')})
      ${packsOfB}`)
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

/** The panels of one operand that are in the chunks, a run of one product at a time. */
function packs (arithmetic: Arithmetic, operand: Operand): string {
  const { first, panels, width } = operand
  const own = minus('$pack', first)
  return `
      (local.set $rowBytes ${times(width, arithmetic.bytes)})
      (local.set $panelBytes ${panelBytes(arithmetic, '$rowBytes', '$k')})
      (local.set $end ${least(operand.end, times('$last', '$packsPerChunk'))})
      ${each('pack', greatest(first, times('$first', '$packsPerChunk')), '$end', '$run', `
      (local.set $batch (i32.div_u ${own} ${panels}))
      (local.set $panel (i32.rem_u ${own} ${panels}))
      (local.set $run ${least(minus('$end', '$pack'), minus(panels, '$panel'))})
      (local.set $column ${times('$panel', width)})
      (call ${packName(arithmetic, operand.along)}
        ${at(operand.address, '$batch', operand.batchStride, '$column', operand.columnStride)}
        ${operand.lineStride} $k ${minus(operand.columns, '$column')} ${times('$run', width)}
        $rowBytes ${at('$scratch', own, '$panelBytes')})`)}`
}

/**
 * The multiplying step: over blocks of C; in a block over parts of k; then, tile by tile, down the
 * rows of the block and across its columns. A packed operand is one with other strides.
 */
export function multiplyStep (
  index: number, arithmetic: Arithmetic, offsets: MatmulWords, has: Has
): string {
  const words = read(arithmetic, offsets, ['a', 'b', 'c', 'scratch', 'm', 'n', 'k', 'aM', 'aK',
    'bK', 'bN', 'cM', 'aBatch', 'bBatch', 'cBatch', 'kind', 'tileRows', 'tileColumns', 'tilesDown',
    'tilesAcross', 'blockRows', 'blockColumns', 'rowBlocks', 'columnBlocks', 'blocks',
    'blocksPerChunk', 'packsOfA', 'packs'])
  const size = `(i32.const ${arithmetic.bytes})`
  const tiles = tileVectors.map(vectors => whenKind(vectors, `
          (call ${tileName(arithmetic, vectors)} $at.a $aLane $aK $at.b $bK $at.c $cM
            $length ${minus('$rowEnd', '$row')} ${minus('$columnEnd', '$column')} $part)`)).join('')
  const dots = whenKind(tileKinds.dotsAlong, `
          (call ${dotsName(arithmetic)} $at.a $at.b $bN ${minus('$columnEnd', '$column')}
            $at.c ${size} $length $part)`) + whenKind(tileKinds.dotsDown, `
          (call ${dotsName(arithmetic)} $at.b $at.a $aM ${minus('$rowEnd', '$row')}
            $at.c $cM $length $part)`)
  return kernel(index, `
      ${words.locals}
      ${locals('i32', 'block', 'end', 'batch', 'row', 'rowFrom', 'rowEnd', 'column', 'columnFrom',
        'columnEnd', 'part', 'length', 'at.a', 'at.b', 'at.c', 'aLane', 'panelBytes')}
      ${words.loads}
      ;; aM leads from tile to tile, aLane from row to row in a tile, bN from tile to tile.
      (local.set $aLane $aM)
      (if $packsOfA (then
        (local.set $a $scratch)
        (local.set $aLane ${size})
        (local.set $aK ${times('$tileRows', size)})
        (local.set $panelBytes ${panelBytes(arithmetic, '$aK', '$k')})
        (local.set $aM (i32.div_u $panelBytes $tileRows))
        (local.set $aBatch (select ${times('$panelBytes', '$tilesDown')} $aBatch $aBatch))
        (local.set $scratch ${at('$scratch', '$packsOfA', '$panelBytes')})))
      (if (i32.ne $packs $packsOfA) (then
        (local.set $b $scratch)
        (local.set $bK ${times('$tileColumns', size)})
        (local.set $panelBytes ${panelBytes(arithmetic, '$bK', '$k')})
        (local.set $bN (i32.div_u $panelBytes $tileColumns))
        (local.set $bBatch (select ${times('$panelBytes', '$tilesAcross')} $bBatch $bBatch))))
      (local.set $end ${least('$blocks', times('$last', '$blocksPerChunk'))})
      ${each('block', times('$first', '$blocksPerChunk'), '$end', 1, `
      (local.set $columnFrom ${times('$blockColumns', '(i32.rem_u $block $columnBlocks)')})
      (local.set $columnEnd ${least('$n', plus('$columnFrom', '$blockColumns'))})
      (local.set $batch (i32.div_u $block $columnBlocks))
      (local.set $rowFrom ${times('$blockRows', '(i32.rem_u $batch $rowBlocks)')})
      (local.set $rowEnd ${least('$m', plus('$rowFrom', '$blockRows'))})
      (local.set $batch (i32.div_u $batch $rowBlocks))
      (local.set $part (i32.const 0))
      (loop $parts
        (local.set $length ${least(minus('$k', '$part'), partLength)})
        ${each('column', '$columnFrom', '$columnEnd', '$tileColumns', `
        ${each('row', '$rowFrom', '$rowEnd', '$tileRows', `
        (local.set $at.a ${at('$a', '$batch', '$aBatch', '$row', '$aM', '$part', '$aK')})
        (local.set $at.b ${at('$b', '$batch', '$bBatch', '$part', '$bK', '$column', '$bN')})
        (local.set $at.c ${at('$c', '$batch', '$cBatch', '$row', '$cM', '$column', size)})
        (block $tiled ${tiles} ${has.dots ? dots : ''})`)}`)}
        (br_if $parts (i32.lt_u (local.tee $part ${plus('$part', partLength)}) $k)))`)}`)
}

function whenKind (kind: number, call: string): string {
  return `
        (if (i32.eq $kind (i32.const ${kind})) (then ${call} (br $tiled)))`
}

/** base + index · stride + … */
function at (base: string, index: string, stride: string, ...more: readonly string[]): string {
  const sum = plus(base, times(index, stride))
  const [nextIndex, nextStride, ...rest] = more
  return nextIndex === undefined || nextStride === undefined
    ? sum
    : at(sum, nextIndex, nextStride, ...rest)
}

/** Words of the record as locals, strides turned into bytes; one without an offset is 0. */
function read (
  { bytes }: Arithmetic, offsets: MatmulWords, names: readonly (keyof MatmulWords)[]
): { readonly locals: string, readonly loads: string } {
  const load = (name: keyof MatmulWords): string => {
    const word = `(i32.load offset=${offsets[name]} $args)`
    return `(local.set $${name} ${strides.has(name) ? times(word, bytes) : word})`
  }
  return {
    locals: locals('i32', ...names),
    loads: names.filter(name => offsets[name] !== undefined).map(load).join('\n')
  }
}

const strides = new Set(['aM', 'aK', 'bK', 'bN', 'cM', 'aBatch', 'bBatch', 'cBatch'])

/** k<index> runs some chunks; a<index>, called after all of them, has nothing to do. */
function kernel (index: number, body: string): string {
  return wat(`
    (func (export "k${index}") (param $args i32) (param $first i32) (param $last i32) ${body})
    (func (export "a${index}") (param $args i32))`)
}
