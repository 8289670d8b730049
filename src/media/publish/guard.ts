/**
 * How a publisher gets its password without anyone reading it off its argument list: the list holds the plain address, the
 * environment of the child (readable by its owner alone) the one with credentials, and a small preloaded library swaps them
 * before ffmpeg starts (`native/publish_guard`).
 */

import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Credentials } from '../api/client.js'

export interface GuardedAddress {
  /** Address without credentials: for the argument list, for people, for logs. */
  readonly url: string
  /** What the child's environment needs besides. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Whether `program` (absolute, or searched in `searchPath`) would load the guard: the library is there and the program
 * dynamic. One that is not there at all has nothing to guard.
 */
export function canGuard(program: string, guardFile: string | undefined, searchPath: string): boolean {
  // The loader splits its list at spaces and colons.
  if (guardFile === undefined || /[\s:]/.test(guardFile) || !existsSync(guardFile)) return false
  const places = isAbsolute(program) ? [program] : searchPath.split(delimiter).map((dir) => join(dir, program))
  const file = places.find((place) => existsSync(place))
  return file === undefined || isDynamic(file)
}

export function guardedAddress(url: string, credentials: Credentials | undefined, guardFile: string | undefined): GuardedAddress {
  if (guardFile === undefined) return { url, environment: {} }
  if (credentials === undefined) return { url, environment: { LD_PRELOAD: guardFile } }
  const secret = new URL(url)
  secret.username = credentials.user
  secret.password = credentials.password
  return {
    url,
    environment: { LD_PRELOAD: guardFile, CAMERA_PUBLISH_ADDRESS: url, CAMERA_PUBLISH_SECRET_ADDRESS: secret.href },
  }
}

const PT_INTERP = 3

/**
 * A 64-bit little-endian ELF file that names a dynamic loader. Not a script: its interpreter would load the guard, and pass
 * the password on in the arguments of what it starts.
 */
function isDynamic(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const head = Buffer.alloc(4096)
    const length = readSync(fd, head, 0, head.length, 0)
    if (length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false
    const table = Number(head.readBigUInt64LE(32))
    const entryBytes = head.readUInt16LE(54)
    const entries = head.readUInt16LE(56)
    for (let index = 0; index < entries; index++) {
      const at = table + index * entryBytes
      if (at + 4 > length) return false
      if (head.readUInt32LE(at) === PT_INTERP) return true
    }
    return false
  } finally {
    closeSync(fd)
  }
}
