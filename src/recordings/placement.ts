/** Gives a file under way its name among the recordings: none is ever written over, and no two go by the same name. */

import { access, link, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../base/errors.js'
import { candidateName } from '../base/file-pattern.js'
import { makeFolder } from '../base/make-folder.js'
import { EXTENSIONS } from './index-store/types.js'

/** Names tried when others have them. */
const MAX_NAMES = 1_000
/** File systems without hard links: FAT, some network ones. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV'])

export class Placement {
  /** Names being given: a name counts for all extensions, the file system only keeps one apart. */
  readonly #busy = new Set<string>()

  /**
   * Moves `source` to `<dir>/<stem>[-n].<extension>`. The stem it got, which none has in `elsewhere` either. Rejects with what the
   * system says.
   */
  async place(source: string, dir: string, stem: string, extension: string, elsewhere?: string): Promise<string> {
    await makeFolder(dir)
    for (let attempt = 1; attempt <= MAX_NAMES; attempt += 1) {
      const candidate = candidateName(stem, attempt)
      const key = join(dir, candidate)
      if (this.#busy.has(key)) continue
      this.#busy.add(key)
      try {
        if (elsewhere !== undefined && (await isTaken(join(elsewhere, candidate)))) continue
        if ((await isTaken(key)) || !(await moveTo(source, `${key}.${extension}`))) continue
        return candidate
      } finally {
        this.#busy.delete(key)
      }
    }
    throw new ServiceError('INVALID_PARAMS', {
      data: { param: 'filename', rule: 'a free name', hint: 'choose another name' },
      details: 'too many files of this name exist',
    })
  }
}

async function isTaken(key: string): Promise<boolean> {
  const looks = EXTENSIONS.recording.map((extension) =>
    access(`${key}.${extension}`).then(
      () => true,
      () => false,
    ),
  )
  return (await Promise.all(looks)).includes(true)
}

/** False when somebody has the name. The writer's descriptor goes with the file. */
async function moveTo(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target)
    await unlink(source)
    return true
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false
    if (!(thrown instanceof Error && 'code' in thrown && NO_LINKS.has(String(thrown.code)))) throw thrown
  }
  try {
    // Takes the name, then replaces what took it.
    await (await open(target, 'wx')).close()
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false
    throw thrown
  }
  await rename(source, target)
  return true
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
