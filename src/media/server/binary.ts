/** Where a MediaMTX program may be. */

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface BinaryPlaces {
  /** As configured; the only place looked at when set. */
  readonly configured: string | undefined
  /** `PATH`. */
  readonly searchPath: string
  /** Where `mediamtx install` puts it. */
  readonly installDirectory: string
}

export const BINARY_NAME = 'mediamtx'

/** `undefined` when there is none. */
export function findBinary(places: BinaryPlaces): string | undefined {
  if (places.configured !== undefined) return isProgram(places.configured) ? places.configured : undefined
  const candidates = [...places.searchPath.split(delimiter).filter(Boolean), places.installDirectory].map((dir) =>
    join(dir, BINARY_NAME),
  )
  return candidates.find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
