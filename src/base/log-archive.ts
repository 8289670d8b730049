/** Full log files: `file.1` is the newest, packed ones end in `.gz`, and those that are too old go. */

import { createReadStream, createWriteStream } from 'node:fs'
import { rename, stat, unlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const PACKED = '.gz'

/** Makes room for `file.1`: each one gets the next number, the last is gone. */
export async function shiftBackups(file: string, backups: number): Promise<void> {
  for (const ending of ['', PACKED]) {
    for (let number = backups; number > 1; number--) {
      await renameIfThere(`${file}.${number - 1}${ending}`, `${file}.${number}${ending}`)
    }
  }
  if (backups > 0) await renameIfThere(file, `${file}.1`)
}

/** Packs `file.1`. Whatever fails leaves it as it is; never rejects. */
export async function packNewest(file: string): Promise<void> {
  const [plain, packed] = [`${file}.1`, `${file}.1${PACKED}`]
  const part = `${packed}.part`
  try {
    const { createGzip } = await import('node:zlib')
    await pipeline(createReadStream(plain), createGzip(), createWriteStream(part, { mode: 0o640 }))
    await rename(part, packed)
    await unlink(plain)
  } catch {
    await unlink(part).catch(() => undefined)
  }
}

/** Never rejects. */
export async function dropOld(file: string, backups: number, olderThanWallMs: number): Promise<void> {
  for (let number = 1; number <= backups; number++) {
    for (const name of [`${file}.${number}`, `${file}.${number}${PACKED}`]) {
      const found = await stat(name).catch(() => undefined)
      if (found !== undefined && found.mtimeMs < olderThanWallMs) await unlink(name).catch(() => undefined)
    }
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown
  }
}
