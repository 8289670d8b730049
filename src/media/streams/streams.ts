/** The streaming methods of the contract on top of the link and the publications. */

import { type Clock, timestamp, wait } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import { Rendered } from '../../base/rendered.js'
import { mediamtxUnavailable } from '../api/failures.js'
import type { RuntimePath, ServerPorts } from '../api/wire.js'
import type { Publication, Publications } from '../publish/publications.js'
import type { PublisherStatus } from '../publish/publisher.js'
import type { ServerLink } from '../server/link.js'
import { describeStream } from './describe.js'
import type { KeptStreams } from './kept.js'
import { DEFAULT_TEMPLATES, type LinkTemplates, type StreamLinks, streamLinks } from './links.js'
import type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './shapes.js'
import { Throughput } from './throughput.js'

export interface StreamsOptions {
  readonly link: Pick<ServerLink, 'state' | 'detail' | 'server' | 'paths' | 'look' | 'lookLately'>
  readonly publications: Publications
  readonly kept: Pick<KeptStreams, 'keep' | 'drop'>
  /** Whether this camera is known at all. */
  readonly exists: (device: string) => boolean
  /** Whether it is a stream that MediaMTX fetches, rather than a camera that is published. */
  readonly isSource: (device: string) => boolean
  /** Whether a path is recorded. */
  readonly isRecorded: (path: string) => boolean
  /** Where this machine reads a path. */
  readonly address: (path: string) => string
  /** How long MediaMTX keeps a stream that nobody reads any more. */
  readonly sourceCloseAfterMs: number
  /** Whether a path is ours. */
  readonly owns: (path: string) => boolean
  /** Cameras that can be fed now. */
  readonly present: () => ReadonlySet<string>
  readonly templates: LinkTemplates
  readonly closeAfterMs: number
  readonly startTimeoutMs: number
  readonly clock: Clock
}

const LOOK_FIRST_MS = 20
const LOOK_MAX_MS = 100
const GONE_MS = 500
/** Why a stream goes on after `stop`. */
const READ_ON = 'others still read this stream'
const RECORDED_ON = 'it is being recorded'

export class Streams {
  readonly #options: StreamsOptions
  readonly throughput: Throughput
  /** Calls of `start` under way. */
  readonly #starting = new Map<string, number>()
  /** What `list` answered last, and of what. */
  #listed = { of: [] as readonly RuntimePath[], list: new Rendered<readonly StreamEntry[]>([]) }

  constructor(options: StreamsOptions) {
    this.#options = options
    this.throughput = new Throughput(options.clock)
  }

  async start(device: string, host: string): Promise<StartedStream> {
    const { publications, closeAfterMs } = this.#options
    const ports = this.#ports(device)
    if (this.#options.isSource(device)) return this.#startSource(device, this.#links(device, host, ports).rtsp)
    if (!this.#options.present().has(device)) {
      throw new ServiceError('INVALID_STATE', {
        data: { state: 'DISCONNECTED', allowed_states: ['CONNECTED'] },
        details: `${device} is not there`,
        suggestion: 'plug the camera in and call again',
      })
    }
    const before = publications.demand.wanted(device)
    publications.demand.touch(device)
    publications.settle(device)
    this.#starting.set(device, (this.#starting.get(device) ?? 0) + 1)
    try {
      const path = await this.#available(device)
      // What was stopped meanwhile is not owed any more.
      if (publications.demand.wanted(device)) await this.#options.kept.keep(device)
      return {
        device,
        stream_name: device,
        stream_url: this.#links(device, host, ports).rtsp,
        status: 'STARTED',
        start_time: this.#startTime(path, publications.get(device)),
        auto_close_after: `${Math.round(closeAfterMs / 1000)}s`,
        ffmpeg_command: publications.get(device)?.publisher.status().command ?? '',
      }
    } catch (thrown) {
      // As before the call, unless another one still waits for the same stream.
      if (!before && this.#starting.get(device) === 1) publications.demand.release(device)
      throw thrown
    } finally {
      this.#starting.set(device, (this.#starting.get(device) ?? 1) - 1)
    }
  }

  async stop(device: string): Promise<StoppedStream> {
    const { publications, link } = this.#options
    this.#ports(device)
    const publication = publications.get(device)
    const path = link.paths.get(device)
    if (publication === undefined && path?.available !== true) {
      throw new ServiceError('INVALID_STATE', {
        data: { state: 'INACTIVE', allowed_states: ['ACTIVE', 'STARTING', 'ERROR'] },
        details: `nothing streams ${device}`,
        suggestion: 'call start_streaming first',
      })
    }
    const startTime = this.#startTime(path, publication)
    if (this.#options.isSource(device)) return await this.#stopSource(device, startTime)
    // At once, so that calls take effect in their order; who reads is looked at before the publisher is ended.
    publications.demand.release(device)
    await Promise.all([this.#options.kept.drop(device), link.look()])
    this.#ports(device)
    publications.settle(device)
    const continues = publications.get(device)?.publisher.wanted === true
    if (!continues) {
      await publications.ended(device)
      await this.#gone(device)
    }
    if (!continues) return this.#stopped(device, startTime)
    return this.#stopped(device, startTime, publications.demand.active(device) ? READ_ON : RECORDED_ON)
  }

  url(device: string, host: string): StreamUrl {
    const ports = this.#ports(device)
    const path = this.#options.link.paths.get(device)
    const failing = this.#options.publications.get(device)?.publisher.status()
    const available = path?.available === true
    return {
      device,
      stream_name: device,
      stream_url: this.#links(device, host, ports).rtsp,
      available,
      active_consumers: path?.readers.length ?? 0,
      stream_status: available ? 'READY' : failing?.state === 'waiting' && failing.failure !== undefined ? 'ERROR' : 'NOT_READY',
    }
  }

  async status(device: string): Promise<StreamStatus> {
    this.#ports(device)
    const { publications, link, clock } = this.#options
    await link.look()
    this.#ports(device)
    const path = link.paths.get(device)
    const publication = publications.get(device)
    const child = publication?.publisher.status()
    if (child === undefined && path?.available !== true) {
      throw new ServiceError('STREAM_NOT_FOUND', {
        data: { resource: 'stream', id: device },
        details: `nothing streams ${device}`,
      })
    }
    const running = child?.pid !== undefined
    return {
      device,
      stream_name: device,
      status: statusWord(child, path),
      ready: path?.available === true,
      ffmpeg_process: {
        running,
        pid: child?.pid ?? 0,
        uptime: Math.max(0, Math.floor((clock.wallMs() - (child?.startedWallMs ?? clock.wallMs())) / 1000)),
      },
      mediamtx_path: { exists: path !== undefined, ready: path?.available === true, readers: path?.readers.length ?? 0 },
      metrics: {
        bytes_sent: path?.outboundBytes ?? 0,
        frames_sent: child?.progress.frames ?? 0,
        bitrate: this.throughput.bitsPerSecond(device),
        fps: Math.round(child?.progress.fps ?? 0),
      },
      start_time: this.#startTime(path, publication),
      ...problemOf(child),
    }
  }

  /** Our paths, in the order of the server's list; as they were a moment ago, at most. Rendered once for all who ask meanwhile. */
  async list(): Promise<Rendered<readonly StreamEntry[]>> {
    this.#ports(undefined)
    await this.#options.link.lookLately()
    this.#ports(undefined)
    const paths = [...this.#options.link.paths.values()].filter((path) => this.#options.owns(path.name))
    const { of, list } = this.#listed
    if (paths.length === of.length && paths.every((path, at) => path === of[at])) return list
    this.#listed = { of: paths, list: new Rendered(paths.map(entryOf)) }
    return this.#listed.list
  }

  /** Empty while there is no server, or the camera has no path there. */
  links(device: string, host: string): Partial<StreamLinks> {
    const { server, paths } = this.#options.link
    return server !== undefined && paths.has(device) ? this.#links(device, host, server.ports) : {}
  }

  /** Undefined while there is no server, the path is not there, or HLS is off. */
  playlist(device: string, host: string): string | undefined {
    const { server, paths } = this.#options.link
    return server !== undefined && paths.has(device) ? streamLinks(device, host, server.ports, DEFAULT_TEMPLATES).hls : undefined
  }

  #links(device: string, host: string, ports: ServerPorts): StreamLinks {
    return streamLinks(device, host, ports, this.#options.templates)
  }

  /** The gate of every method: the camera is known and MediaMTX is up. Answers at once, from memory. */
  #ports(device: string | undefined): ServerPorts {
    if (device !== undefined && !this.#options.exists(device)) {
      throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device }, details: `no camera ${device}` })
    }
    const { link } = this.#options
    if (link.server === undefined) throw mediamtxUnavailable(link.detail)
    return link.server.ports
  }

  /** MediaMTX fetches it while somebody reads, so all there is to do is to see that it can be read. */
  async #startSource(device: string, url: string): Promise<StartedStream> {
    const { link, address, startTimeoutMs, sourceCloseAfterMs } = this.#options
    try {
      await describeStream(address(device), startTimeoutMs)
    } catch (thrown) {
      const detail = `${device}: ${errorText(thrown)}`
      throw new ServiceError('DEPENDENCY_FAILED', {
        data: { dependency: 'MediaMTX', detail },
        details: detail,
        suggestion: 'check that the machine that streams is on and reachable, and its user name and password',
        cause: thrown,
      })
    }
    await link.look()
    return {
      device,
      stream_name: device,
      stream_url: url,
      status: 'STARTED',
      start_time: this.#startTime(link.paths.get(device), undefined),
      auto_close_after: `${Math.round(sourceCloseAfterMs / 1000)}s`,
      ffmpeg_command: '',
    }
  }

  /** It ends by itself when nobody reads it; who reads it is not thrown out. */
  async #stopSource(device: string, startTime: string): Promise<StoppedStream> {
    const { link, isRecorded } = this.#options
    // Who has left since the last look does not read on.
    await link.look()
    if (isRecorded(device)) return this.#stopped(device, startTime, RECORDED_ON)
    return this.#stopped(device, startTime, (link.paths.get(device)?.readers.length ?? 0) > 0 ? READ_ON : undefined)
  }

  /** `continues`: why it goes on all the same. */
  #stopped(device: string, startTime: string, continues?: string): StoppedStream {
    const endMs = this.#options.clock.wallMs()
    return {
      device,
      stream_name: device,
      status: 'STOPPED',
      start_time: startTime,
      end_time: timestamp(endMs),
      duration: Math.max(0, Math.round((endMs - Date.parse(startTime)) / 1000)),
      stream_continues: continues !== undefined,
      ...(continues === undefined ? {} : { message: continues }),
    }
  }

  async #available(device: string): Promise<RuntimePath> {
    const { link, publications, clock, startTimeoutMs } = this.#options
    const deadlineMs = clock.nowMs() + startTimeoutMs
    for (let pauseMs = LOOK_FIRST_MS; ; pauseMs = Math.min(LOOK_MAX_MS, pauseMs * 1.5)) {
      await link.look()
      if (link.server === undefined) throw mediamtxUnavailable(link.detail)
      const path = link.paths.get(device)
      if (path?.available === true) return path
      const publisher = publications.get(device)?.publisher
      if (publisher?.wanted !== true) throw stoppedMeanwhile(device)
      const child = publisher.status()
      if (child.refusal !== undefined) throw child.refusal
      if (clock.nowMs() >= deadlineMs) {
        const { failure } = child
        const detail = failure ?? `${device} was not published in time`
        throw new ServiceError('DEPENDENCY_FAILED', {
          data: { dependency: failure === undefined ? 'MediaMTX' : 'FFmpeg', detail },
          details: detail,
        })
      }
      await wait(clock, pauseMs)
    }
  }

  /** MediaMTX notices the end of a publisher a few milliseconds after it: what is asked next shall see it. */
  async #gone(device: string): Promise<void> {
    const { link, clock } = this.#options
    const deadlineMs = clock.nowMs() + GONE_MS
    for (;;) {
      await link.look()
      if (link.paths.get(device)?.available !== true || clock.nowMs() >= deadlineMs) return
      await wait(clock, LOOK_FIRST_MS)
    }
  }

  #startTime(path: RuntimePath | undefined, publication: Publication | undefined): string {
    const since = path?.available === true && path.availableSince !== undefined ? Date.parse(path.availableSince) : Number.NaN
    return timestamp(Number.isNaN(since) ? (publication?.sinceWallMs ?? this.#options.clock.wallMs()) : since)
  }
}

function stoppedMeanwhile(device: string): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'STOPPING', allowed_states: ['ACTIVE', 'INACTIVE'] },
    details: `${device} was stopped before it could be read`,
    suggestion: 'call start_streaming again',
  })
}

function entryOf({ name, sourceType, available, readers, outboundBytes }: RuntimePath): StreamEntry {
  return { name, source: sourceType ?? '', ready: available, readers: readers.length, bytes_sent: outboundBytes }
}

function problemOf(child: PublisherStatus | undefined): { readonly error?: string } {
  if (child?.absent === true) return { error: 'the camera was unplugged' }
  return child?.failure === undefined ? {} : { error: child.failure }
}

function statusWord(child: PublisherStatus | undefined, path: RuntimePath | undefined): StreamStatus['status'] {
  if (child?.state === 'stopping') return 'STOPPING'
  if (path?.available === true) return 'ACTIVE'
  if (child?.failure !== undefined) return 'ERROR'
  return child === undefined || child.state === 'idle' ? 'INACTIVE' : 'STARTING'
}
