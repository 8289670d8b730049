/** Words of the file index. Plain data: it crosses between threads. */

import { isAbsolute, join } from 'node:path'

export type FileKind = 'recording' | 'snapshot'

export const FILE_KINDS: readonly FileKind[] = ['recording', 'snapshot']

/** One file as it is on the disk, with what is known beyond that. */
export interface IndexedFile {
  readonly kind: FileKind
  /** Folder below the root of its kind; empty: the root itself; absolute: one of the fallback, see `folderOf`. */
  readonly dir: string
  /** With extension. */
  readonly name: string
  readonly sizeBytes: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  /** By which lists are sorted; milliseconds since 1970. */
  readonly createdMs: number
  readonly durationMs?: number
  /** Id of the recording it is a segment of. */
  readonly recording?: string
}

/** What only the writer of a file knows. */
export interface FileFacts {
  readonly createdMs?: number
  readonly durationMs?: number
  readonly recording?: string
}

export interface FilePlace {
  readonly kind: FileKind
  readonly dir: string
  readonly name: string
}

/** Where the files of `dir` lie. Those that were written to the fallback, while the root could not be written, have an absolute one. */
export function folderOf(root: string, dir: string): string {
  return isAbsolute(dir) ? dir : join(root, dir)
}

export interface FilePage {
  readonly files: readonly IndexedFile[]
  readonly total: number
}

export interface KindTotals {
  readonly files: number
  readonly bytes: number
}

/** Extensions of the files that are listed, in lower case. */
export const EXTENSIONS: Readonly<Record<FileKind, readonly string[]>> = {
  recording: ['mp4', 'mkv', 'ts', 'fmp4', 'avi'],
  snapshot: ['jpg', 'jpeg', 'png', 'webp', 'bmp'],
}

/** Hidden files and those under way are none. */
export function isListed(kind: FileKind, name: string): boolean {
  return !name.startsWith('.') && EXTENSIONS[kind].includes(extensionOf(name))
}

/** In lower case, without the dot; empty when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** Names under which a file that goes by `stem` may lie on the disk. */
export function namesOf(kind: FileKind, stem: string): readonly string[] {
  const endings = EXTENSIONS.recording.flatMap((extension) => [extension, extension.toUpperCase()])
  const names = kind === 'snapshot' ? [stem] : endings.map((ending) => `${stem}.${ending}`)
  return names.filter((name) => isListed(kind, name))
}

/** A recording goes by its name without the extension, a snapshot by all of it. */
export function stemOf(kind: FileKind, name: string): string {
  const dot = name.lastIndexOf('.')
  return kind === 'snapshot' || dot <= 0 ? name : name.slice(0, dot)
}
