/** A file that is read whole and written whole: whatever happens meanwhile, it holds the old or the new text, never a mix. */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './make-folder.js'

const MAX_BYTES = 1024 * 1024
const NEW_FILE_MODE = 0o644

/** The text, or undefined when there is no file. Throws when it is no regular file, too large, or cannot be read. */
export async function readWhole(file: string, maxBytes = MAX_BYTES): Promise<string | undefined> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK the opening of a pipe waits for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined
    throw thrown
  }
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new Error('not a regular file')
    if (found.size > maxBytes) throw new Error(`${found.size} bytes, at most ${maxBytes} are read`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

export interface WriteOptions {
  /** Of a file that was not there; default 0644. */
  readonly newMode?: number
  /** Gets what was in the file before, once the new text is on the disk. From the second writing on both are there at every moment. */
  readonly keptAs?: string
}

/**
 * Resolves when the text is on the disk. Mode and, where allowed, owner of a file that was there are kept; a link goes on pointing to
 * the file.
 */
export async function writeWhole(file: string, text: string, options: WriteOptions = {}): Promise<void> {
  const { newMode = NEW_FILE_MODE, keptAs } = options
  await makeFolder(dirname(file))
  const target = await realpath(file).catch(() => file)
  const folder = dirname(target)
  const old = await stat(target).catch(() => undefined)
  const temporary = temporaryOf(target)
  const handle = await open(temporary, 'wx', old === undefined ? newMode : old.mode & 0o777)
  try {
    try {
      if (old !== undefined) {
        // Owner first: a change of owner may clear bits of the mode.
        await handle.chown(old.uid, old.gid).catch(() => undefined)
        await handle.chmod(old.mode & 0o7777)
      }
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (keptAs !== undefined && old !== undefined) await linkOver(target, keptAs)
    await rename(temporary, target)
  } catch (thrown) {
    await unlink(temporary).catch(() => undefined)
    throw thrown
  }
  await syncFolder(folder)
}

/** Keeps what is in the file now beside it as `file.broken`; the file itself stays. Of a link, where it points to. */
export async function keepAside(file: string): Promise<string> {
  // A second name of the link would lead to the new text.
  const target = await realpath(file)
  const aside = `${target}.broken`
  await unlink(aside).catch(() => undefined)
  await link(target, aside)
  return aside
}

/** A second name for the file, in place of whatever had that name; when that cannot be, all stays as it was. */
async function linkOver(target: string, name: string): Promise<void> {
  const temporary = temporaryOf(target)
  try {
    await link(target, temporary)
    await rename(temporary, name)
  } catch {
    // A file system without second names, or a folder of that name.
  }
  // Left also where both were the same file already, as after a kill at this place: then rename does nothing.
  await unlink(temporary).catch(() => undefined)
}

/** Removes what a write that was killed has left. */
export async function removeLeftovers(file: string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const folder = dirname(target)
  const names = await readdir(folder).catch(() => [])
  const left = names.filter((name) => name.startsWith(temporaryPrefix(target)) && /\.[0-9a-f]{12}$/.test(name))
  for (const name of left) await unlink(join(folder, name)).catch(() => undefined)
}

function temporaryOf(target: string): string {
  return join(dirname(target), `${temporaryPrefix(target)}${randomBytes(6).toString('hex')}`)
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.writing.`
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
