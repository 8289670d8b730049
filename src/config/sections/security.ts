import { isIP } from 'node:net'
import { choice, duration, flag, integer, list, optional, secret, section, text } from '../keys.js'
import { textKind } from '../kinds.js'
import { rate_limits } from './limits.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR

const network = {
  test(value: string): boolean {
    const [address = '', bits, ...rest] = value.split('/')
    const family = isIP(address)
    return (
      family !== 0 &&
      rest.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    )
  },
}

export const security = section('Who may do what, and how often.', {
  jwt_secret_key: secret(
    optional(
      text({
        default: '',
        reload: 'restart',
        doc: 'Secret that signs tokens (HS256), at least 32 bytes. The credential jwt-secret of systemd (LoadCredential=) gives it, too. Without it one is made and kept in the state directory.',
        alsoEnv: ['CAMERA_SERVICE_JWT_SECRET'],
      }),
    ),
  ),
  jwt_previous_secret_key: secret(
    optional(
      text({
        default: '',
        reload: 'restart',
        doc: 'The jwt_secret_key before the present one: its tokens are taken as long as this is configured. Also: the credential jwt-previous-secret.',
      }),
    ),
  ),
  jwt_rotation_grace: duration({
    default: DAY,
    min: 0,
    max: 30 * DAY,
    reload: 'restart',
    doc: 'How long tokens of the kept secret are taken after camera-service secret rotate and SIGHUP.',
  }),
  jwt_expiry_hours: integer({
    default: 24,
    min: 1,
    max: 87_600,
    reload: 'live',
    doc: 'Lifetime of the tokens that the service makes, hours.',
  }),
  jwt_issuer: optional(
    text({
      default: '',
      reload: 'restart',
      doc: 'iss that tokens must have; tokens made here have it. Without it any or none is taken.',
    }),
  ),
  jwt_audience: optional(
    text({
      default: '',
      reload: 'restart',
      doc: 'aud that tokens must name; tokens made here do. Without it any or none is taken.',
    }),
  ),
  jwt_type: optional(
    text({
      default: '',
      reload: 'restart',
      doc: 'typ that the header of tokens must have, such as JWT. Without it any or none is taken.',
    }),
  ),
  token_leeway: duration({
    default: 30 * SECOND,
    min: 0,
    max: HOUR,
    reload: 'restart',
    doc: 'How far the clock of the machine that made a token may be ahead. Expiry has no leeway.',
  }),
  max_token_lifetime: duration({
    default: 48 * HOUR,
    min: 0,
    max: 87_600 * HOUR,
    reload: 'restart',
    doc: 'Longest lifetime (exp - iat) of a token that is accepted. 0: no limit.',
  }),
  rate_limit_requests: integer({
    default: 300,
    min: 1,
    max: 1_000_000,
    reload: 'live',
    alsoEnv: ['CAMERA_SERVICE_RATE_RPM'],
    doc: 'Calls of one connection per rate_limit_window, also the burst; above it calls are answered with -32040.',
  }),
  rate_limit_window: duration({
    default: 60 * SECOND,
    min: 100,
    max: 24 * HOUR,
    reload: 'live',
    doc: 'Time over which rate_limit_requests counts.',
  }),
  rate_limits,
  auth_failure_burst: integer({
    default: 10,
    min: 1,
    max: 10_000,
    reload: 'restart',
    doc: 'Failed logins of one address, or with keys that begin alike, that are free; one more locks, and logins are answered with -32040.',
  }),
  auth_failure_window: duration({
    default: 2 * MINUTE,
    min: SECOND,
    max: DAY,
    reload: 'restart',
    doc: 'Time in which all of auth_failure_burst come back: 10 in 2 minutes are 5 a minute.',
  }),
  auth_lock_time: duration({
    default: MINUTE,
    min: SECOND,
    max: DAY,
    reload: 'restart',
    doc: 'How long the first lock lasts; each that follows lasts twice as long.',
  }),
  auth_lock_max: duration({ default: 15 * MINUTE, min: SECOND, max: DAY, reload: 'restart', doc: 'Longest lock.' }),
  auth_exempt: list({
    item: textKind('an address or a network such as 10.0.0.0/8', network),
    default: ['127.0.0.0/8', '::1'],
    reload: 'restart',
    doc: 'Addresses and networks that failed logins never lock, and whose connections before login are not counted by address. Behind a proxy all clients have its address.',
  }),
  cors_origins: list({
    item: textKind('an origin such as https://host:port, or *', /^(?:\*|https?:\/\/[^/\s]+)$/),
    default: ['http://localhost:3000', 'https://localhost:3000'],
    reload: 'live',
    doc: "Origins of web pages that may open the WebSocket, besides the dashboard's own; *: all of them. Clients without an Origin header are not concerned.",
  }),
})

export const api_key_management = section('Keys for programs, made and revoked with camera-service-cli keys.', {
  storage_path: optional(
    text({
      default: '',
      rule: 'an absolute path',
      pattern: /^\//,
      reload: 'restart',
      doc:
        'Key file of an older edition. It is imported at start and never written: our own is api-key-hashes.json in the state directory. ' +
        'Without it the places of those editions in /etc/camera-service and /opt/camera-service are looked at.',
      alsoEnv: ['CAMERA_SERVICE_API_KEYS_PATH'],
    }),
  ),
  key_length: integer({ default: 32, min: 20, max: 64, reload: 'restart', doc: 'Random bytes of a new key.' }),
  key_prefix: text({
    default: 'csk_',
    rule: 'at most 16 letters, digits, _ and -',
    pattern: /^[\w-]{0,16}$/,
    reload: 'restart',
    doc: 'What new keys begin with.',
  }),
  key_format: choice({
    words: ['base64url', 'base64', 'hex'],
    default: 'base64url',
    reload: 'restart',
    doc: 'How the random bytes of a new key are written.',
  }),
  default_expiry: duration({
    default: 90 * DAY,
    min: MINUTE,
    max: 3650 * DAY,
    reload: 'restart',
    doc: 'Lifetime of new keys unless --expiry is given.',
  }),
  max_keys_per_role: integer({
    default: 10,
    min: 1,
    max: 500,
    reload: 'restart',
    doc: 'Active keys of one role; more are made with --force only.',
  }),
  audit_logging: flag({
    default: true,
    reload: 'restart',
    doc: 'One line in the log for each key that is added, revoked or removed.',
  }),
  usage_tracking: flag({ default: true, reload: 'restart', doc: 'Keep when and how often each key was used to log in.' }),
  cli_enabled: flag({ default: true, reload: 'restart', doc: 'Whether camera-service-cli may change keys.' }),
})

export const compatibility = section('Switches for clients of older editions. All are off by default.', {
  weak_jwt_secret: flag({
    default: false,
    reload: 'restart',
    doc: 'Accept a jwt_secret_key that is short, of few different bytes, or published as a default.',
  }),
  auth_required_in_message: flag({
    default: false,
    reload: 'restart',
    doc: 'The message of -32001 ends with (auth_required) where no login was made; it is in error.data.reason anyway.',
  }),
  extra_members: flag({
    default: false,
    reload: 'restart',
    doc: 'Results have the members that some suites look for beyond the documented ones: frame_rates of get_camera_capabilities, cpu_usage, memory_usage, disk_usage and network_stats of get_metrics, what is known of a recording in get_recording_info, and those of legacy logins.',
  }),
  server_info_role: choice({
    words: ['viewer', 'operator', 'admin'],
    default: 'viewer',
    reload: 'restart',
    doc: 'Lowest role that may call get_server_info; some suites want a viewer refused.',
  }),
  tokens_in_calls: flag({
    default: false,
    reload: 'restart',
    doc: 'A call with auth_token or token among its parameters logs the connection in when it is not.',
  }),
})
