/** A plain grey picture in H.264, made by ffmpeg when it is needed: parameter sets and one key frame, to be repeated. */

import { spawn } from 'node:child_process'

export interface GreyH264Options {
  readonly ffmpeg: string
  readonly environment: Readonly<Record<string, string>>
  readonly width: number
  readonly height: number
}

const TIMEOUT_MS = 5_000

/** Undefined where ffmpeg has no encoder. Never rejects. */
export function greyH264({ ffmpeg, environment, width, height }: GreyH264Options): Promise<Buffer | undefined> {
  const args = [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'quiet', '-threads', '1', '-f', 'lavfi'],
    ...['-i', `color=gray:size=${width}x${height}:rate=1`, '-frames:v', '1', '-pix_fmt', 'yuv420p'],
    // The delimiter ends whatever the camera had begun.
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1', '-x264-params', 'aud=1:info=0'],
    ...['-f', 'h264', 'pipe:1'],
  ]
  return new Promise((resolve) => {
    const child = spawn(ffmpeg, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: environment,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    const parts: Buffer[] = []
    child.once('error', () => resolve(undefined))
    // A child that got no file descriptors has no pipes either.
    child.stdout?.on('data', (part: Buffer) => parts.push(part))
    child.once('close', (code) => resolve(code === 0 && parts.length > 0 ? Buffer.concat(parts) : undefined))
  })
}
