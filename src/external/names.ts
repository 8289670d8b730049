/** The path of an added stream: its name in letters that every part of the way takes. Pure. */

import { EXTERNAL_PREFIX } from '../base/device-id.js'

const MAX_CHARS = 40

/** `Front gate (north)` → `external_front_gate_north`; with `_2`, `_3`, … when that is taken. */
export function pathFor(name: string, taken: (path: string) => boolean): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, MAX_CHARS)
  const path = `${EXTERNAL_PREFIX}${letters === '' ? 'stream' : letters}`
  if (!taken(path)) return path
  let number = 2
  while (taken(`${path}_${number}`)) number += 1
  return `${path}_${number}`
}
