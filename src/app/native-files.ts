/** Where the native build put what child processes and threads need. */

import { fileURLToPath } from 'node:url'

const RELEASE = new URL('../../build/Release/', import.meta.url)

export const NOTIFIER_FILE = fileURLToPath(new URL('camera-notifier', RELEASE))
export const THREAD_GUARD_FILE = fileURLToPath(new URL('thread_guard.node', RELEASE))
export const PUBLISH_GUARD_FILE = fileURLToPath(new URL('publish_guard.so', RELEASE))
