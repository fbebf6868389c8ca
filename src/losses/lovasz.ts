// What the Lovász losses share: the Jaccard index as a function of sorted errors.

/**
 * Functions of a text. `lovasz(e, hits, from, to)` sums the errors e along `from`, the largest
 * first, each times what the Jaccard loss grows by when its place is counted as wrong, too; `to` is
 * an axis as long as `from`. Errors below 0 do not count.
 */
export const lovaszWords = `
    sorted = (x, e, from, to) => x[from = order(e, from, to)]
    jaccard = (hits, to) =>
      1 - (sum(hits, to) - cumsum(hits, to)) / (sum(hits, to) + cumsum(1 - hits, to))
    growth = (x, to) => x - (index(to) == 0 ? 0 : x[to = index(to) - 1])
    lovasz = (e, hits, from, to) =>
      sum(relu(sorted(e, e, from, to)) * growth(jaccard(sorted(hits, e, from, to), to), to), to)`
