/** How many connections may wait on a listening socket, where the library that made it does not let itself be told. */

import { loadAddonFile } from './load.js'

interface RawBacklog {
  widenBacklog(port: number, connections: number): void
}

/**
 * For every socket of this process that listens on `port`; the system keeps it to its own limit. Throws with the system's `code`, ENOENT when
 * nobody listens there.
 */
export function widenBacklog(port: number, connections: number): void {
  ;(loadAddonFile() as RawBacklog).widenBacklog(port, connections)
}
