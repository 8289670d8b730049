/** Pure: the addresses handed to clients. Always the host the client used (or the configured public one), never ours. */

import type { ServerPorts } from '../api/wire.js'

export interface LinkTemplates {
  /** `{host}`, `{port}` and `{path}` are filled in; `{port}` is the one MediaMTX listens on. */
  readonly rtsp: string
  readonly hls: string
  readonly webrtc: string
}

export const DEFAULT_TEMPLATES: LinkTemplates = {
  rtsp: 'rtsp://{host}:{port}/{path}',
  hls: 'http://{host}:{port}/{path}/index.m3u8',
  webrtc: 'http://{host}:{port}/{path}/',
}

export interface StreamLinks {
  readonly rtsp: string
  /** Present when MediaMTX has it on. */
  readonly hls?: string
  readonly webrtc?: string
}

export function streamLinks(path: string, host: string, ports: ServerPorts, templates: LinkTemplates): StreamLinks {
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const fill = (template: string, port: number) =>
    template.replaceAll('{host}', shown).replaceAll('{port}', String(port)).replaceAll('{path}', path)
  return {
    rtsp: fill(templates.rtsp, ports.rtspPort ?? 8554),
    ...(ports.hlsPort === undefined ? {} : { hls: fill(templates.hls, ports.hlsPort) }),
    ...(ports.webrtcPort === undefined ? {} : { webrtc: fill(templates.webrtc, ports.webrtcPort) }),
  }
}
