/** Whether an audit log is whole, over all its files. */

import { open, stat } from 'node:fs/promises'
import { chainOf, hashOf, NOTHING_BEFORE, seqOf } from './audit-chain.js'

export interface Checked {
  readonly entries: number
  /** In words, with file and line. */
  readonly faults: readonly string[]
}

/** Oldest file first. The oldest of all may follow one that is gone; a log that is not there is whole. Rejects for a file that cannot be read. */
export async function auditFaultsOf(file: string, backups: number): Promise<Checked> {
  const faults: string[] = []
  let entries = 0
  let before: string | undefined
  for (let number = backups; number >= 0; number -= 1) {
    const name = number === 0 ? file : `${file}.${number}`
    if ((await stat(name).catch(() => undefined)) === undefined) continue
    let lineNumber = 0
    for await (const line of linesOf(name)) {
      lineNumber += 1
      entries += 1
      const fault = faultOf(line, before)
      if (fault !== undefined) faults.push(`${name}:${lineNumber}: ${fault}`)
      before = line
    }
  }
  return { entries, faults }
}

function faultOf(line: string, before: string | undefined): string | undefined {
  const { seq, prev } = chainOf(line)
  if (seq === undefined) return 'this is no entry'
  if (before === undefined) return seq === 1 && prev !== NOTHING_BEFORE ? 'this is not the first entry' : undefined
  if (prev !== hashOf(before)) return 'this does not follow the line before, which was changed, or one between them is gone'
  return seq === seqOf(before) + 1 ? undefined : `this has the number ${seq}`
}

async function* linesOf(file: string): AsyncIterable<string> {
  const handle = await open(file, 'r')
  try {
    yield* handle.readLines({ encoding: 'utf8', autoClose: false })
  } finally {
    await handle.close()
  }
}
