/** Forms of a log line: from the record the logger made to the text that is written. Pure. */

/** `json`: one object per line; `text`: for people; `classic`: the lines of the camera-server contract (§9). */
export type LogForm = 'json' | 'text' | 'classic'

type LogRecord = Readonly<Record<string, unknown>>

/** Ends of the lines are ours alone: what others said (a server, a child, a device) adds none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g
const CLASSIC_LEVELS: Readonly<Record<string, string>> = { warn: 'WARNING', fatal: 'CRITICAL' }
/** Logger names of the contract; other parts have their own name behind `main.`. */
const CLASSIC_NAMES: Readonly<Record<string, string>> = {
  cameras: 'CameraManager',
  'camera-config': 'ConfigManager',
  signals: 'SignalHandler',
  'camera-face': 'Http',
}

/** `json` is the logger's own line, with its end. */
export function formLine(json: string, form: LogForm): string {
  if (form === 'json') return json
  const record = JSON.parse(json) as LogRecord
  return form === 'text' ? textLine(record) : classicLine(record)
}

function textLine({ time, level, component, msg, document, ...rest }: LogRecord): string {
  const clock = String(time).slice(11, 23)
  const name = component === undefined ? '' : `${component}: `
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${name}${escaped(msg)}${facts(rest)}${shown(document)}\n`
}

/** `2030-04-01 08:15:00,123 - main.CameraManager.camera2 - INFO - message key=value`, local time. */
function classicLine({ time, level, component, msg, document, ...rest }: LogRecord): string {
  const word = String(level)
  const levelName = CLASSIC_LEVELS[word] ?? word.toUpperCase()
  const { name, facts: others } = classicName(component, rest)
  return `${localTime(new Date(String(time)))} - ${name} - ${levelName} - ${escaped(msg)}${facts(others)}${shown(document)}\n`
}

/** A camera's id is the last part of the logger's name. */
function classicName(component: unknown, rest: LogRecord): { name: string; facts: LogRecord } {
  if (typeof component !== 'string') return { name: 'main', facts: rest }
  const name = `main.${CLASSIC_NAMES[component] ?? component.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}`
  const { device, ...others } = rest
  const isOfCamera = component === 'cameras' && typeof device === 'string' && /^camera\d+$/.test(device)
  return isOfCamera ? { name: `${name}.${device}`, facts: others } : { name, facts: rest }
}

function facts(rest: LogRecord): string {
  return Object.entries(rest)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === 'string' && value.search(CONTROL) === -1 ? value : escaped(JSON.stringify(value))}`,
    )
    .join('')
}

/** A document that was asked for is the one thing that takes more lines; JSON's own escapes keep its strings on theirs. */
function shown(document: unknown): string {
  return document === undefined ? '' : `\n${JSON.stringify(document, null, 2).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeOne)}`
}

function escaped(text: unknown): string {
  return String(text).replace(CONTROL, escapeOne)
}

function escapeOne(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function localTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0')
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())},${milliseconds}`
}
