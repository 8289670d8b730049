/** Finds out whether an adopted MediaMTX can run our notifier, by letting it: it may live in a container or as another user. */

import { type Clock, wait } from '../../base/clock.js'
import type { MediamtxClient } from '../api/client.js'
import { type PathBody, probingBody } from '../paths/body.js'
import { CHECK_PATH } from './check-path.js'

const CHECK_TIMEOUT_MS = 1_500
const CHECK_POLL_MS = 20

/** `hook`: the demand line; `connected`: whether the notifier of CHECK_PATH is connected to us. */
export async function canRunNotifier(
  client: Pick<MediamtxClient, 'replacePath' | 'deletePath'>,
  body: PathBody,
  hook: string,
  connected: () => boolean,
  clock: Clock,
): Promise<boolean> {
  const deadlineMs = clock.nowMs() + CHECK_TIMEOUT_MS
  await client.replacePath(CHECK_PATH, probingBody(body, hook))
  try {
    while (!connected() && clock.nowMs() < deadlineMs) await wait(clock, CHECK_POLL_MS)
    return connected()
  } finally {
    await client.deletePath(CHECK_PATH)
  }
}
