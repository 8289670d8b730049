/** Devices that stream, and one that hangs, on a machine without cameras: the benches' library, in a /dev of its own. Needs root. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'

const BENCH = join(import.meta.dirname, '../../bench')
/** Nodes begin with this one. */
export const FIRST_NODE = 70

export interface SimulatedCameras {
  /** In front of a command. */
  readonly wrapper: readonly string[]
  remove(): void
}

/**
 * `hanging`: number of the node whose stream start never returns. `pictures`: what they show, JPEGs with the same number of bytes; a plain
 * one of 640x480 otherwise.
 */
export async function simulatedCameras(options: {
  readonly count: number
  readonly hanging?: number
  readonly pictures?: readonly Buffer[]
}): Promise<SimulatedCameras> {
  execFileSync('make', ['-s', '-C', BENCH, 'out/camera_shim.so'])
  const folder = mkdtempSync(join(tmpdir(), 'simulated-'))
  const background = { width: 640, height: 480, channels: 3, background: 'teal' } as const
  const pictures = options.pictures ?? [await sharp({ create: background }).jpeg().toBuffer()]
  const file = join(folder, 'frames.bin')
  writeFileSync(file, Buffer.concat(pictures))
  const settings = {
    NODES: options.count,
    SHIM_FRAMES: file,
    SHIM_FRAME_BYTES: pictures[0]?.length ?? 0,
    ...(options.hanging !== undefined && { SHIM_HANG: options.hanging }),
  }
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return {
    wrapper: ['env', ...assignments, join(BENCH, 'support/own-dev.sh'), join(BENCH, 'out/camera_shim.so')],
    remove: () => rmSync(folder, { recursive: true }),
  }
}
