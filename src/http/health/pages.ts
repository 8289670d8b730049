/** The health pages as routes: who sees how much, the cache that keeps them quick, and their headers. */

import { hostname } from 'node:os'
import { type Clock, deadlineAfter } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import { type Counts, Tally } from '../../base/tally.js'
import { hostName } from '../handshake.js'
import type { Answer, Call, Page, RouteGroup } from '../routes.js'
import type { Trust } from '../trust.js'
import {
  cameraListPage,
  componentPage,
  detailedPage,
  failedPage,
  type HealthPage,
  livePage,
  overviewPage,
  type PageFacts,
  type PageParts,
  readyPage,
} from './bodies.js'
import type { HealthPort, HealthReport } from './report.js'

export interface HealthPaths {
  readonly basic: string
  readonly detailed: string
  readonly ready: string
  readonly live: string
}

export interface HealthSettings {
  readonly paths: HealthPaths
  readonly format: 'json' | 'text'
  readonly parts: PageParts
  /** Strangers get nothing at all. */
  readonly internalOnly: boolean
  /** Longest time until an answer; then it says so. */
  readonly maxResponseMs: number
}

export interface HealthPagesOptions {
  readonly port: HealthPort
  readonly trust: Trust
  readonly settings: HealthSettings
  readonly clock: Clock
}

interface Found {
  readonly report: Promise<HealthReport>
  /** Undefined while it is being found out. */
  readonly notAlive: string | undefined
  endMs: number | undefined
}

/** Whether the service lives, as it is told in one millisecond; to a client of each kind the answer is made once. */
interface Liveness {
  readonly wallMs: number
  readonly notAlive: string | undefined
  readonly page: HealthPage
  known?: Answer
  strange?: Answer
}

type PageOf = (report: HealthReport, facts: PageFacts, parts: PageParts) => HealthPage

const HEADERS = Object.freeze({
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Expires: '0',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
})
const TYPES = {
  json: Object.freeze({ ...HEADERS, 'Content-Type': 'application/json' }),
  text: Object.freeze({ ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' }),
}
const REASONS = { 200: '200 OK', 500: '500 Internal Server Error', 503: '503 Service Unavailable' } as const
/** A probe a second is usual, a thousand are an attack: they share what was found out. */
const FRESH_MS = 250
/** Shown below the basic path, one page each. */
const COMPONENTS = ['mediamtx', 'cameras', 'storage']

/** Older clients know it by this path. */
const CAMERA_LIST = '/api/cameras'

const FORBIDDEN = JSON.stringify({ error: 'for this machine, listed addresses and tokens only (http_health.internal_only)' })

export class HealthPages {
  readonly #options: HealthPagesOptions
  readonly #requests = new Tally()
  #found: Found | undefined
  #liveness: Liveness | undefined

  constructor(options: HealthPagesOptions) {
    this.#options = options
  }

  /** By path and code, such as `/health 200`. */
  get requests(): Counts {
    return this.#requests.counts
  }

  /** Under the names that were configured. */
  get named(): RouteGroup {
    return { pages: [...this.#pages(this.#options.settings.paths), this.#cameraList()] }
  }

  /** `healthz`, `readyz`, `livez`. */
  get aliases(): RouteGroup {
    return { pages: this.#pages({ basic: '/healthz', ready: '/readyz', live: '/livez' }) }
  }

  #pages(paths: Omit<HealthPaths, 'detailed'> & Partial<HealthPaths>): Page[] {
    const live = this.#page(paths.live, (call) => this.#live(call))
    const ready = this.#page(paths.ready, (call) => this.#ready(call))
    const all = [live, ready, this.#reported(paths.basic, overviewPage)]
    if (paths.detailed === undefined) return all
    const components = COMPONENTS.map((name) =>
      this.#reported(`${paths.basic}/${name}`, ({ components }, facts) => {
        const component = components.find((each) => each.name === name)
        return component === undefined ? failedPage(`${name} is not known yet`, facts.wallMs) : componentPage(component, facts)
      }),
    )
    const detailed = [paths.detailed, `${paths.basic}/system`].map((path) => this.#reported(path, detailedPage))
    return [...all, ...detailed, ...components]
  }

  #cameraList(): Page {
    const { port } = this.#options
    return this.#page(CAMERA_LIST, (call) =>
      this.#asReported(call, (report, facts) =>
        cameraListPage(report, facts, port.camerasJson(hostName(call.headers.get('host')) ?? hostname())),
      ),
    )
  }

  #page(path: string, give: (call: Call) => Answer | Promise<Answer>): Page {
    const counted = (answer: Answer): Answer => {
      this.#requests.add(`${path} ${answer.status.slice(0, 3)}`)
      return answer
    }
    return {
      path,
      answer: (call) => {
        const answer = this.#refusal(call) ?? give(call)
        return answer instanceof Promise ? answer.then(counted) : counted(answer)
      },
    }
  }

  #reported(path: string, page: PageOf): Page {
    return this.#page(path, (call) => this.#asReported(call, page))
  }

  #refusal({ method }: Call): Answer | undefined {
    if (method === 'OPTIONS') return { status: '204 No Content', headers: HEADERS, body: '' }
    if (method === 'GET' || method === 'HEAD') return undefined
    return { status: '405 Method Not Allowed', headers: { ...HEADERS, Allow: 'GET, HEAD, OPTIONS' }, body: 'Method not allowed' }
  }

  #live(call: Call): Answer | Promise<Answer> {
    const { port, clock, trust } = this.#options
    const wallMs = clock.wallMs()
    const notAlive = port.notAlive()
    const last = this.#liveness
    const now =
      last?.wallMs === wallMs && last.notAlive === notAlive ? last : { wallMs, notAlive, page: livePage(notAlive, wallMs) }
    this.#liveness = now
    const answerTo = (known: boolean): Answer => this.#livenessTo(known, now)
    const known = trust.includes(call)
    return known instanceof Promise ? known.then(answerTo) : answerTo(known)
  }

  #livenessTo(known: boolean, now: Liveness): Answer {
    const kind = known ? 'known' : 'strange'
    now[kind] ??= this.#shown(known, now.page)
    return now[kind]
  }

  #ready(call: Call): Answer | Promise<Answer> {
    const { port, clock } = this.#options
    const notReady = port.notReady()
    // What is known already waits for no disk.
    if (notReady !== undefined) return this.#show(call, readyPage(notReady, clock.wallMs()))
    return this.#asReported(call, (report, { wallMs }) => readyPage(report.notReady, wallMs))
  }

  async #asReported(call: Call, page: PageOf): Promise<Answer> {
    const { clock, port, settings } = this.#options
    const wallMs = clock.wallMs()
    const facts = { wallMs, uptimeMs: port.uptimeMs(), version: port.version, environment: port.environment }
    try {
      return await this.#show(call, page(await this.#inTime(this.#report()), facts, settings.parts))
    } catch (thrown) {
      return await this.#show(call, failedPage(errorText(thrown), wallMs))
    }
  }

  #report(): Promise<HealthReport> {
    const { clock, port } = this.#options
    const nowMs = clock.nowMs()
    // A look that hangs is not joined by another: until it ends it counts as fresh.
    const notAlive = port.notAlive()
    const last = this.#found
    // That the end has begun shows at once.
    if (last !== undefined && last.notAlive === notAlive && nowMs - (last.endMs ?? nowMs) <= FRESH_MS) return last.report
    const found: Found = { report: port.report(), notAlive, endMs: undefined }
    this.#found = found
    const ended = (): void => {
      found.endMs = clock.nowMs()
    }
    found.report.then(ended, ended)
    return found.report
  }

  #inTime(report: Promise<HealthReport>): Promise<HealthReport> {
    const { clock, settings } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = deadlineAfter(clock, settings.maxResponseMs, () =>
        reject(new Error(`the health could not be found out within ${settings.maxResponseMs} ms`)),
      )
      report.finally(cancel).then(resolve, reject)
    })
  }

  #show(call: Call, page: HealthPage): Answer | Promise<Answer> {
    const known = this.#options.trust.includes(call)
    return known instanceof Promise ? known.then((answered) => this.#shown(answered, page)) : this.#shown(known, page)
  }

  #shown(known: boolean, { code, document, word, brief }: HealthPage): Answer {
    const { settings } = this.#options
    if (!known && settings.internalOnly) {
      return { status: '403 Forbidden', headers: TYPES.json, body: FORBIDDEN }
    }
    const json = settings.format === 'json'
    return {
      status: REASONS[code],
      headers: TYPES[settings.format],
      body: json ? textOf(known ? document : brief) : `${word}\n`,
    }
  }
}

function textOf(document: HealthPage['document']): string {
  return typeof document === 'string' ? document : JSON.stringify(document)
}
