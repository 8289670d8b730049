/** Whether the folder of `storage.fallback_path` has taken the place of others in this run. */

import { sep } from 'node:path'
import type { Config } from '../config/index.js'

/** What stands in, for people; undefined when nothing does. */
export function standIn({ storage: { fallback_path: fallback }, mediamtx }: Config): string | undefined {
  if (fallback === null) return undefined
  const below = `${fallback.replace(/\/+$/, '')}${sep}`
  const places = { recordings: mediamtx.recordings_path, snapshots: mediamtx.snapshots_path }
  const replaced = Object.entries(places).flatMap(([what, path]) => (path.startsWith(below) ? [what] : []))
  return replaced.length === 0 ? undefined : `${replaced.join(' and ')} are kept in storage.fallback_path until the next start`
}
