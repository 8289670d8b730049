// Numbers of rounds: medians and ranges, never the best one.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** `{ median, min, max, noisy }`; noisy when the rounds differ by more than half of their median. */
export function summarise(values) {
  const summary = { median: median(values), min: Math.min(...values), max: Math.max(...values) }
  return { ...summary, noisy: (summary.max - summary.min) / summary.median > 0.5 }
}
