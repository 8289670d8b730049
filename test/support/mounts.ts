/** File systems of a test's own, in a mount namespace; a user namespace, too, where root is not to be had. */

import { execFileSync } from 'node:child_process'

const isRoot = process.getuid?.() === 0
/** Before a command that gets a namespace of its own. */
export const UNSHARE = isRoot ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount']
/** Words of nsenter for one that is in there. */
export const NSENTER = isRoot ? ['--mount'] : ['--mount', '--user', '--preserve-credentials']
export const canMount = works([...UNSHARE, 'sh', '-c', 'mount -t tmpfs none /mnt'])

/** Whether a command can be run and says that all is well. */
export function works([command = '', ...words]: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
