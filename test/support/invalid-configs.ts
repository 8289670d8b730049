/** Wrong configuration files by the hundred, from a seed, each with what the service has to say of it. */

import { REFUSED } from '../../src/config/index.js'
import { KEYS, type KeyEntry } from '../../src/config/schema.js'

export interface InvalidConfig {
  readonly text: string
  /** Of each line that is told, in any order. */
  readonly told: readonly RegExp[]
}

type Random = () => number
type Pick = <Item>(items: readonly Item[]) => Item

interface Written {
  readonly path: string
  readonly value: unknown
  /** What is told of it; undefined: nothing, it is right. */
  readonly rule: string | undefined
}

/** Those whose value is nothing but a value: of places the disk decides, and rules between keys are asked for by themselves. */
const PLAIN = KEYS.filter(({ key }) => key.place === undefined)
const LIVE_FLAGS = PLAIN.filter(({ key }) => key.kind.name === 'boolean' && key.reload === 'live')

export function invalidConfig(file: string, random: Random): InvalidConfig {
  const pick: Pick = (items) => items[Math.floor(random() * items.length)] as (typeof items)[number]
  const kind = random()
  if (kind < 0.08) return noYaml(file, pick)
  if (kind < 0.14) return noMapping(file, pick)
  if (kind < 0.2) return written(file, pick, [brokenRule(random, pick)])
  const faults = new Map<string, Written>()
  const wanted = 1 + Math.floor(random() * 3)
  while (faults.size < wanted) {
    const fault = kind < 0.28 ? place(pick) : wrongValue(pick(PLAIN), random, pick)
    faults.set(fault.path, fault)
    if (kind < 0.28) break
  }
  return written(file, pick, [...faults.values()])
}

function wrongValue({ path, key }: KeyEntry, random: Random, pick: Pick): Written {
  for (;;) {
    const number = Math.floor((random() - 0.3) * 10 ** pick([1, 3, 6, 12]))
    const word = Math.floor(random() * 36 ** 6).toString(36)
    const value = pick<unknown>([number, number + 0.5, word, `${number}x`, ' ', true, [], [word], [number, word], { [word]: [] }])
    if (key.kind.parse(asYaml(value)) === REFUSED) return { path, value, rule: key.kind.rule }
  }
}

function place(pick: Pick): Written {
  const path = pick(KEYS.filter(({ key }) => key.place?.is === 'folder').map((entry) => entry.path))
  return { path, value: '/dev/null/below', rule: '' }
}

function brokenRule(random: Random, pick: Pick): Written {
  const above = 96 + Math.floor(random() * 5)
  return pick([
    { path: 'storage.warn_percent', value: above - 1, rule: 'warn_percent must be below block_percent' },
    { path: 'server.pong_wait', value: `${Math.ceil(random() * 9)}s`, rule: 'pong_wait must be longer than ping_interval' },
    { path: 'mediamtx.codec.pixel_format', value: 'yuv444p', rule: 'the profile' },
  ])
}

function noYaml(file: string, pick: Pick): InvalidConfig {
  const text = pick([
    'server: {port: ',
    'server: [1, 2',
    'logging: "info',
    'server:\n\tport: 1',
    'server: {}\nserver: {}',
    'a: b: c',
  ])
  return { text: `# a comment\n${text}\n`, told: [new RegExp(`^${file}:[23]: not valid YAML \\(.+\\) — .+`)] }
}

function noMapping(file: string, pick: Pick): InvalidConfig {
  const section = pick(['server', 'logging', 'security', 'storage'])
  const value = pick(['5', 'text', '[1]', 'true'])
  return pick([
    { text: pick(['', '- server\n', 'text\n', '17\n']), told: [new RegExp(`^${file}:1: the file is .+ — .+`)] },
    {
      text: `\n\n${section}: ${value}\n`,
      told: [new RegExp(`^${file}:3: ${section}: not shown: a mapping of keys — .+`)],
    },
  ])
}

/** As a file, among flags that are right but not as they were, in any order, with comments between. */
function written(file: string, pick: Pick, faults: readonly Written[]): InvalidConfig {
  const right = [pick(LIVE_FLAGS), pick(LIVE_FLAGS)].map(({ path, key }) => ({ path, value: !key.default, rule: undefined }))
  const all = new Map<string, Written>([...right, ...faults].map((setting) => [setting.path, setting]))
  const lines: string[] = []
  const told: RegExp[] = []
  const below = (settings: readonly Written[], depth: number): void => {
    const names = new Set(settings.map(({ path }) => path.split('.')[depth] ?? ''))
    for (const name of [...names].sort(() => pick([-1, 1]))) {
      if (pick([true, false])) lines.push(pick(['', '# a comment: of two words', '  # another']))
      const inner = settings.filter(({ path }) => path.split('.')[depth] === name)
      const leaf = inner.find(({ path }) => path.split('.').length === depth + 1)
      const head = `${'  '.repeat(depth)}${name}:`
      lines.push(leaf === undefined ? head : `${head} ${JSON.stringify(leaf.value)}`)
      if (leaf === undefined) below(inner, depth + 1)
      else if (leaf.rule !== undefined) told.push(lineOf(file, lines.length, leaf, leaf.rule))
    }
  }
  below([...all.values()], 0)
  return { text: `${lines.join('\n')}\n`, told }
}

/** File, line, key, value and rule, word by word, and a remedy. */
function lineOf(file: string, line: number, { path, value }: Written, rule: string): RegExp {
  const isSecret = KEYS.find((entry) => entry.path === path)?.key.secret === true
  const shown = isSecret ? 'not shown' : JSON.stringify(value)
  return new RegExp(`^${literally(`${file}:${line}: ${path}: ${shown}: ${rule}`)}.* — .+`)
}

/** What the parser makes of it. */
function asYaml(value: unknown): unknown {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMapping ? new Map(Object.entries(value)) : value
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
