/** The admin token that a fresh installation prints, so that somebody at the machine can log in at all. */

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { inStateDir, isErrno } from './state-dir.js'
import type { Tokens } from './tokens.js'

const MARKER = 'first-start'

export interface FirstTokenOptions {
  /** Created when missing. */
  readonly stateDir: string
  readonly tokens: Pick<Tokens, 'sign'>
  readonly lifetimeMs: number
}

/**
 * An admin token, once per state directory; afterwards nothing. The marker is made first, so of two processes
 * only one prints. A token lost in a crash is replaced by `camera-service token --role admin`.
 */
export async function firstStartToken({ stateDir, tokens, lifetimeMs }: FirstTokenOptions): Promise<string | undefined> {
  const first = await inStateDir(stateDir, () => makeMarker(join(stateDir, MARKER)))
  return first ? tokens.sign({ userId: 'first-start', role: 'admin', lifetimeMs, localOnly: true }) : undefined
}

/** Whether it was not there yet. */
async function makeMarker(file: string): Promise<boolean> {
  try {
    const marker = await open(file, 'wx', 0o600)
    await marker.close()
    return true
  } catch (thrown) {
    if (isErrno(thrown, 'EEXIST')) return false
    throw thrown
  }
}
