/** Rules between keys. Each names the key to blame and what to do. Pure. */

import type { Config } from './schema.js'
import { secretWeakness } from './secret-strength.js'

export interface BrokenRule {
  /** The keys concerned; the first one that was set is blamed. */
  readonly keys: readonly string[]
  readonly rule: string
  readonly remedy: string
}

const HOUR_MS = 3_600_000

export function brokenRules(config: Config): readonly BrokenRule[] {
  const { server, http_health, security, storage, mediamtx, compatibility } = config
  const broken: BrokenRule[] = []
  const rule = (holds: boolean, keys: readonly string[], text: string, remedy: string) => {
    if (!holds) broken.push({ keys, rule: text, remedy })
  }
  rule(
    server.ping_interval < server.pong_wait,
    ['server.pong_wait', 'server.ping_interval'],
    'pong_wait must be longer than ping_interval',
    'raise server.pong_wait or lower server.ping_interval',
  )
  rule(
    server.send_buffer_soft < server.send_buffer_hard,
    ['server.send_buffer_hard', 'server.send_buffer_soft'],
    'send_buffer_hard must be above send_buffer_soft',
    'raise server.send_buffer_hard or lower server.send_buffer_soft',
  )
  const { basic_endpoint, detailed_endpoint, ready_endpoint, live_endpoint } = http_health
  rule(
    new Set([basic_endpoint, detailed_endpoint, ready_endpoint, live_endpoint]).size === 4,
    ['basic_endpoint', 'detailed_endpoint', 'ready_endpoint', 'live_endpoint'].map((name) => `http_health.${name}`),
    'each health page has a path of its own',
    'give the four endpoints of http_health four different paths',
  )
  rule(
    storage.warn_percent < storage.block_percent,
    ['storage.warn_percent', 'storage.block_percent'],
    'warn_percent must be below block_percent',
    'lower storage.warn_percent or raise storage.block_percent',
  )
  rule(
    security.max_token_lifetime === 0 || security.jwt_expiry_hours * HOUR_MS <= security.max_token_lifetime,
    ['security.jwt_expiry_hours', 'security.max_token_lifetime'],
    'jwt_expiry_hours must not exceed max_token_lifetime, or the tokens made here are refused here',
    'lower security.jwt_expiry_hours or raise security.max_token_lifetime',
  )
  const { video_profile, pixel_format } = mediamtx.codec
  rule(
    pixel_format === 'yuv420p' ||
      (pixel_format === 'yuv422p' ? ['high422', 'high444'].includes(video_profile) : video_profile === 'high444'),
    ['mediamtx.codec.pixel_format', 'mediamtx.codec.video_profile'],
    `the profile ${video_profile} cannot hold ${pixel_format}`,
    'use yuv420p, or high422 for yuv422p and high444 for yuv444p',
  )
  const weakness =
    security.jwt_secret_key === null || compatibility.weak_jwt_secret ? undefined : secretWeakness(security.jwt_secret_key)
  rule(
    weakness === undefined,
    ['security.jwt_secret_key'],
    weakness ?? '',
    'use 32 or more random bytes, leave the key out to have one made, or set compatibility.weak_jwt_secret',
  )
  return broken
}
