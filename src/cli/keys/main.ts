/** `camera-service-cli`, also `camera-cli`: the administration tool of the contract (§19). Whatever goes wrong ends it with 1. */

import { stat } from 'node:fs/promises'
import { errorText } from '../../base/errors.js'
import type { Config } from '../../config/index.js'
import type { OptionSpec, Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { loadFor } from '../load-config.js'
import { KEY_COMMANDS, type KeyCommand, type Said } from './commands.js'
import { GLOBAL_OPTIONS, hint, type Options, readWords, usage } from './words.js'

const ADMIN_TOOL = 'camera-service-cli'
/** Of the contract: scripts compare the line. */
const VERSION = '1.0.0'
const COMMANDS = ['keys', 'version', 'help']
const FORMATS = ['table', 'json']

const ALL_OPTIONS: Readonly<Record<string, OptionSpec>> = Object.assign(
  {},
  ...Object.values(KEY_COMMANDS).map(({ options }) => options),
  GLOBAL_OPTIONS,
)

/** Never rejects. */
export async function adminMain(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    terminal.print(await answer(argv, terminal))
    return EXIT.ok
  } catch (thrown) {
    const { ConfigError, faultText } = await import('../../config/index.js')
    const lines = thrown instanceof ConfigError ? thrown.faults.map(faultText) : [errorText(thrown).replaceAll('\n', ' ')]
    for (const line of lines) terminal.complain(`${ADMIN_TOOL}: ${line}`)
    return EXIT.failed
  }
}

async function answer(argv: readonly string[], terminal: Terminal): Promise<string> {
  const { words, options } = readWords(argv, ALL_OPTIONS)
  const [first, second, extra] = words
  if (first === undefined || first === 'help' || (first !== 'keys' && options.help === true)) return overview()
  if (first === 'version') return `${ADMIN_TOOL} version ${VERSION}\n`
  if (first !== 'keys') throw usage(`unknown command ${quote(first)}${hint(first, COMMANDS)}; see help`)
  if (second === undefined) {
    if (options.help === true) return overview()
    throw usage(`keys needs one of ${Object.keys(KEY_COMMANDS).join(', ')}; see help`)
  }
  const command = Object.hasOwn(KEY_COMMANDS, second) ? KEY_COMMANDS[second] : undefined
  if (command === undefined)
    throw usage(`unknown command keys ${quote(second)}${hint(second, Object.keys(KEY_COMMANDS))}; see help`)
  if (options.help === true) return commandHelp(second, command)
  if (extra !== undefined) throw usage(`unexpected word ${quote(extra)} after keys ${second}`)
  return runKeys(second, command, options, terminal)
}

async function runKeys(name: string, command: KeyCommand, options: Options, terminal: Terminal): Promise<string> {
  const own = { ...command.options, ...GLOBAL_OPTIONS }
  const foreign = Object.keys(options).find((option) => !Object.hasOwn(own, option))
  if (foreign !== undefined) throw usage(`keys ${name} has no option --${foreign}; see keys ${name} --help`)
  const missing = command.required.find((option) => options[option] === undefined)
  if (missing !== undefined) throw usage(`keys ${name} needs --${missing}`)
  const format = options.format ?? 'table'
  if (typeof format !== 'string' || !FORMATS.includes(format)) throw usage(`-format is one of ${FORMATS.join(', ')}`)

  const named = typeof options.config === 'string' ? options.config : undefined
  const { config, warnings, file: read } = await loadFor(terminal, named, [], true)
  const tell = (line: string): void => {
    if (options.verbose === true) terminal.complain(line)
  }
  for (const warning of warnings) tell(`warning: ${warning}`)
  const { api_key_management: settings, state_dir: stateDir } = config
  if (!settings.cli_enabled) throw new Error('api_key_management.cli_enabled is false: switch it on to change keys from here')
  if ((await stat(stateDir).catch(() => undefined)) === undefined) {
    terminal.complain(`warning: state_dir ${stateDir} is not there yet: make sure that the service uses the same (-config)`)
  }

  const [auth, { systemClock: clock }] = await Promise.all([import('../../auth/index.js'), import('../../base/clock.js')])
  const file = new auth.KeyFile({ stateDir, olderFile: settings.storage_path ?? undefined, clock })
  tell(`configuration: ${read ?? 'built-in defaults and environment'}`)
  tell(`keys: ${file.path}`)
  for (const note of await file.importOlder()) terminal.complain(`warning: ${note}`)
  const context = { auth, file, settings, wallMs: clock.wallMs() }
  const said =
    command.audited === undefined
      ? await command.run(context, options)
      : await runAudited({ config, terminal, action: `keys ${name}` }, options, () => command.run(context, options))
  return format === 'json' ? `${JSON.stringify(said.json, null, 2)}\n` : said.text
}

/** Only what names keys: what is shown of a new one holds its secret. */
async function runAudited(
  what: { readonly config: Config; readonly terminal: Terminal; readonly action: string },
  { role, 'key-id': keyId, 'dry-run': dryRun }: Options,
  work: () => Promise<Said>,
): Promise<Said> {
  const { audited } = await import('../audit-tool.js')
  let made: unknown
  const detail = () => {
    const id = typeof made === 'object' && made !== null && 'id' in made ? made.id : undefined
    return { role, key_id: keyId ?? (typeof id === 'string' ? id : undefined), dry_run: dryRun }
  }
  return audited(what, detail, async () => {
    const said = await work()
    made = said.json
    return said
  })
}

function overview(): string {
  const commands = Object.entries(KEY_COMMANDS).map(([name, { summary }]) => [`keys ${name}`, summary] as const)
  return `Usage: ${ADMIN_TOOL} [OPTIONS] COMMAND [OPTIONS]

Manages the API keys of the camera service. A running service takes changes up at once.

Commands:
${columns([...commands, ['version', 'shows the version'], ['help', 'shows this help']])}

Options of all commands (one dash or two):
${columns(optionRows(GLOBAL_OPTIONS))}

${ADMIN_TOOL} keys COMMAND --help shows the options of one.
`
}

function commandHelp(name: string, { summary, options, required }: KeyCommand): string {
  const rows = optionRows(options).map(([option, doc], index) => {
    return [option, required.includes(Object.keys(options)[index] ?? '') ? `${doc} (required)` : doc] as const
  })
  return `Usage: ${ADMIN_TOOL} keys ${name} [OPTIONS]\n\n${summary}\n\nOptions:\n${columns([...rows, ...optionRows(GLOBAL_OPTIONS)])}\n`
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { value, doc }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, doc])
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
