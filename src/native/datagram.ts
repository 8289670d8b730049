/** Unix datagrams, which Node has not: for the supervisor that started the service. */

import { loadAddonFile } from './load.js'

interface RawDatagrams {
  sendDatagram(address: string, message: string): void
}

/**
 * Sends at once. `address` is a path, or an abstract name behind `@`; `message` at most 4096 bytes. Throws with the system's `code` when nobody
 * takes it.
 */
export function sendDatagram(address: string, message: string): void {
  ;(loadAddonFile() as RawDatagrams).sendDatagram(address, message)
}
