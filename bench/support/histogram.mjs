// Histograms of the generator, put together: percentiles of rounds are never averaged.

/** `lists`: what it gave as `latencyNs`, one per round. The same shape without `buckets`. */
export function merged(lists) {
  const counts = new Map()
  for (const { buckets } of lists) for (const [ns, count] of buckets) counts.set(ns, (counts.get(ns) ?? 0) + count)
  const sorted = [...counts].sort(([a], [b]) => a - b)
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  const percentile = (share) => {
    let seen = 0
    for (const [ns, count] of sorted) {
      seen += count
      if (seen > share * total) return ns
    }
    return sorted.at(-1)?.[0] ?? 0
  }
  return {
    count: total,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    p999: percentile(0.999),
    max: Math.max(0, ...lists.map(({ max }) => max)),
  }
}
