/** From where on it is too much (reliability-security §1.3); read anew at each look, so that a reload counts. */

import type { Config } from '../config/index.js'

export function loadThresholds({ performance: { load_shedding: limits } }: Config) {
  return {
    get enabled() {
      return limits.enabled
    },
    get loopDelayMs(): readonly [number, number] {
      return [limits.loop_delay, limits.loop_delay_severe]
    },
    get usedPercent(): readonly [number, number] {
      return [limits.used_percent, limits.used_percent_severe]
    },
  }
}
