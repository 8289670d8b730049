/** What a snapshot request asks of the newest frame: nothing (the JPEG goes to disk as it is) or work for a worker. Pure. */

import { invalidParam, type ServiceError } from '../base/errors.js'

export type SnapshotFormat = 'jpg' | 'png' | 'webp' | 'bmp'

export interface TakeSnapshotParams {
  readonly device: string
  readonly filename?: string
  readonly format?: 'jpg' | 'jpeg' | 'png'
  /** 1 to 100; meaningless for PNG. */
  readonly quality?: number
  readonly max_width?: number
  readonly max_height?: number
}

export interface SnapshotDefaults {
  /** When neither the call nor its file name says one. */
  readonly format: SnapshotFormat
  readonly quality: number
  readonly maxWidthPx: number
  readonly maxHeightPx: number
}

/** Work on the pixels. */
export interface Conversion {
  readonly format: SnapshotFormat
  readonly quality: number
  readonly maxWidthPx: number
  readonly maxHeightPx: number
}

export interface SnapshotPlan {
  readonly format: SnapshotFormat
  /** File name wanted by the caller, with extension; undefined: made from the pattern. */
  readonly filename: string | undefined
  /** Undefined: the frame is kept unchanged. */
  readonly conversion: Conversion | undefined
}

const EXTENSIONS: Readonly<Record<string, SnapshotFormat>> = { jpg: 'jpg', jpeg: 'jpg', png: 'png', webp: 'webp', bmp: 'bmp' }
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const FORBIDDEN = /[<>:"|?*/\\\u0000-\u001f\u007f]/

/** Throws INVALID_PARAMS. `frame`: size of the frames the camera delivers. */
export function planSnapshot(
  params: TakeSnapshotParams,
  frame: { readonly width: number; readonly height: number },
  defaults: SnapshotDefaults,
): SnapshotPlan {
  const named = params.filename === undefined ? undefined : checkFilename(params.filename)
  const extension = named === undefined ? undefined : EXTENSIONS[extensionOf(named)]
  const asked = params.format === undefined ? undefined : EXTENSIONS[params.format]
  if (asked !== undefined && extension !== undefined && asked !== extension) {
    throw invalidParam(
      'filename',
      `extension of the format (.${asked})`,
      'leave out format or the extension',
      `the file name ends as ${extension}, the format is ${asked}`,
    )
  }
  const format = asked ?? extension ?? defaults.format
  const filename = named === undefined || extension !== undefined ? named : `${named}.${format}`
  if (filename !== undefined && filename.length > MAX_NAME) throw tooLong()

  const maxWidthPx = params.max_width ?? defaults.maxWidthPx
  const maxHeightPx = params.max_height ?? defaults.maxHeightPx
  const untouched = format === 'jpg' && params.quality === undefined && frame.width <= maxWidthPx && frame.height <= maxHeightPx
  return {
    format,
    filename,
    conversion: untouched ? undefined : { format, quality: params.quality || defaults.quality, maxWidthPx, maxHeightPx },
  }
}

/** `name` with the extension of `format`, whatever extension it had. */
export function withExtension(name: string, format: SnapshotFormat): string {
  const known = EXTENSIONS[extensionOf(name)]
  return known === undefined ? `${name}.${format}` : `${name.slice(0, name.lastIndexOf('.'))}.${format}`
}

const MAX_NAME = 255

function checkFilename(filename: string): string {
  if (filename.length === 0 || Buffer.byteLength(filename) > MAX_NAME) throw tooLong()
  if (filename.includes('..') || FORBIDDEN.test(filename) || filename.startsWith('.')) {
    throw invalidParam(
      'filename',
      'a plain file name',
      'no "..", no path separator, none of < > : " | ? *, no control character, no leading dot',
      'the name could leave the folder or upset a file system',
    )
  }
  return filename
}

function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf('.')
  return dot === -1 ? '' : filename.slice(dot + 1).toLowerCase()
}

function tooLong(): ServiceError {
  return invalidParam('filename', '1 to 255 characters', 'send a shorter name, or none', 'the name is empty or too long')
}
