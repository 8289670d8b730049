/** Load shedding (reliability-security §1.3): what is watched, and what is given up beside the WebSockets. */

import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '../base/clock.js'
import { type Load, LoadWatch, loopActivity } from '../base/load.js'
import type { Logger } from '../base/logger.js'
import type { Cameras } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import type { HttpServer } from '../http/index.js'
import type { Snapshots } from '../snapshots/index.js'
import { loadThresholds } from './load-thresholds.js'
import type { RpcFace } from './rpc-face.js'

export interface LoadContext {
  readonly config: Config
  readonly viewers: Pick<Cameras['viewers'], 'limitRate'>
  readonly snapshots: Pick<Snapshots, 'queueUsedPercent'>
  readonly face: () => Pick<RpcFace, 'load' | 'setLoad'> & { readonly server: Pick<HttpServer, 'heldBytes'> }
  readonly clock: Clock
  readonly logger: Logger
}

export interface LoadPart {
  readonly watch: LoadWatch
  /** Of all threads. */
  load(): Load
}

/** A viewer then sees that the camera lives, and no more. */
const MJPEG_FPS = 1

export function watchLoad({ config, viewers, snapshots, face, clock, logger }: LoadContext): LoadPart {
  const log = logger.child({ component: 'load' })
  const available = availableBytes()
  // One object for all samples.
  const usedPercent = { memory: 0, 'the heap': 0, 'the memory for slow readers': 0, 'the queue of snapshots': 0 }
  const watch = new LoadWatch({
    thresholds: loadThresholds(config),
    usedPercent: () => {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
      const bytes = residentBytes()
      if (bytes !== undefined) usedPercent.memory = (bytes / (config.performance.load_shedding.memory_cap ?? available)) * 100
      usedPercent['the heap'] = (used / limit) * 100
      usedPercent['the memory for slow readers'] = (face().server.heldBytes / config.server.send_buffer_total) * 100
      usedPercent['the queue of snapshots'] = snapshots.queueUsedPercent
      return usedPercent
    },
    busy: loopActivity(),
    onChange({ stage, reasons }) {
      face().setLoad(stage)
      viewers.limitRate(stage === 2 ? MJPEG_FPS : 0)
      if (stage === 0) log.info({}, 'the load is bearable again')
      else log.warn({ stage, reasons }, 'too much load: nobody new is let in and nothing costly is begun')
    },
    clock,
  })
  return {
    watch,
    load(): Load {
      const stage = face().load()
      return stage <= watch.load.stage ? watch.load : { stage, reasons: ['a thread with connections comes late to its turns'] }
    },
  }
}

/** Undefined while there is no file descriptor to ask the system with. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}

/** What the control group gives the process, else the memory of the machine. Asked once: it reads files. */
function availableBytes(): number {
  const constrained = process.constrainedMemory() ?? 0
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}
