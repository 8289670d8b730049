import { choice, duration, flag, integer, optional, section, text } from '../keys.js'
import { load_shedding } from './limits.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const MIB = 1024 * 1024

export const server = section('The JSON-RPC face: WebSocket, dashboard, downloads.', {
  host: text({ default: '0.0.0.0', reload: 'restart', doc: 'Address to listen on.' }),
  port: integer({ default: 8002, min: 1, max: 65_535, reload: 'restart', doc: 'TCP port to listen on.' }),
  second_port: integer({
    default: 8080,
    min: 0,
    max: 65_535,
    reload: 'restart',
    doc: 'TCP port of older editions, listened on too when it is free; 0: none.',
  }),
  workers: integer({
    default: 1,
    min: 1,
    max: 64,
    reload: 'restart',
    doc: 'Threads that hold connections, each on a core of its own. 1: the main thread holds them. More pay where one core cannot serve all clients; each takes about 30 MB.',
  }),
  websocket_path: text({
    default: '/ws',
    rule: 'a path that starts with / and holds no ?, # or space',
    pattern: /^\/[^?#\s]*$/,
    reload: 'restart',
    doc: 'Path of the WebSocket.',
  }),
  max_connections: integer({
    default: 1000,
    min: 1,
    max: 100_000,
    reload: 'live',
    doc: 'WebSocket connections in all; more are refused with 503.',
  }),
  max_unauthenticated_per_address: integer({
    default: 64,
    min: 1,
    max: 100_000,
    reload: 'live',
    doc: 'Connections of one address that have not logged in; security.auth_exempt is exempt.',
  }),
  auth_timeout: duration({
    default: 10 * SECOND,
    min: 0,
    max: 60 * MINUTE,
    reload: 'live',
    doc: 'From upgrade to a successful authenticate; then the connection is closed with 4001. 0: no limit.',
  }),
  send_stall_timeout: duration({
    default: 10 * SECOND,
    min: 100,
    max: 10 * MINUTE,
    reload: 'live',
    doc: 'Longest time a client may accept no byte while some wait for it; then it is closed with 4008.',
  }),
  ping_interval: duration({
    default: 30 * SECOND,
    min: 100,
    max: 60 * MINUTE,
    reload: 'restart',
    doc: 'Time between protocol pings.',
  }),
  pong_wait: duration({
    default: MINUTE,
    min: 100,
    max: 120 * MINUTE,
    reload: 'restart',
    doc: 'A connection is dead after this long without a pong or any other frame. Longer than ping_interval.',
  }),
  max_message_size: integer({
    default: MIB,
    min: 1024,
    max: 64 * MIB,
    reload: 'restart',
    doc: 'Largest message of a client, bytes; over it the connection is dropped.',
  }),
  max_message_size_unauthenticated: integer({
    default: 16 * 1024,
    min: 1024,
    max: 64 * MIB,
    reload: 'live',
    doc: 'Largest message before login, bytes; over it the connection is closed with 1009.',
  }),
  max_requests_in_flight: integer({
    default: 32,
    min: 1,
    max: 10_000,
    reload: 'live',
    doc: 'Requests of one connection being worked on; more are answered with -32040.',
  }),
  max_slow_requests: integer({
    default: 256,
    min: 1,
    max: 100_000,
    reload: 'live',
    doc: 'Requests of one slow kind (snapshots, MediaMTX, controls, recordings, files) being worked on for all; more are answered with -32040.',
  }),
  max_unauthenticated: optional(
    integer({
      default: 0,
      min: 1,
      max: 100_000,
      reload: 'live',
      doc: 'Connections in all that have not logged in; without it a tenth of max_connections, at least 64.',
    }),
  ),
  send_buffer_soft: integer({
    default: 64 * 1024,
    min: 4096,
    max: 64 * MIB,
    reload: 'live',
    doc: 'Pending bytes of one connection above which it is no longer read and its states are coalesced.',
  }),
  send_buffer_hard: integer({
    default: MIB,
    min: 8192,
    max: 256 * MIB,
    reload: 'live',
    doc: 'Pending bytes of one connection above which it is closed with 4008. Above send_buffer_soft.',
  }),
  send_buffer_total: integer({
    default: 64 * MIB,
    min: MIB,
    max: 4096 * MIB,
    reload: 'live',
    doc: 'Pending bytes of all connections above which the largest holders are closed with 4008, until three quarters are left.',
  }),
  shutdown_timeout: duration({
    default: 15 * SECOND,
    min: SECOND,
    max: 10 * MINUTE,
    reload: 'live',
    doc: 'Longest graceful stop; then the process ends with exit code 1.',
  }),
  client_cleanup_timeout: duration({
    default: 2 * SECOND,
    min: 100,
    max: 10 * MINUTE,
    reload: 'live',
    doc: 'Time a client has at shutdown to take what waits for it; then its connection is closed.',
  }),
})

export const faces = section('What all faces share.', {
  public_host: optional(
    text({
      default: '',
      rule: 'a host name or address without scheme and port',
      pattern: /^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])$/,
      reload: 'live',
      doc: 'Host in the links handed out; without it the host that the client used.',
    }),
  ),
  loopback_role: choice({
    words: ['viewer', 'operator', 'admin'],
    default: 'operator',
    reload: 'live',
    doc: 'Role of a session that the dashboard opens from this machine without a token (POST /api/v1/session).',
  }),

  camera: section('The camera face: HTTP for browsers and players. Its address is camera_server.server.host and port.', {
    enabled: flag({ default: true, reload: 'restart', doc: 'Whether the camera face listens.' }),
    auth: choice({
      words: ['strict', 'none'],
      default: 'strict',
      reload: 'restart',
      doc: 'strict: direct requests of this machine, tokens and tickets. none: whoever reaches the port may do everything.',
    }),
    max_viewers: integer({ default: 4096, min: 1, max: 100_000, reload: 'restart', doc: 'MJPEG viewers in all; more get 503.' }),
    max_viewers_per_camera: integer({
      default: 1024,
      min: 1,
      max: 100_000,
      reload: 'restart',
      doc: 'MJPEG viewers of one camera.',
    }),
    max_unauthenticated_per_address: integer({
      default: 64,
      min: 1,
      max: 100_000,
      reload: 'restart',
      doc: 'MJPEG viewers of one address without token or ticket; loopback is exempt.',
    }),
    ticket_lifetime: duration({
      default: MINUTE,
      min: SECOND,
      max: MINUTE,
      reload: 'restart',
      doc: 'How long a ticket of POST /api/v1/tickets opens its stream or picture.',
    }),
  }),
})

export const notifications = section('Notifications to subscribers.', {
  websocket: section('Over the WebSocket.', {
    max_queue_size: integer({
      default: 1000,
      min: 1,
      max: 1_000_000,
      reload: 'live',
      doc: 'Notifications waiting for one slow client; above it the client is closed with 4008.',
    }),
  }),
  real_time: section('Told again and again while something lasts.', {
    recording_progress_interval: duration({
      default: 500,
      min: 100,
      max: 60 * MINUTE,
      reload: 'restart',
      doc: 'Time between two recording.progress of one recording.',
    }),
  }),
})

export const performance = section('Timing.', {
  debounce: section('Shortest time between repeats of one health notification.', {
    health_monitor_seconds: seconds(15, 'Health of components, seconds.'),
    storage_monitor_seconds: seconds(30, 'Storage, seconds.'),
    performance_monitor_seconds: seconds(45, 'Load, seconds.'),
  }),
  load_shedding,
  monitoring_thresholds: section('From which values on the health is DEGRADED.', {
    memory_usage_percent: integer({
      default: 90,
      min: 1,
      max: 100,
      reload: 'live',
      doc: 'Memory of the machine in use, percent.',
    }),
    error_rate_percent: integer({
      default: 5,
      min: 1,
      max: 100,
      reload: 'live',
      doc: 'Calls of the last minute that failed unexpectedly (-32603), percent; twice as many are UNHEALTHY.',
    }),
    average_response_time_ms: integer({
      default: 1_000,
      min: 1,
      max: 3_600_000,
      reload: 'live',
      doc: 'Mean time of the calls of the last minute, milliseconds; twice as long is UNHEALTHY.',
    }),
    goroutines_limit: integer({
      default: 1_000,
      min: 1,
      max: 1_000_000,
      reload: 'live',
      doc: 'Timers, sockets and threads of the process; a fifth more are UNHEALTHY.',
    }),
    active_connections_limit: integer({ default: 900, min: 1, max: 100_000, reload: 'live', doc: 'Open connections.' }),
  }),
})

function seconds(value: number, doc: string) {
  return integer({ default: value, min: 0, max: 86_400, reload: 'live', doc })
}
