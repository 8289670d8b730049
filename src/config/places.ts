/** Folders and files that were configured must be usable at start, not at the first recording at night. */

import { accessSync, constants, statSync } from 'node:fs'
import { dirname, isAbsolute, normalize, resolve } from 'node:path'
import type { Place } from './keys.js'
import type { Setting } from './setting.js'

export interface BrokenPlace {
  readonly rule: string
  readonly remedy: string
}

/**
 * The absolute path, or what is wrong with it. Paths in a file must be absolute and normalised, and their folders exist; a
 * variable may be relative to the working directory, and its folder is made at start, as is the state directory.
 */
export function checkPlace(place: Place, setting: Setting, workingDir: string): string | BrokenPlace {
  const written = String(setting.value)
  if (setting.from === 'file' && !(isAbsolute(written) && samePath(written, normalize(written)))) {
    return { rule: 'the path must be absolute and normalised', remedy: 'write it from the root, without . and ..' }
  }
  const path = resolve(workingDir, written)
  if (place.is === 'folder') return checkFolder(path, setting.from !== 'file' || place.below === undefined) ?? path
  if (place.is === 'own-file' && kindOf(path) === 'missing') {
    return checkFolder(dirname(path), setting.from !== 'file') ?? path
  }
  if (kindOf(path) !== 'file') return { rule: 'there is no such file', remedy: 'correct the path or leave the key out' }
  const program = place.is === 'program'
  if (!allowed(path, program ? constants.X_OK : constants.R_OK)) {
    return { rule: `the file cannot be ${program ? 'run' : 'read'} by this user`, remedy: 'change its mode or owner' }
  }
  return path
}

/** Nothing when files can be written into the folder, or the folder can be made. */
export function checkFolder(path: string, mayBeMade: boolean): BrokenPlace | undefined {
  const kind = kindOf(path)
  if (kind === 'other' || kind === 'file') return { rule: 'the path is not a folder', remedy: 'name a folder' }
  if (kind === 'folder') {
    if (allowed(path, constants.W_OK | constants.X_OK)) return undefined
    return { rule: 'the folder cannot be written by this user', remedy: 'change its mode or owner' }
  }
  if (!mayBeMade) return { rule: 'the folder does not exist', remedy: 'make it, or leave the key out' }
  const above = dirname(path)
  return above === path ? undefined : checkFolder(above, true)
}

function kindOf(path: string): 'folder' | 'file' | 'other' | 'missing' {
  try {
    const found = statSync(path)
    if (found.isDirectory()) return 'folder'
    return found.isFile() ? 'file' : 'other'
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT' ? 'missing' : 'other'
  }
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/** A slash at the end changes nothing. */
function samePath(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '')
}
