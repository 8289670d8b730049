import { expect, it, vi } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { Recording } from '../../../src/recordings/recording.js'
import type { RecordingOptions } from '../../../src/recordings/recording-options.js'
import type { Segments } from '../../../src/recordings/segments.js'
import type { Writer } from '../../../src/recordings/writers/writer.js'
import { FakeClock } from '../../support/fake-clock.js'

/** A recording that has no files, with a disk that can be made to hang. */
function setUp() {
  let answer: (() => void) | undefined
  const disk = { hangs: false, answer: () => answer?.() }
  const segments = {
    ...{ list: [], journal: [], sizeBytes: 0, closeAll: async () => undefined, clean: async () => undefined },
    look: async () => ({ added: [], lost: [], isTorn: false }),
    prepare: () => (disk.hangs ? new Promise<void>((resolve) => (answer = resolve)) : Promise.resolve()),
  } as unknown as Segments
  const writer = { kind: 'ffmpeg', start: async () => undefined, stop: async () => undefined } as unknown as Writer
  const changed = vi.fn(async () => undefined)
  const clock = new FakeClock()
  const options: RecordingOptions<Recording> = {
    ...{ id: 'one', device: 'camera0', identity: 'usb', format: 'mp4', filename: 'clip', named: false },
    ...{ startedMs: clock.wallMs(), deadlineMs: clock.wallMs() + 60_000, inFallback: false },
    ...{ segments, clock, startTimeoutMs: 1_000, progressMs: 1_000, maxRestarts: 3, maxFileBytes: 1e9 },
    makeWriter: () => writer,
    logger: createLogger({ level: 'silent', format: 'json', write: () => undefined }),
    listener: {
      ...{ changed, segmentsChanged: () => undefined, interrupted: () => undefined, resumed: () => undefined },
      ...{ progress: () => undefined, ended: () => undefined },
    },
    hasRoom: async () => true,
    toFallback: async () => true,
  }
  return { recording: new Recording(options), disk, changed }
}

it('a recording that is ended while its new folder is made is not noted again', async () => {
  const { recording, disk, changed } = setUp()
  await recording.resume(0)
  disk.hangs = true
  const moving = recording.moveAway()
  await vi.waitFor(() => expect(recording.inFallback).toBe(true))
  await recording.stop()
  changed.mockClear()
  disk.answer()
  await moving
  expect(recording.state).toBe('ended')
  expect(changed).not.toHaveBeenCalled()
})
