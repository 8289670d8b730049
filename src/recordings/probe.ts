/** How long a file plays, asked of ffprobe: for files that somebody else wrote, or whose writer was killed. */

import { execFile } from 'node:child_process'
import { basename, dirname, join } from 'node:path'

export interface Prober {
  readonly ffprobe: string
  readonly environment: Readonly<Record<string, string>>
}

const DEADLINE_MS = 10_000
const MAX_OUTPUT_BYTES = 64 * 1024
const MS_PER_SECOND = 1_000

/** The program beside the configured ffmpeg. */
export function ffprobeBeside(ffmpeg: string): string {
  return ffmpeg.includes('/') ? join(dirname(ffmpeg), basename(ffmpeg).replace('ffmpeg', 'ffprobe')) : 'ffprobe'
}

/** Milliseconds; undefined when it cannot be found out. Never rejects. */
export function probeDurationMs(prober: Prober, file: string): Promise<number | undefined> {
  // The protocol keeps a name such as `concat:x` a name.
  const args = [
    '-v',
    'error',
    '-show_entries',
    'format=duration',
    '-of',
    'csv=p=0',
    '-protocol_whitelist',
    'file',
    `file:${file}`,
  ]
  const options = {
    timeout: DEADLINE_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    killSignal: 'SIGKILL',
    env: { ...prober.environment },
  } as const
  const asked = new Promise<number | undefined>((resolve) => {
    execFile(prober.ffprobe, args, options, (_error, stdout) => {
      const seconds = Number.parseFloat(stdout)
      resolve(Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * MS_PER_SECOND) : undefined)
    })
  })
  // Without memory for a process the call itself throws.
  return asked.catch(() => undefined)
}
