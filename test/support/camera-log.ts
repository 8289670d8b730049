/** The log file of the camera face. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { ask } from './raw-http.js'
import type { RunningService } from './service.js'

let marks = 0

/** All that was said until now. Lines are written in the background, in order, so it waits for one of its own (level info). */
export async function cameraLog(service: Pick<RunningService, 'stateDir' | 'cameraPort'>): Promise<string> {
  marks += 1
  const mark = `/mark-${marks}-`
  await ask(service.cameraPort, 'GET', mark)
  const read = (): string => readFileSync(join(service.stateDir, 'camera_stream.log'), 'utf8')
  await vi.waitFor(() => expect(read()).toContain(mark))
  return read()
}

/** How often the camera has begun to stream. */
export async function streamStarts(service: Pick<RunningService, 'stateDir' | 'cameraPort'>, device: string): Promise<number> {
  return (await cameraLog(service)).split(`main.CameraManager.${device} - INFO - camera streams`).length - 1
}
