/** ffmpeg as a client: every warning counts, of the container and of the pictures. */

import { run } from './support.js'

export interface FfmpegOutcome {
  readonly code: number | null
  readonly stderr: string
  readonly frames: number
  readonly isWhole: boolean
}

/** Reads so many frames of an input, decodes them and says how many there were; `onFrames` hears it as they come. */
export async function readWithFfmpeg(
  input: readonly string[],
  frames: number,
  onFrames: (count: number) => void = () => undefined,
): Promise<FfmpegOutcome> {
  const words = ['-v', 'warning', '-nostdin', '-progress', 'pipe:1', '-stats_period', '0.1', ...input]
  const { code, stdout, stderr } = await run('ffmpeg', [...words, '-frames:v', String(frames), '-f', 'null', '-'], {
    onOutput: (progress) => onFrames(framesIn(progress)),
  })
  return { code, stderr, frames: framesIn(stdout), isWhole: /^progress=end$/m.test(stdout) }
}

export const wellReadByFfmpeg = (frames: number): FfmpegOutcome => ({ code: 0, stderr: '', frames, isWhole: true })

const framesIn = (progress: string): number => Number([...progress.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0)
