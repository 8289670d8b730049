import type { Role } from '../auth/index.js'
import type { Config } from '../config/index.js'
import { CONFIG_OPTION, type Command, type OptionValues, type Terminal, textOf } from './command.js'
import { EXIT, UsageError } from './exit.js'
import { loadFor } from './load-config.js'
import { reachableHost } from './reachable-host.js'

const HOUR_MS = 3_600_000
const DEFAULT_HOURS = 48
const FORMATS = ['token', 'json', 'env']

export const tokenCommand: Command = {
  name: 'token',
  summary: 'Makes a token that logs in to the service with this configuration and state directory.',
  options: {
    role: { type: 'string', value: 'ROLE', doc: 'viewer, operator or admin (default: admin)' },
    'user-id': { type: 'string', value: 'ID', doc: 'user the token names (default: test_ROLE)' },
    'expiry-hours': {
      type: 'string',
      value: 'N',
      doc: `lifetime in hours (default: ${DEFAULT_HOURS}, at most what is configured)`,
    },
    format: {
      type: 'string',
      value: 'FORMAT',
      doc: 'token, json, or env: a token of each role and the addresses, as test suites read them from .test_env (default: token)',
    },
    'secret-key': {
      type: 'string',
      value: 'SECRET',
      doc: 'sign with this secret; seen by every user of the machine, better configured',
    },
    config: CONFIG_OPTION,
  },
  async run(values, terminal) {
    const { createTokens, isRole, loadSecret, ROLES } = await import('../auth/index.js')
    const format = textOf(values, 'format') ?? 'token'
    if (!FORMATS.includes(format)) throw new UsageError(`--format is one of ${FORMATS.join(', ')}`)
    const isForAll = format === 'env'
    if (isForAll && (values.role ?? values['user-id']) !== undefined) {
      throw new UsageError('--format env has a token of each role: --role and --user-id are not for it')
    }
    const role = textOf(values, 'role') ?? 'admin'
    if (!isRole(role)) throw new UsageError(`${JSON.stringify(role)} is no role, valid roles: ${ROLES.join(', ')}`, EXIT.failed)
    const userId = textOf(values, 'user-id') ?? `test_${role}`
    if (userId.trim() === '') throw new UsageError('--user-id must not be blank')

    const { config, warnings } = await loadFor(terminal, textOf(values, 'config'))
    for (const warning of warnings) terminal.complain(`warning: ${warning}`)
    const maxLifetimeMs = config.security.max_token_lifetime
    const hours = hoursOf(values, maxLifetimeMs)
    const secret =
      givenSecret(values, terminal) ??
      (await loadSecret({ configured: config.security.jwt_secret_key, stateDir: config.state_dir }))
    const [{ systemClock: clock }, { tokenRules }] = await Promise.all([import('../base/clock.js'), import('../config/index.js')])
    const tokens = createTokens({ secret, ...tokenRules(config), clock })
    const { audited } = await import('./audit-tool.js')
    const signed = (user_id: string, role: Role): Promise<string> =>
      audited(
        { config, terminal, action: 'token' },
        () => ({ user_id, role, hours }),
        async () => tokens.sign({ userId: user_id, role, lifetimeMs: hours * HOUR_MS }),
      )
    if (isForAll) {
      const names: [string, string][] = []
      for (const each of ROLES) names.push([`TEST_${each.toUpperCase()}_TOKEN`, await signed(`test_${each}`, each)])
      terminal.print(environmentText([...names, ...addresses(config)]))
    } else {
      const token = await signed(userId, role)
      const told = describe(token, userId, role, hours, tokens.verify(token).expiresAtMs)
      terminal.print(`${format === 'token' ? token : JSON.stringify(told, null, 2)}\n`)
    }
    return EXIT.ok
  },
}

function hoursOf(values: OptionValues, maxLifetimeMs: number): number {
  const maxHours = maxLifetimeMs === 0 ? Number.POSITIVE_INFINITY : maxLifetimeMs / HOUR_MS
  const written = textOf(values, 'expiry-hours')
  if (written === undefined) return Math.min(DEFAULT_HOURS, maxHours)
  const hours = Number(written)
  if (!/^\d+(\.\d+)?$/.test(written) || hours <= 0) throw new UsageError('--expiry-hours is a number above 0')
  if (hours > maxHours) {
    throw new UsageError(
      `--expiry-hours: the service refuses tokens that live longer than ${maxHours} hours (security.max_token_lifetime)`,
    )
  }
  return hours
}

function givenSecret(values: OptionValues, terminal: Terminal): string | undefined {
  const secret = textOf(values, 'secret-key')
  if (secret === undefined) return undefined
  if (secret.trim() === '') throw new UsageError('--secret-key must not be blank')
  terminal.complain('warning: a secret on the command line is seen by every user of this machine')
  return secret
}

/** What a client has to know beside its token. */
function addresses({ server, http_health }: Config): [string, string][] {
  return [
    ['CAMERA_SERVICE_HOST', reachableHost(server.host)],
    ['CAMERA_SERVICE_PORT', String(server.port)],
    ['CAMERA_SERVICE_WS_PATH', server.websocket_path],
    ['CAMERA_SERVICE_HEALTH_PORT', String(http_health.port)],
    ['CAMERA_SERVICE_HEALTH_PATH', http_health.basic_endpoint],
  ]
}

/** To be sourced by a shell. */
function environmentText(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`).join('')
}

function describe(token: string, userId: string, role: string, hours: number, expiresAtMs: number) {
  return {
    token,
    user_id: userId,
    role,
    expires_in_hours: hours,
    expires_at: new Date(expiresAtMs).toISOString(),
    algorithm: 'HS256',
  }
}
