import { duration, flag, integer, number, optional, section } from '../keys.js'

const MIB = 1024 * 1024
const MINUTE = 60_000

export const load_shedding = section(
  'When the service has more to do than it can. First stage: new connections get 503, costly calls -32040, /health/ready answers 503. ' +
    'Second stage: connections without login are closed, MJPEG viewers get one frame a second.',
  {
    enabled: flag({ default: true, reload: 'live', doc: 'Whether anything is refused for load.' }),
    loop_delay: duration({
      default: 50,
      min: 1,
      max: MINUTE,
      reload: 'live',
      doc: 'How late the event loop comes to its turns in the first stage: 95 % of the turns of two seconds.',
    }),
    loop_delay_severe: duration({
      default: 200,
      min: 1,
      max: MINUTE,
      reload: 'live',
      doc: 'The same in the second stage.',
    }),
    used_percent: percent(
      80,
      'Used share of memory, of the heap, of server.send_buffer_total and of the queue of snapshots in the first stage.',
    ),
    used_percent_severe: percent(90, 'The same in the second stage.'),
    memory_cap: optional(
      integer({
        default: 0,
        min: 16 * MIB,
        max: 1024 * 1024 * MIB,
        reload: 'live',
        doc: 'Memory that the process may take, bytes; without it what its control group allows, else that of the machine.',
      }),
    ),
  },
)

function percent(value: number, doc: string) {
  return integer({ default: value, min: 1, max: 1000, reload: 'live', doc: `${doc} Percent.` })
}

/** Beside that of one connection, which are the contract's own keys. */
export const rate_limits = section(
  'How often things may be asked for, beside the rate of one connection (rate_limit_requests): so many at once after a rest (burst), and then per second.',
  {
    identity_factor: integer({
      default: 10,
      min: 1,
      max: 1_000_000,
      reload: 'live',
      doc: 'Calls of one user or API key on all its connections, as a multiple of what one connection may.',
    }),
    accept: rate(50, 200, 'Connections of one address to port 8002; security.auth_exempt is exempt. More are closed at once.'),
    upgrade: rate(10, 50, 'WebSockets of one address; security.auth_exempt is exempt. More are answered with 429.'),
    snapshot: rate(2, 10, 'take_snapshot of one user or API key. More are answered with -32040, as below.'),
    snapshot_per_camera: rate(10, 10, 'take_snapshot of one camera by whomever.'),
    control: rate(5, 20, 'start_recording, stop_recording, start_streaming and stop_streaming of one user or API key, together.'),
    discovery: rate(1, 3, 'discover_external_streams of one user or API key.'),
  },
)

function rate(perSecond: number, burst: number, doc: string) {
  return section(doc, {
    per_second: number({ default: perSecond, min: 0.001, max: 1_000_000, reload: 'live', doc: 'Per second.' }),
    burst: integer({ default: burst, min: 1, max: 1_000_000, reload: 'live', doc: 'At once after a rest.' }),
  })
}
