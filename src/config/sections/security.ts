import { duration, flag, integer, list, optional, secret, section, text } from '../keys.js'
import { textKind } from '../kinds.js'

const SECOND = 1000
const HOUR = 3600 * SECOND

export const security = section('Who may do what, and how often.', {
  jwt_secret_key: secret(
    optional(
      text({
        default: '',
        reload: 'restart',
        doc: 'Secret that signs tokens (HS256), at least 32 bytes. Without it one is made and kept in the state directory.',
        alsoEnv: ['CAMERA_SERVICE_JWT_SECRET'],
      }),
    ),
  ),
  jwt_expiry_hours: integer({
    default: 24,
    min: 1,
    max: 87_600,
    reload: 'live',
    doc: 'Lifetime of the tokens that the service makes, hours.',
  }),
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
    doc: 'Calls of one connection per rate_limit_window, also the burst; above it calls are answered with -32040.',
  }),
  rate_limit_window: duration({
    default: 60 * SECOND,
    min: 100,
    max: 24 * HOUR,
    reload: 'live',
    doc: 'Time over which rate_limit_requests counts.',
  }),
  cors_origins: list({
    item: textKind('an origin such as https://host:port, or *', /^(?:\*|https?:\/\/[^/\s]+)$/),
    default: ['http://localhost:3000', 'https://localhost:3000'],
    reload: 'live',
    doc: "Origins of web pages that may open the WebSocket, besides the dashboard's own. Clients without an Origin header are not concerned.",
  }),
})

export const compatibility = section('Switches for clients of older editions. All are off by default.', {
  weak_jwt_secret: flag({
    default: false,
    reload: 'restart',
    doc: 'Accept a jwt_secret_key that is short, of few different bytes, or published as a default.',
  }),
})
