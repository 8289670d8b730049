/** What people read when the service has started: where it is to be found, and how to talk to it. Pure. */

import type { CameraServerConfig } from '../camera-config/index.js'
import type { Config } from '../config/index.js'

export interface BannerFacts {
  readonly config: Config
  readonly version: string
  readonly pid: number
  readonly rpcPort: number
  /** Undefined when the health face is off. */
  readonly healthPort: number | undefined
  /** Undefined when the camera face is off. */
  readonly camera: { readonly port: number; readonly config: CameraServerConfig } | undefined
  /** Only on the first start. */
  readonly firstToken: string | undefined
}

/** Addresses that mean all of this machine. */
const WILDCARDS = ['0.0.0.0', '::', '']

export function bannerLines({ config, version, pid, rpcPort, healthPort, camera, firstToken }: BannerFacts): readonly string[] {
  const rpc = `${shownHost(config.server.host)}:${rpcPort}`
  return [
    `service camera-service ${version}, pid ${pid}`,
    `rpc     ws://${rpc}${config.server.websocket_path}  (http://${rpc}/openrpc.json describes it)`,
    ...(healthPort === undefined ? [] : [healthLine(config, healthPort)]),
    ...(camera === undefined ? [] : cameraLines(camera)),
    'signals SIGINT, SIGTERM: stop; SIGHUP: reload; SIGUSR1: log statistics; SIGUSR2: restart the cameras',
    ...(firstToken === undefined
      ? []
      : [`admin token for use on this machine, shown this once, valid ${config.security.jwt_expiry_hours} hours:`, firstToken]),
  ]
}

function healthLine({ http_health: { host, basic_endpoint } }: Config, port: number): string {
  return `health  http://${shownHost(host)}:${port}${basic_endpoint}`
}

function cameraLines({ port, config: { camera, server } }: NonNullable<BannerFacts['camera']>): string[] {
  const device = camera.device_path ?? `/dev/video${camera.device_index}`
  const logFile = server.log_file === null || server.log_file === '' ? 'no file' : server.log_file
  return [
    `camera  http://${shownHost(server.host)}:${port}/  (${device}, ${camera.width}x${camera.height} at ${camera.fps} fps)`,
    `log     ${server.log_level}, ${logFile}`,
  ]
}

function shownHost(host: string): string {
  if (WILDCARDS.includes(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
