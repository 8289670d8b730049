/** The limiter beside the same rule in whole numbers of any size. */

import assert from 'node:assert/strict'
import { RateLimit } from '../../../src/auth/index.js'
import type { FuzzTarget } from '../engine/target.js'

export const target: FuzzTarget = {
  parsers: ['src/auth/rate-limit.ts'],
  seeds: [
    Buffer.of(9, 0, 100, 1, 1, 1, 2, 200, 0, 255, 1),
    Buffer.of(0, 3, 232, 0, 0, 0),
    Buffer.from('limits are asked often, and changed seldom'),
  ],
  words: ['\0\0\0\0\0\0\0\0\0\0\0\0', '\xff\xff\xff', '\x01'],
  run(input) {
    const requests = 1 + (input[0] ?? 0)
    const windowMs = 1 + (input[1] ?? 0) * 256 + (input[2] ?? 0)
    let nowUs = 0n
    const limit = new RateLimit({ requests, windowMs, clock: { nowMs: () => Number(nowUs) / 1_000 } as never })
    const state = limit.fresh()
    // In N-ths of a microsecond, so that nothing is rounded.
    const [scale, window] = [BigInt(requests), BigInt(windowMs) * 1_000n]
    let arrival = 0n
    for (const step of input.subarray(3)) {
      // Half of the steps are short, so that bursts come.
      nowUs += step < 128 ? BigInt(step) : BigInt(step - 127) ** 3n
      const now = nowUs * scale
      const next = (arrival > now ? arrival : now) + window
      const waitMs = limit.take(state)
      const admitted = next - now <= window * scale
      assert.equal(waitMs === 0, admitted)
      if (admitted) arrival = next
      else assert.ok(BigInt(waitMs) * 1_000n * scale >= next - now - window * scale, 'the wait is too short')
    }
  },
}
