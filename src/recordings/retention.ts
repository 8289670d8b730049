/** Which files a policy gives up. Pure: the cleaner does it. */

import { invalidParam } from '../base/errors.js'
import type { RetentionPolicy } from './options.js'

export interface PolicyParams {
  readonly policy_type: 'age' | 'size' | 'manual'
  readonly enabled: boolean
  readonly max_age_days?: number
  readonly max_size_gb?: number
}

export interface PolicyAnswer extends PolicyParams {
  readonly message: string
}

const DAY_MS = 24 * 3_600_000
const GB = 1_000_000_000

/** The policy that follows from a call: what it leaves out stays as it was. Throws INVALID_PARAMS. */
export function nextPolicy(before: RetentionPolicy, params: PolicyParams): RetentionPolicy {
  const { policy_type: type, enabled, max_age_days: days, max_size_gb: gigabytes } = params
  if (type === 'age' && days === undefined) throw missing('max_age_days', 'integer between 1 and 365', type)
  if (type === 'size' && gigabytes === undefined) throw missing('max_size_gb', 'number above 0 and at most 1000', type)
  return { type, enabled, maxAgeDays: days ?? before.maxAgeDays, maxSizeGb: gigabytes ?? before.maxSizeGb }
}

export function answerOf(params: PolicyParams): PolicyAnswer {
  const { policy_type, max_age_days, max_size_gb, enabled } = params
  return {
    policy_type,
    ...(max_age_days === undefined ? {} : { max_age_days }),
    ...(max_size_gb === undefined ? {} : { max_size_gb }),
    enabled,
    message: enabled ? 'Retention policy updated' : 'Retention policy updated; it is not enabled',
  }
}

/** Wall clock before which files are too old; undefined: age does not count. */
export function oldestAllowedMs({ type, maxAgeDays }: RetentionPolicy, wallMs: number): number | undefined {
  return type === 'size' || maxAgeDays === 0 ? undefined : wallMs - maxAgeDays * DAY_MS
}

/** Bytes that all files together may have; undefined: size does not count. */
export function allowedBytes({ type, maxSizeGb }: RetentionPolicy): number | undefined {
  return type === 'size' ? maxSizeGb * GB : undefined
}

function missing(param: string, rule: string, type: string) {
  return invalidParam(param, rule, `send ${param}`, `${param} is required for policy_type ${type}`)
}
