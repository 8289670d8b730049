/** A media service beside a double of MediaMTX, ended after each test; and what the double was asked. */

import { afterEach } from 'vitest'
import type { MediaOptions, MediaService } from '../../src/media/index.js'
import { type DoubleOptions, MediamtxDouble } from '../support/mediamtx-double/index.js'
import { until } from '../support/until.js'
import { type MediaBench, openBench } from './media-bench.js'

export interface DoubleRig {
  bench: MediaBench | undefined
  double: MediamtxDouble | undefined
  open(
    doubleOptions?: DoubleOptions,
    options?: Partial<MediaOptions>,
    devices?: readonly string[],
    prepare?: (bench: MediaBench) => void,
  ): Promise<{ readonly media: MediaService; readonly server: MediamtxDouble }>
}

/** Once per file. */
export function useDouble(): DoubleRig {
  const rig: DoubleRig = {
    bench: undefined,
    double: undefined,
    async open(doubleOptions = {}, options = {}, devices = ['camera0'], prepare = () => undefined) {
      const server = new MediamtxDouble(doubleOptions)
      rig.double = server
      await server.start()
      const bench = openBench({ mode: 'external', apiPort: server.port, compareIntervalMs: 200, ...options }, devices)
      rig.bench = bench
      prepare(bench)
      await bench.media.start(new AbortController().signal)
      await until('it is adopted', () => bench.media.state === 'up')
      return { media: bench.media, server }
    },
  }
  afterEach(async () => {
    await rig.double?.kill()
    await rig.bench?.close()
    rig.bench = undefined
    rig.double = undefined
  })
  return rig
}

export function count(server: MediamtxDouble, call: string): number {
  return server.calls.filter((seen) => seen === call).length
}

export function writes(server: MediamtxDouble): string[] {
  return server.calls.filter((call) => !call.startsWith('GET'))
}
