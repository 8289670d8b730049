/** From file, environment and options to one checked, frozen configuration, or to a list of everything that is wrong. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { tooOpen } from '../base/secret-mode.js'
import { readCredentials } from './credentials.js'
import { type Environment, type Found, readEnvironment } from './environment.js'
import { ConfigError, type Fault, showValue } from './fault.js'
import { readConfigFile } from './file.js'
import type { Key, Place, Table } from './keys.js'
import { REFUSED } from './kinds.js'
import { checkFolder, checkPlace } from './places.js'
import { brokenRules } from './rules.js'
import { type Config, isSection, KEYS_BY_PATH, SCHEMA } from './schema.js'
import type { Setting } from './setting.js'

const DEFAULT_FILE = '/etc/camera-service/config.yaml'

/** What `storage.fallback_path` is for. */
const STAND_IN_FOR = ['mediamtx.recordings_path', 'mediamtx.snapshots_path']

export interface LoadOptions {
  /** `--config`. */
  readonly file?: string
  /** Settings by command line; `where` is the option. */
  readonly options?: readonly Setting[]
  readonly env: Environment
  readonly workingDir: string
  /** Files and folders need not be usable: for a command that only looks. */
  readonly onlyLooks?: boolean
  /** Looked at when no file is named. Default: the contract's place. */
  readonly defaultFile?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** The file read, if any. */
  readonly file?: string
  /** Whole sentences for the log. */
  readonly warnings: readonly string[]
}

/** Defaults < file < credentials < environment < options. Throws ConfigError with every fault; then nothing was applied. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const file = findFile(options)
  const found: Found[] = file === undefined ? [] : [await readConfigFile(file)]
  found.push(await readCredentials(options.env), readEnvironment(options.env))
  const settings = [...found.flatMap((source) => source.settings), ...(options.options ?? [])]
  const config = buildConfig(
    settings,
    found.flatMap((source) => source.faults),
    options,
  )
  const warnings = found.flatMap((source) => [...source.warnings, ...idleWarning(source)])
  warnings.push(...standInWarnings(settings, config, options.workingDir))
  if (file !== undefined) warnings.push(...(await openSecretWarnings(settings, file)))
  return { config, warnings, ...(file !== undefined && { file }) }
}

/** Only told: files of older editions hold their secret with the mode that was usual then. */
async function openSecretWarnings(settings: readonly Setting[], file: string): Promise<string[]> {
  const secret = settings.find(({ path, value, from }) => from === 'file' && value !== null && KEYS_BY_PATH.get(path)?.key.secret)
  const openness = secret && (await tooOpen(file))
  return openness === undefined
    ? []
    : [`${secret?.where}: ${secret?.path}: the file holds a secret and ${openness}; chmod 0640 ${file}`]
}

function standInWarnings(settings: readonly Setting[], config: Config, workingDir: string): string[] {
  const { recordings_path, snapshots_path } = config.mediamtx
  const used: Readonly<Record<string, string>> = {
    'mediamtx.recordings_path': recordings_path,
    'mediamtx.snapshots_path': snapshots_path,
  }
  return settings.flatMap(({ path, value, where }) => {
    const standIn = used[path]
    if (standIn === undefined || standIn === resolve(workingDir, String(value))) return []
    return [`${where}: ${path}: ${showValue(value)} cannot be written to; ${standIn} stands in for it`]
  })
}

function findFile({ file, env, workingDir, defaultFile = DEFAULT_FILE }: LoadOptions): string | undefined {
  const named = file ?? env.CAMERA_SERVICE_CONFIG
  if (named !== undefined) return resolve(workingDir, named)
  return existsSync(defaultFile) ? defaultFile : undefined
}

function idleWarning({ withoutMeaning }: Found): string[] {
  return withoutMeaning.length === 0 ? [] : [`accepted without effect: ${withoutMeaning.join(', ')}`]
}

function buildConfig(settings: readonly Setting[], earlier: readonly Fault[], options: LoadOptions): Config {
  const { env, workingDir, onlyLooks = false } = options
  const faults = [...earlier]
  const values = new Map<string, unknown>()
  const written = new Map<string, Setting>()
  const wish = settings.findLast(({ path }) => path === 'storage.fallback_path')?.value
  const fallback = typeof wish === 'string' && wish.startsWith('/') ? wish : undefined
  for (const setting of settings) {
    const value = parse(setting, options, fallback)
    if (isFault(value)) faults.push(value)
    else {
      values.set(setting.path, value)
      written.set(setting.path, setting)
    }
  }
  const stateDir = String(values.get('state_dir') ?? defaultStateDir(env, workingDir))
  const config = fill(SCHEMA, [], values, { stateDir, production: env.CAMERA_SERVICE_ENV === 'production' }) as Config
  // Rules between keys mean nothing while a key of theirs was refused.
  if (faults.length === 0) faults.push(...ruleFaults(config, written, onlyLooks))
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

/** Below `fallback`, undefined without one: for what clients make, when its own folder cannot be used. */
function standInFor({ below = '' }: Place, { path }: Setting, fallback: string | undefined): string | undefined {
  if (fallback === undefined || !STAND_IN_FOR.includes(path)) return undefined
  const standIn = join(fallback, below)
  return checkFolder(standIn, true) === undefined ? standIn : undefined
}

function parse(setting: Setting, { workingDir, onlyLooks = false }: LoadOptions, fallback: string | undefined): unknown {
  const key = KEYS_BY_PATH.get(setting.path)?.key
  if (key === undefined) throw new TypeError(`no such key: ${setting.path}`)
  if (setting.value === null && key.nullable) return null
  if (setting.value === '' && key.blankIsDefault) return key.default
  const value = key.kind.parse(setting.value)
  if (value === REFUSED) return fault(setting, key, key.kind.rule, remedyFor(setting, key))
  if (key.place === undefined) return value
  const place = checkPlace(key.place, setting, workingDir)
  if (typeof place === 'string') return place
  const standIn = standInFor(key.place, setting, fallback)
  if (standIn !== undefined) return standIn
  return onlyLooks ? resolve(workingDir, String(value)) : fault(setting, key, place.rule, place.remedy)
}

function fault(setting: Setting, key: Key<unknown>, rule: string, remedy: string): Fault {
  const value = key.secret ? 'not shown' : showValue(setting.value)
  return { where: setting.where, key: setting.path, value, rule, remedy }
}

function remedyFor(setting: Setting, key: Key<unknown>): string {
  const drop = {
    ...{ environment: 'unset the variable', file: 'remove the line', option: 'leave the option out' },
    credential: 'take it out of the unit',
  }[setting.from]
  return `correct it, or ${drop} for the default ${defaultText(key)}`
}

function defaultText(key: Key<unknown>): string {
  if (key.default === null || key.default === undefined) return 'none'
  return key.place?.below === undefined ? showValue(key.kind.show(key.default)) : `${key.place.below} below state_dir`
}

function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'rule' in value && 'remedy' in value
}

function ruleFaults(config: Config, written: ReadonlyMap<string, Setting>, onlyLooks: boolean): Fault[] {
  const faults = brokenRules(config).flatMap(({ keys, rule, remedy }) => {
    const blamed = keys.map((path) => written.get(path)).find((setting) => setting !== undefined)
    const key = blamed && KEYS_BY_PATH.get(blamed.path)?.key
    return blamed && key ? [fault(blamed, key, rule, remedy)] : []
  })
  const logFile = config.logging.file_enabled && !onlyLooks ? written.get('logging.file_path') : undefined
  const logFolder = logFile && checkFolder(join(config.logging.file_path, '..'), false)
  if (logFile && logFolder) {
    faults.push({ where: logFile.where, key: logFile.path, value: showValue(logFile.value), ...logFolder })
  }
  return faults
}

/** systemd may name several directories; the first is ours. */
function defaultStateDir(env: Environment, workingDir: string): string {
  const given = env.STATE_DIRECTORY?.split(':')[0]
  return resolve(workingDir, given === undefined || given === '' ? 'data' : given)
}

/** What some defaults depend on. */
interface Circumstances {
  readonly stateDir: string
  readonly production: boolean
}

/** The table with its values, defaults where none was set; frozen all the way down. */
function fill(table: Table, above: readonly string[], values: ReadonlyMap<string, unknown>, around: Circumstances): unknown {
  const filled = Object.entries(table).map(([name, item]) => {
    const path = [...above, name]
    if (isSection(item)) return [name, fill(item.keys, path, values, around)]
    const dotted = path.join('.')
    return [name, freeze(values.has(dotted) ? values.get(dotted) : defaultOf(item, dotted, around))]
  })
  return Object.freeze(Object.fromEntries(filled))
}

function defaultOf(key: Key<unknown>, path: string, { stateDir, production }: Circumstances): unknown {
  if (path === 'state_dir') return stateDir
  if (path === 'logging.format' && production) return 'json'
  return key.place?.below === undefined ? key.default : join(stateDir, key.place.below)
}

function freeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freeze(inner)
    Object.freeze(value)
  }
  return value
}
