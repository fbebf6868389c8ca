// The table of losses, explicit and ordered by the kind of problem, as the guide is.

import { adaptiveLogSoftmaxWithLoss } from './adaptive-log-softmax-with-loss.ts'
import { asymmetric } from './asymmetric.ts'
import { bce } from './bce.ts'
import { bceLabelSmoothing } from './bce-label-smoothing.ts'
import { bceWithLogits } from './bce-with-logits.ts'
import { bpr } from './bpr.ts'
import { categoricalHinge } from './categorical-hinge.ts'
import { cauchy } from './cauchy.ts'
import { charbonnier } from './charbonnier.ts'
import { ciou } from './ciou.ts'
import { cispo } from './cispo.ts'
import { clip } from './clip.ts'
import { contrastive } from './contrastive.ts'
import { cosineEmbedding } from './cosine-embedding.ts'
import { crossEntropy } from './cross-entropy.ts'
import { ctc } from './ctc.ts'
import { dice } from './dice.ts'
import { diou } from './diou.ts'
import { dpo } from './dpo.ts'
import { dro } from './dro.ts'
import { gaussianNll } from './gaussian-nll.ts'
import { generalizedCe } from './generalized-ce.ts'
import { giou } from './giou.ts'
import { hinge } from './hinge.ts'
import { hingeEmbedding } from './hinge-embedding.ts'
import { huber } from './huber.ts'
import { importanceSampling } from './importance-sampling.ts'
import { infoNce } from './info-nce.ts'
import { jaccard } from './jaccard.ts'
import { klDiv } from './kl-div.ts'
import { l1 } from './l1.ts'
import { lambdarank } from './lambdarank.ts'
import { linearCrossEntropy } from './linear-cross-entropy.ts'
import { listmle } from './listmle.ts'
import { listnet } from './listnet.ts'
import { logCosh } from './log-cosh.ts'
import type { Loss } from './loss.ts'
import { lovaszHinge } from './lovasz-hinge.ts'
import { lovaszSoftmax } from './lovasz-softmax.ts'
import { mape } from './mape.ts'
import { marginRanking } from './margin-ranking.ts'
import { mse } from './mse.ts'
import { msle } from './msle.ts'
import { multiLabelMargin } from './multi-label-margin.ts'
import { multiLabelSoftMargin } from './multi-label-soft-margin.ts'
import { multiMargin } from './multi-margin.ts'
import { nll } from './nll.ts'
import { ntXent } from './nt-xent.ts'
import { poissonNll } from './poisson-nll.ts'
import { poly1Ce } from './poly1-ce.ts'
import { ppo } from './ppo.ts'
import { quantile } from './quantile.ts'
import { ranknet } from './ranknet.ts'
import { siglip } from './siglip.ts'
import { sigmoidFocal } from './sigmoid-focal.ts'
import { smoothL1 } from './smooth-l1.ts'
import { softMargin } from './soft-margin.ts'
import { softmaxFocal } from './softmax-focal.ts'
import { supCon } from './sup-con.ts'
import { symmetricCe } from './symmetric-ce.ts'
import { tokenCe } from './token-ce.ts'
import { tripletMargin } from './triplet-margin.ts'
import { tripletMarginWithDistance } from './triplet-margin-with-distance.ts'
import { tversky } from './tversky.ts'
import { wing } from './wing.ts'

export type { Case, Loss, Plain } from './loss.ts'

export const losses: readonly Loss[] = [
  mse, l1, huber, smoothL1, logCosh, charbonnier, cauchy, wing, quantile, msle, mape, poissonNll,
  gaussianNll,
  bce, bceWithLogits, softMargin, hinge, sigmoidFocal, bceLabelSmoothing,
  crossEntropy, nll, linearCrossEntropy, adaptiveLogSoftmaxWithLoss, multiMargin, categoricalHinge,
  softmaxFocal, poly1Ce, generalizedCe, symmetricCe,
  multiLabelMargin, multiLabelSoftMargin, asymmetric,
  klDiv,
  marginRanking, ranknet, bpr, listnet, listmle, lambdarank,
  cosineEmbedding, hingeEmbedding, tripletMargin, tripletMarginWithDistance, contrastive, infoNce,
  ntXent, clip, siglip, supCon,
  ctc, tokenCe,
  dice, jaccard, tversky, lovaszHinge, lovaszSoftmax,
  giou, diou, ciou,
  importanceSampling, ppo, cispo, dro, dpo
]

const byName = new Map(losses.flatMap(loss => [loss.name, loss.torch]
  .filter(name => name !== '')
  .map(name => [name, loss] as const)))

/** The loss of a name or of a class in torch.nn. */
export function findLoss (name: string): Loss | undefined { return byName.get(name) }

/** All names under which losses are found, aliases included. */
export const lossNames: readonly string[] = [...byName.keys()]
