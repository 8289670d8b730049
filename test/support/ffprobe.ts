/** What ffprobe and ffmpeg say of a file that was recorded. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Probed {
  readonly codec: string
  readonly width: number
  readonly height: number
  /** Seconds. */
  readonly duration: number
  readonly packets: number
  /** Seconds between the first and the last picture. */
  readonly span: number
  /** Seconds between two pictures, at most. */
  readonly longestPause: number
}

/** Reads the file from its first to its last frame. Rejects when any of it does not decode. */
export async function playThrough(file: string): Promise<Probed> {
  const fields = 'stream=codec_name,width,height:format=duration:packet=pts_time'
  const { stdout } = await run(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', fields, '-of', 'json', file],
    {
      maxBuffer: 256 * 1024 * 1024,
    },
  )
  // Strict: the first picture that is not whole ends it with an error.
  const { stderr } = await run('ffmpeg', [
    '-v',
    'error',
    '-xerror',
    '-err_detect',
    'explode',
    '-i',
    file,
    '-fps_mode',
    'passthrough',
    // Of the file: two pictures may lie closer than its nominal rate has them.
    '-enc_time_base',
    '-1',
    '-f',
    'null',
    '-',
  ])
  if (stderr.trim() !== '') throw new Error(`${file}: ${stderr}`)
  const { streams, packets, format } = JSON.parse(stdout) as {
    readonly streams: readonly { readonly codec_name: string; readonly width: number; readonly height: number }[]
    readonly packets: readonly { readonly pts_time: string }[]
    readonly format: { readonly duration?: string }
  }
  const [stream] = streams
  if (stream === undefined) throw new Error(`${file} has no picture`)
  const times = packets.map(({ pts_time }) => Number(pts_time)).sort((one, other) => one - other)
  return {
    codec: stream.codec_name,
    width: stream.width,
    height: stream.height,
    duration: Number(format.duration ?? Number.NaN),
    packets: packets.length,
    span: (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN),
    longestPause: Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? time)), 0),
  }
}
