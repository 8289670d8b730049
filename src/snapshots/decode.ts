/** One picture of one H.264 key frame, by an ffmpeg that lives for it. */

import { spawn } from 'node:child_process'
import { goesAfterUs } from '../base/child.js'
import { isWholeJpeg } from './jpeg.js'

export interface DecodeOptions {
  readonly ffmpeg: string
  /** Where the program is looked for when it is named without a folder. */
  readonly searchPath: string
  /** The child is killed after so long. */
  readonly timeoutMs: number
}

/** Code of what `decodeKeyFrame` throws. */
export const DECODE_FAILED = 'DECODE_FAILED'

const MAX_PICTURE_BYTES = 64 * 1024 * 1024
const MAX_COMPLAINT_CHARS = 1_000
const ARGS: readonly string[] = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-threads', '1'],
  ...['-f', 'h264', '-i', 'pipe:0', '-an', '-frames:v', '1', '-vf', 'scale=out_range=full,format=yuvj420p'],
  ...['-c:v', 'mjpeg', '-threads', '1', '-q:v', '2', '-f', 'mjpeg', 'pipe:1'],
]

/** `h264`: one access unit with its parameter sets. The picture is a whole JPEG. Rejects with an Error of code DECODE_FAILED. */
export function decodeKeyFrame(h264: Buffer, options: DecodeOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.ffmpeg, ARGS, {
      stdio: 'pipe',
      env: { PATH: options.searchPath, LANG: 'C.UTF-8' },
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    })
    goesAfterUs(child)
    const parts: Buffer[] = []
    let bytes = 0
    let complaint = ''
    child.once('error', (error) => reject(failed(`ffmpeg cannot be started: ${error.message}`)))
    // A child that got no file descriptors has no pipes either.
    child.stdout?.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > MAX_PICTURE_BYTES) child.kill('SIGKILL')
      else parts.push(part)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)
    })
    child.once('close', (code, signal) => {
      const picture = Buffer.concat(parts)
      if (code === 0 && isWholeJpeg(picture)) resolve(picture)
      else reject(failed(complaint.trim() || `ffmpeg made no picture (${signal ?? code})`))
    })
    // A child that dies early closes its end first; its exit says why.
    child.stdin?.once('error', () => undefined)
    child.stdin?.end(h264)
  })
}

function failed(message: string): Error {
  return Object.assign(new Error(message), { code: DECODE_FAILED })
}
