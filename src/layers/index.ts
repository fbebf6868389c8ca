// The table of layers, explicit and ordered: what a session's model may be made of.

import type { Layer } from './layer.ts'
import { linear } from './linear.ts'
import { relu } from './relu.ts'
import { sigmoid } from './sigmoid.ts'
import { tanh } from './tanh.ts'

export type { Layer, LayerOption, LayerParameter } from './layer.ts'

export const layers: readonly Layer[] = [linear, relu, sigmoid, tanh]
