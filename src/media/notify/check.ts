/** Finds out whether an adopted MediaMTX can run our notifier, by letting it: it may live in a container or as another user. */

import { type Clock, wait } from '../../base/clock.js'
import type { MediamtxClient } from '../api/client.js'
import type { PathBody } from '../paths/body.js'

/** A path that exists only for the moment of the check. */
export const CHECK_PATH = 'camera-service-check'

const CHECK_TIMEOUT_MS = 1_500
const CHECK_POLL_MS = 20

export async function canRunNotifier(
  client: Pick<MediamtxClient, 'replacePath' | 'deletePath'>,
  body: PathBody,
  connected: () => boolean,
  clock: Clock,
): Promise<boolean> {
  const deadlineMs = clock.nowMs() + CHECK_TIMEOUT_MS
  // The hook that runs without any reader.
  await client.replacePath(CHECK_PATH, { ...body, runOnDemand: '', runOnDemandRestart: false, runOnInit: body.runOnDemand ?? '' })
  try {
    while (!connected() && clock.nowMs() < deadlineMs) await wait(clock, CHECK_POLL_MS)
    return connected()
  } finally {
    await client.deletePath(CHECK_PATH)
  }
}
