/** Who may read a file that holds a secret: its owner and readers of its group, 0640 at most (reliability-security S-24). */

import { stat } from 'node:fs/promises'

/** Writable for the group, or anything for others. */
const TOO_OPEN = 0o027

/** What is wrong with the mode of `file`; undefined when nothing is. Rejects as `stat`. */
export async function tooOpen(file: string): Promise<string | undefined> {
  const { mode } = await stat(file)
  return (mode & TOO_OPEN) === 0 ? undefined : `its mode ${(mode & 0o777).toString(8).padStart(4, '0')} is more than 0640`
}
