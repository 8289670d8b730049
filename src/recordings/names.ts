/** Names that clients send. They reach the disk only through here, and files only through the index. Pure. */

import { invalidParam } from '../base/errors.js'

const MAX_BYTES = 255
/** Room for `-999` and the extension. */
const MAX_BASE_BYTES = 240
const RULE = '1 to 255 characters, no "..", no path separator, none of < > : " | ? *, no control characters'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const FORBIDDEN = /[<>:"|?*/\\\u0000-\u001f\u007f-\u009f]/
/** Of a name that is yet to be. */
const BASE_RULE = `${RULE}, no "%", no leading dot, at most ${MAX_BASE_BYTES} bytes without extension`
/** Half a character: the disk would get another name than the one answered. */
const TORN = /\p{Surrogate}/u
/** Endings under which clients know a recording, all for what is on the disk. */
const RECORDING_ENDINGS = /\.(?:mp4|fmp4|mkv|ts|avi)$/i

/** The name of an existing file as it was sent. Throws INVALID_PARAMS. */
export function checkFileName(filename: string): string {
  const bytes = Buffer.byteLength(filename)
  if (bytes === 0 || bytes > MAX_BYTES) throw refused('the name is empty or too long')
  if (filename.includes('..') || FORBIDDEN.test(filename) || TORN.test(filename)) throw refused('the name could leave the folder')
  return filename
}

/** The base name for a new recording; an extension is dropped. Throws INVALID_PARAMS. */
export function checkBaseName(filename: string): string {
  const base = checkFileName(filename).replace(RECORDING_ENDINGS, '')
  // A leading dot hides the file; what programs take for a pattern is no name.
  if (base === '' || base.startsWith('.') || base.includes('%')) throw refusedBase('the name is hidden, or a pattern')
  if (Buffer.byteLength(base) > MAX_BASE_BYTES) throw refusedBase(`the name is longer than ${MAX_BASE_BYTES} bytes`)
  return base
}

/** A recording goes by its name without extension; some clients send one all the same. */
export function recordingStems(filename: string): readonly string[] {
  const short = filename.replace(RECORDING_ENDINGS, '')
  return short === filename || short === '' ? [filename] : [filename, short]
}

function refused(details: string) {
  return invalidParam('filename', RULE, 'send a name of a list', details)
}

function refusedBase(details: string) {
  return invalidParam('filename', BASE_RULE, 'send another name, or none', details)
}
