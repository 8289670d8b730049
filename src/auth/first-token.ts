/** The admin token that a fresh installation prints, so that somebody can log in at all. */

import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
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
  await mkdir(stateDir, { recursive: true })
  try {
    const marker = await open(join(stateDir, MARKER), 'wx', 0o600)
    await marker.close()
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return undefined
    throw thrown
  }
  return tokens.sign({ userId: 'first-start', role: 'admin', lifetimeMs })
}
