/** A log file that begins anew when it is full and keeps the last few: `file`, `file.1` (newest), `file.2`, … */

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

export interface LogFileOptions {
  readonly file: string
  /** Size at which a new file is begun. */
  readonly maxBytes: number
  /** Full files that are kept. 0: a full one is emptied. */
  readonly backups: number
  /** Hears once of each outage; lines are lost meanwhile, the service goes on. */
  readonly onFailure: (thrown: unknown) => void
}

/** Opens or continues the file; throws a system error when it cannot. The function returned writes one line and never throws. */
export function openLogFile(options: LogFileOptions): (line: string) => void {
  let file = open(options.file, 'a')
  let failing = false

  return (line) => {
    try {
      if (file.bytes > 0 && file.bytes + Buffer.byteLength(line) > options.maxBytes) file = beginAnew(file.fd, options)
      file.bytes += writeSync(file.fd, line)
      failing = false
    } catch (thrown) {
      if (!failing) options.onFailure(thrown)
      failing = true
    }
  }
}

function beginAnew(fd: number, { file, backups }: LogFileOptions) {
  for (let number = backups; number > 0; number--) {
    renameIfThere(number === 1 ? file : `${file}.${number - 1}`, `${file}.${number}`)
  }
  // The new one first: while it cannot be opened, lines still find the old.
  const next = open(file, backups === 0 ? 'w' : 'a')
  closeSync(fd)
  return next
}

function open(file: string, flags: 'a' | 'w') {
  const fd = openSync(file, flags, 0o640)
  return { fd, bytes: fstatSync(fd).size }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown
  }
}
