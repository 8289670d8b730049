/** Monitor: is the service well, and why not. */

export { CpuMeter } from './cpu-meter.js'
export {
  assessHealth,
  type ComponentWord,
  type Health,
  type HealthSignals,
  type HealthThresholds,
  type HealthWord,
} from './health.js'
