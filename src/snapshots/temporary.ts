/** Names of files under way, and the removal of those whose writer died. */

import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Ours, and the core's on file systems without nameless files. The number is the writer's process or thread. */
const UNDER_WAY = [/\.(\d+)-[a-z0-9]+\.part$/, /^\.frame-(\d+)-\d+\.part$/]

/** A name in the same folder that nobody else uses. */
export function temporaryName(file: string): string {
  return `${file}.${process.pid}-${Math.random().toString(36).slice(2)}.part`
}

/** Removes what a thread of ours has left of one file. Never rejects. */
export async function removeParts(dir: string, name: string): Promise<void> {
  const names = await readdir(dir).catch(() => [])
  const left = names.filter((each) => each.startsWith(`${name}.${process.pid}-`) && each.endsWith('.part'))
  for (const each of left) await unlink(join(dir, each)).catch(() => undefined)
}

/** Removes what died with its writer, in `dir` and its folders. To be called before anything is written. Never rejects. */
export async function removeLeftovers(dir: string, isAlive: (pid: number) => boolean = lives): Promise<void> {
  // A folder that cannot be read has nothing that could be removed.
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const pid = UNDER_WAY.map((pattern) => pattern.exec(entry.name)?.[1]).find((digits) => digits !== undefined)
    if (pid === undefined || !entry.isFile() || isAlive(Number(pid))) continue
    await unlink(join(entry.parentPath, entry.name)).catch(() => undefined)
  }
}

/** In a container every run may have the same number: what bears ours was not written by us, who only begin. */
function lives(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
