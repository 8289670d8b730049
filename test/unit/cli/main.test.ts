import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createTokens } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { type AppContext, type AppHandle, main } from '../../../src/cli/index.js'
import { commandTable } from '../../../src/cli/main.js'
import { FakeTerminal } from './fake-terminal.js'

const FOLDER = mkdtempSync(join(tmpdir(), 'cli-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

const SECRET = 'h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH'
const noApp = () => Promise.reject(new Error('the application must not be loaded'))

async function command(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const terminal = new FakeTerminal(FOLDER, env)
  const code = await main({ argv, terminal, loadApp: noApp })
  return { code, printed: terminal.printed, complaints: terminal.complaints }
}

describe('words and options', () => {
  it.each([
    ['--help'],
    ['help'],
    ['run', '--help'],
    ['token', '--help'],
    ['config', 'check', '--help'],
    ['mediamtx', 'install', '--help'],
  ])('camera-service %s %s %s helps', async (...argv) => {
    const { code, printed, complaints } = await command(argv.filter((word) => word !== undefined))
    expect([code, complaints]).toEqual([0, []])
    expect(printed).toMatch(/^Usage: camera-service/)
  })

  it('the help of everything names every command, and of each command every option', async () => {
    const overview = (await command(['--help'])).printed
    for (const { name, options } of commandTable(noApp)) {
      expect(overview).toContain(`  ${name} `)
      const { printed } = await command([...name.split(' '), '--help'])
      for (const option of Object.keys(options)) expect(printed).toContain(`  --${option} `)
    }
  })

  it('says its version', async () => {
    expect((await command(['--version'])).printed).toMatch(/^camera-service \d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['--virtual-camera', '2'], 'unknown option --virtual-camera, did you mean --virtual-cameras?'],
    [['run', '--confg=x'], 'unknown option --confg, did you mean --config?'],
    [['run', '-x'], /^unknown option -x/],
    [['run', '--__proto__'], 'unknown option --__proto__'],
    [['tokne'], 'unknown command "tokne", did you mean token?; see --help'],
    [['config'], '"config" is no whole command, did you mean config check?; see --help'],
    [['config', 'chekc'], 'unknown command "config chekc", did you mean config check?; see --help'],
    [['token', 'admin'], 'unexpected word "admin" after token; see --help'],
    [['--config'], 'option --config needs a value (FILE)'],
    [['--help=yes'], 'option --help takes no value'],
    [['token', '--format', 'xml'], '--format is one of token, json, env'],
    [['token', '--format', 'env', '--role', 'viewer'], /has a token of each role: --role and --user-id are not for it/],
    [['token', '--expiry-hours', 'x'], '--expiry-hours is a number above 0'],
    [['token', '--expiry-hours', '0'], '--expiry-hours is a number above 0'],
    [['token', '--expiry-hours', '49'], /refuses tokens that live longer than 48 hours/],
    [['token', '--user-id', ' '], '--user-id must not be blank'],
  ])('%j is one line and exit code 2', async (argv, line) => {
    const { code, printed, complaints } = await command(argv)
    expect([code, printed, complaints.length]).toEqual([2, '', 1])
    const told = complaints[0]?.replace('camera-service: ', '')
    if (typeof line === 'string') expect(told).toBe(line)
    else expect(told).toMatch(line)
  })
})

describe('config check', () => {
  it('says good, with the warnings beside', async () => {
    writeFileSync(join(FOLDER, 'odd.yaml'), 'server: {prot: 1}')
    const { code, printed, complaints } = await command(['config', 'check', '--config', 'odd.yaml'])
    expect([code, printed]).toEqual([0, `${join(FOLDER, 'odd.yaml')}: good\n`])
    expect(complaints).toEqual([expect.stringContaining('did you mean server.port?')])
  })

  it.each([['config', 'check'], ['run'], ['token'], []])('%s %s ends with 78 and one line per fault', async (...words) => {
    writeFileSync(join(FOLDER, 'bad.yaml'), 'server:\n  port: 0\n  host: ""\n')
    const { code, printed, complaints } = await command([...words.filter((word) => word !== undefined), '--config', 'bad.yaml'])
    expect([code, printed]).toEqual([78, ''])
    expect(complaints).toEqual([
      expect.stringMatching(/bad.yaml:2: server.port: 0: /),
      expect.stringMatching(/bad.yaml:3: server.host: "": /),
    ])
  })
})

describe('token', () => {
  const tokens = createTokens({ secret: SECRET, leewayMs: 0, maxLifetimeMs: 0, clock: systemClock })
  const env = { CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: SECRET, CAMERA_SERVICE_STATE_DIR: join(FOLDER, 'unused') }

  it('makes an admin token for 48 hours unless told otherwise', async () => {
    const { code, printed, complaints } = await command(['token'], env)
    expect([code, complaints]).toEqual([0, []])
    const { userId, role, expiresAtMs } = tokens.verify(printed.trim())
    expect([userId, role]).toEqual(['test_admin', 'admin'])
    expect(Math.abs(expiresAtMs - Date.now() - 48 * 3_600_000)).toBeLessThan(60_000)
  })

  it('never makes one that the service would refuse', async () => {
    const { printed } = await command(['token'], { ...env, CAMERA_SERVICE_SECURITY_MAX_TOKEN_LIFETIME: '24h' })
    expect(tokens.verify(printed.trim()).expiresAtMs).toBeLessThan(Date.now() + 24 * 3_600_000 + 1)
  })

  it('tells all about it as JSON', async () => {
    const argv = ['token', '--role', 'viewer', '--user-id', 'ann', '--expiry-hours', '1.5', '--format', 'json']
    const told = JSON.parse((await command(argv, env)).printed)
    expect(told).toEqual({
      token: expect.any(String),
      user_id: 'ann',
      role: 'viewer',
      expires_in_hours: 1.5,
      expires_at: new Date(tokens.verify(told.token).expiresAtMs).toISOString(),
      algorithm: 'HS256',
    })
  })

  it('writes the environment that test suites read, for a shell to take over', async () => {
    const { code, printed } = await command(['token', '--format', 'env', '--expiry-hours', '2'], {
      ...env,
      CAMERA_SERVICE_SERVER_PORT: '9002',
      CAMERA_SERVICE_SERVER_WEBSOCKET_PATH: "/it's",
      CAMERA_SERVICE_SERVER_HOST: '::',
    })
    expect(code).toBe(0)
    const shell = execFileSync('env', ['-i', 'bash', '--norc', '-c', `${printed} exec env`], { encoding: 'utf8' })
    const read = Object.fromEntries(
      shell
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    )
    for (const role of ['viewer', 'operator', 'admin']) {
      expect(tokens.verify(read[`TEST_${role.toUpperCase()}_TOKEN`])).toMatchObject({ userId: `test_${role}`, role })
    }
    expect(read).toMatchObject({
      ...{ CAMERA_SERVICE_HOST: '[::1]', CAMERA_SERVICE_PORT: '9002', CAMERA_SERVICE_WS_PATH: "/it's" },
      ...{ CAMERA_SERVICE_HEALTH_PORT: '8003', CAMERA_SERVICE_HEALTH_PATH: '/health' },
    })
  })

  it('lists the roles when given a wrong one', async () => {
    const { code, complaints } = await command(['token', '--role', 'root'], env)
    expect([code, complaints]).toEqual([1, ['camera-service: "root" is no role, valid roles: viewer, operator, admin']])
  })

  it('signs with the secret of the state directory, the same each time', async () => {
    const own = { CAMERA_SERVICE_STATE_DIR: join(FOLDER, 'state') }
    const [first, second] = [await command(['token'], own), await command(['token'], own)]
    expect(readdirSync(join(FOLDER, 'state'))).toEqual(['audit-tools.log', 'jwt-secret'])
    expect(first.printed.split('.')[0]).toBe(second.printed.split('.')[0])
    expect(() => tokens.verify(first.printed.trim())).toThrow('not signed')
  })

  it('takes a secret on the command line, with a warning that does not repeat it', async () => {
    const { printed, complaints } = await command(['token', '--secret-key', SECRET])
    expect(tokens.verify(printed.trim()).role).toBe('admin')
    expect(complaints).toEqual([expect.stringContaining('warning')])
    expect(complaints.join()).not.toContain(SECRET)
  })
})

describe('run', () => {
  function start(app: Partial<AppHandle>, argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    const terminal = new FakeTerminal(FOLDER, env)
    const createApp = vi.fn(
      (_: AppContext): AppHandle => ({
        banner: ['rpc ws://here/ws'],
        start: async () => undefined,
        stop: async () => ({ late: [] }),
        reload: async () => undefined,
        logStatistics: async () => undefined,
        restartCameras: async () => undefined,
        ...app,
      }),
    )
    return { terminal, createApp, ended: main({ argv, terminal, loadApp: async () => ({ createApp }) }) }
  }

  it('prints the faces, and stops with 0 at a signal', async () => {
    const { terminal, createApp, ended } = start({}, ['--virtual-cameras', '3'])
    await vi.waitFor(() => expect(terminal.printed).toBe('rpc ws://here/ws\n'))
    expect(createApp.mock.calls[0]?.[0].config.camera.virtual_cameras.count).toBe(3)
    terminal.signal('SIGTERM')
    expect(await ended).toBe(0)
    expect(terminal.exits).toEqual([])
  })

  it('ends at once at the second signal', async () => {
    const { terminal } = start({ stop: () => new Promise(() => undefined) })
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    terminal.signal('SIGTERM')
    terminal.signal('SIGINT')
    expect(terminal.exits).toEqual([130])
  })

  it('ends in order when a service asks for it; the first signal meanwhile changes nothing', async () => {
    let finish: (() => void) | undefined
    const { terminal, createApp, ended } = start({
      stop: () =>
        new Promise((resolve) => {
          finish = () => resolve({ late: [] })
        }),
    })
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    createApp.mock.calls[0]?.[0].requestStop()
    terminal.signal('SIGTERM')
    await vi.waitFor(() => expect(finish).toBeDefined())
    finish?.()
    expect(terminal.exits).toEqual([])
    expect(await ended).toBe(0)
  })

  it('hands signals to the service, those that came before it was up too', async () => {
    const asked: string[] = []
    let up = (): void => undefined
    const { terminal, createApp, ended } = start({
      start: () => new Promise((resolve) => (up = resolve)),
      reload: async () => void asked.push('reload'),
      logStatistics: async () => void asked.push('statistics'),
      restartCameras: async () => void asked.push('restart'),
    })
    await vi.waitFor(() => expect(createApp).toHaveBeenCalled())
    terminal.signal('SIGUSR1')
    terminal.signal('SIGUSR1')
    terminal.signal('SIGHUP')
    expect(asked).toEqual([])
    await vi.waitFor(() => {
      up()
      expect(asked).toEqual(['statistics', 'reload'])
    })
    terminal.signal('SIGUSR2')
    await vi.waitFor(() => expect(asked).toEqual(['statistics', 'reload', 'restart']))
    terminal.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('ends with 1 when services do not stop in time', async () => {
    const { terminal, ended } = start({ stop: async () => ({ late: ['media'] }) })
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    terminal.signal('SIGINT')
    expect(await ended).toBe(1)
  })

  it('ends with 1 when the stop as a whole takes too long', async () => {
    const { terminal, ended } = start({ stop: () => new Promise(() => undefined) }, [], {
      CAMERA_SERVICE_SERVER_SHUTDOWN_TIMEOUT: '1s',
    })
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    terminal.signal('SIGINT')
    expect(await ended).toBe(1)
  })

  it('stops a start under way', async () => {
    let cutShort = (): void => undefined
    const { terminal, createApp, ended } = start({
      start: () => new Promise((_, reject) => (cutShort = () => reject(new Error('aborted')))),
      stop: async () => {
        cutShort()
        return { late: [] }
      },
    })
    await vi.waitFor(() => expect(createApp).toHaveBeenCalled())
    terminal.signal('SIGTERM')
    expect(await ended).toBe(0)
    expect([terminal.printed, terminal.complaints]).toEqual(['', []])
  })

  it('ends at a signal while the services are still being built', async () => {
    const terminal = new FakeTerminal(FOLDER)
    let building = false
    const createApp = (): Promise<never> => {
      building = true
      return new Promise(() => undefined)
    }
    const ended = main({ argv: ['run'], terminal, loadApp: async () => ({ createApp }) })
    await vi.waitFor(() => expect(building).toBe(true))
    terminal.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('tells in one line why it did not start', async () => {
    const { terminal, ended } = start({ start: () => Promise.reject(new Error('server.port: 8002:\nin use')) })
    expect(await ended).toBe(1)
    expect(terminal.complaints).toEqual(['camera-service: server.port: 8002: in use'])
  })

  it('logs to the file that is configured, and to nothing else when told so', async () => {
    const log = join(FOLDER, 'service.log')
    const { terminal, ended } = start({}, [], {
      CAMERA_SERVICE_LOGGING_LEVEL: 'info',
      CAMERA_SERVICE_LOGGING_FORMAT: 'json',
      CAMERA_SERVICE_LOGGING_FILE_ENABLED: 'true',
      CAMERA_SERVICE_LOGGING_FILE_PATH: log,
      CAMERA_SERVICE_LOGGING_CONSOLE_ENABLED: 'false',
    })
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    terminal.signal('SIGTERM')
    expect(await ended).toBe(0)
    expect(terminal.complaints).toEqual([])
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ level: 'info', msg: 'stopping' })
  })

  it('ends with 70 at a failure that nobody caught', async () => {
    const { terminal, ended } = start({})
    await vi.waitFor(() => expect(terminal.printed).not.toBe(''))
    terminal.crash(new Error('unforeseen'))
    await vi.waitFor(() => expect(terminal.exits).toEqual([70]))
    expect(terminal.complaints.join()).toMatch(/FATAL.*unforeseen/)
    terminal.signal('SIGTERM')
    await ended
  })
})
