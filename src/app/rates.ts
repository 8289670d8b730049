/** The rates of the configuration, as those who limit want them. */

import type { Rate } from '../auth/index.js'
import type { Config } from '../config/index.js'
import type { CostlyLimits } from '../rpc/index.js'

const MS_PER_SECOND = 1_000

/** As a number of requests at once and the time in which they come back. */
export function rateOf({ per_second, burst }: { readonly per_second: number; readonly burst: number }): Rate {
  return { requests: burst, windowMs: (burst / per_second) * MS_PER_SECOND }
}

/** Of one identity on all its connections. */
export function identityRate({ security }: Config): Rate {
  const { rate_limit_requests: requests, rate_limit_window: windowMs, rate_limits: limits } = security
  return { requests: requests * limits.identity_factor, windowMs }
}

export function costlyLimits({ security: { rate_limits: limits } }: Config): CostlyLimits {
  return {
    snapshot: rateOf(limits.snapshot),
    camera: rateOf(limits.snapshot_per_camera),
    control: rateOf(limits.control),
    discovery: rateOf(limits.discovery),
  }
}
