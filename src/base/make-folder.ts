/** Folders that are made when they are missing. Node's recursive way never ends where nothing can be made: in /proc, below an automounter. */

import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes `dir` and what is missing above it, with `mode` less the process's mask. Rejects with what the system says. */
export async function makeFolder(dir: string, mode = 0o777): Promise<void> {
  const refusal = await refusalOf(dir, mode)
  if (refusal === undefined) return
  if (!mayLackParent(refusal, dir)) throw refusal
  await makeFolder(dirname(dir), mode)
  const last = await refusalOf(dir, mode)
  if (last !== undefined) throw last
}

/** As `makeFolder`, for threads that may wait. */
export function makeFolderSync(dir: string, mode = 0o777): void {
  const refusal = refusalSync(dir, mode)
  if (refusal === undefined) return
  if (!mayLackParent(refusal, dir)) throw refusal
  makeFolderSync(dirname(dir), mode)
  const last = refusalSync(dir, mode)
  if (last !== undefined) throw last
}

/** Why there is no such folder now; undefined when there is, whoever made it. */
async function refusalOf(dir: string, mode: number): Promise<unknown> {
  try {
    await mkdir(dir, mode)
  } catch (thrown) {
    const found = await stat(dir).catch(() => undefined)
    if (found?.isDirectory() !== true) return thrown
  }
  return undefined
}

function refusalSync(dir: string, mode: number): unknown {
  try {
    mkdirSync(dir, mode)
  } catch (thrown) {
    if (!isFolderSync(dir)) return thrown
  }
  return undefined
}

function isFolderSync(dir: string): boolean {
  try {
    return statSync(dir).isDirectory()
  } catch {
    return false
  }
}

function mayLackParent(thrown: unknown, dir: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT' && dirname(dir) !== dir
}
