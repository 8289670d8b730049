/** Pure: the configuration of a MediaMTX of our own. Only fields that every version knows; the rest goes by environment. */

import { createHash } from 'node:crypto'
import type { Credentials } from '../api/client.js'
import type { PathBody } from '../paths/body.js'

export interface ServerPlaces {
  /** Loopback only, always. */
  readonly apiPort: number
  /** Interface that viewers reach, empty for all. */
  readonly host: string
  readonly rtspPort: number
  /** `undefined` switches the server off. */
  readonly hlsPort: number | undefined
  readonly webrtcPort: number | undefined
  readonly webrtcUdpPort: number
}

export interface ServerSecrets {
  readonly api: Credentials
  /** `undefined`: our ffmpeg cannot take a password unseen; anyone on this machine, and nobody else, may then publish. */
  readonly publish: Credentials | undefined
}

const LOOPBACK = ['127.0.0.1', '::1']

/** The file's text. JSON is YAML, and needs no library. It holds digests, not the passwords themselves. */
export function serverConfig(places: ServerPlaces, secrets: ServerSecrets, paths: ReadonlyMap<string, PathBody>): string {
  const publisher = secrets.publish
  return JSON.stringify(
    {
      logLevel: 'info',
      logDestinations: ['stdout'],
      api: true,
      apiAddress: apiAddress(places),
      metrics: false,
      pprof: false,
      playback: false,
      rtsp: true,
      rtspAddress: `${places.host}:${places.rtspPort}`,
      rtmp: false,
      srt: false,
      hls: places.hlsPort !== undefined,
      ...(places.hlsPort === undefined ? {} : { hlsAddress: `${places.host}:${places.hlsPort}` }),
      webrtc: places.webrtcPort !== undefined,
      ...(places.webrtcPort === undefined
        ? {}
        : {
            webrtcAddress: `${places.host}:${places.webrtcPort}`,
            webrtcLocalUDPAddress: `${places.host}:${places.webrtcUdpPort}`,
          }),
      authMethod: 'internal',
      authInternalUsers: [
        user(secrets.api.user, secrets.api.password, 'api', ''),
        publisher === undefined
          ? user('any', '', 'publish', '~^camera[0-9]+$')
          : user(publisher.user, publisher.password, 'publish', ''),
        // Reading is open; a list that is null would be fatal here.
        { user: 'any', pass: '', ips: [], permissions: [{ action: 'read', path: '' }] },
      ],
      paths: Object.fromEntries(paths),
    },
    null,
    1,
  )
}

/**
 * Switches that some versions do not know: unknown names are ignored in the environment and fatal in the file. What must not
 * fall back to a default when somebody truncates the file is pinned here too.
 */
export function serverEnvironment(places: ServerPlaces): Record<string, string> {
  return {
    // Names of recordings are in local time.
    TZ: 'UTC',
    MTX_API: 'yes',
    MTX_APIADDRESS: apiAddress(places),
    MTX_RTSPADDRESS: `${places.host}:${places.rtspPort}`,
    MTX_RTMP: 'no',
    MTX_SRT: 'no',
    MTX_MOQ: 'no',
    MTX_METRICS: 'no',
    MTX_PPROF: 'no',
    MTX_PLAYBACK: 'no',
    // One port: viewers that ask for UDP fall back by themselves.
    MTX_RTSPTRANSPORTS: 'tcp',
  }
}

function apiAddress(places: ServerPlaces): string {
  return `127.0.0.1:${places.apiPort}`
}

/** Both of our own users come from this machine only. */
function user(name: string, password: string, action: 'api' | 'publish', path: string): object {
  return { user: name, pass: password && digest(password), ips: LOOPBACK, permissions: [{ action, path }] }
}

function digest(password: string): string {
  return `sha256:${createHash('sha256').update(password).digest('base64')}`
}
