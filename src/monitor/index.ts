/** Monitor: is the service well, and why not; and its figures as metrics. */

export { type CallQuality, type CallTotals, CallWindow } from './call-window.js'
export { Collections } from './collections.js'
export { CpuMeter } from './cpu-meter.js'
export { Debounce } from './debounce.js'
export {
  assessHealth,
  type ComponentWord,
  type Health,
  type HealthSignals,
  type HealthThresholds,
  type HealthWord,
} from './health.js'
export type { MetricFacts, PathFacts } from './metrics/facts.js'
export { processFacts } from './metrics/process-facts.js'
export { METRICS_TYPES, type MetricsFormat, metricsManual, metricsText } from './metrics/render.js'
