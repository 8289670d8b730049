// The largest number of viewers that one core serves at the camera's full rate, beside ustreamer and the bare sender on the same frames.
import { frames } from '../support/frames.mjs'
import { FPS, startBareSender, startOurs, startUstreamer, view } from '../support/mjpeg.mjs'
import { publish } from '../support/report.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const PICTURES = [
  { bytes: 34_000, width: 1280, height: 720 },
  { bytes: 160_000, width: 1920, height: 1080 },
]
const TIMES_USTREAMER = 2
/** Viewers of the first run. */
const FIRST = 200
/** Share of its core that a server is first believed to be able to use. */
const USABLE = 0.92
/** Below it a server that fell behind was kept from working by others. */
const OWN_FAULT = 0.6
const MACHINE_BOUND = 'machine busy with other work'
/** Descriptors of the generator. */
const MOST = 19_000

export async function run({ quick }) {
  const failed = []
  for (const pictures of quick ? PICTURES.slice(0, 1) : PICTURES) {
    const name = `mjpeg-viewers ${pictures.bytes / 1000} kB`
    const shown = await frames(pictures)
    const servers = [await startOurs(shown), await startBareSender(shown), await startUstreamer(shown)].filter(Boolean)
    try {
      const result = await compare(
        servers,
        quick ? { precision: 1.5, seconds: 1, tries: 2 } : { precision: 1.06, seconds: 2.5, tries: 2 },
      )
      publish(name, line(result), result)
      failed.push(...failures(name, result))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return failed
}

async function compare(servers, options) {
  const searches = servers.map((server) => new Search(server, options))
  // A step of each in turn, so that a slow minute of the machine hits all.
  while (searches.some((search) => !search.over)) {
    for (const search of searches) if (!search.over) await search.step()
  }
  const [ours, bare, ustreamer] = searches
  const verdict =
    ustreamer === undefined
      ? { status: 'ok, without ustreamer' }
      : judge([ours.most / ustreamer.most], { atLeast: TIMES_USTREAMER })
  const lost = searches.find(({ most }) => most === 0)
  if (searches.some(({ bound }) => bound === MACHINE_BOUND)) verdict.status = `invalid: ${MACHINE_BOUND}`
  if (lost !== undefined) verdict.status = `invalid: ${lost.name} never reached the full rate`
  return { ...options, ours, bare, ustreamer, verdict }
}

/** Finds the largest number of viewers of which each sees 99 % of the frames. */
class Search {
  name
  runs = []
  most = 0
  #least = Number.POSITIVE_INFINITY
  #server
  #options
  #next = FIRST

  constructor(server, options) {
    this.name = server.name
    this.#server = server
    this.#options = options
  }

  get over() {
    if (this.bound === MACHINE_BOUND) return true
    return this.#least <= Math.max(FIRST, this.most * this.#options.precision) || this.most >= MOST
  }

  async step() {
    const viewers = Math.min(MOST, Math.round(this.#next))
    if (await this.#holds(viewers)) this.most = viewers
    else this.#least = viewers
    const { serverBusy } = this.runs.at(-1)
    // As far as its core goes at the cost of this run, then halves.
    if (this.#least === Number.POSITIVE_INFINITY) this.#next = viewers * Math.max(1.1, USABLE / serverBusy)
    else this.#next = this.most === 0 ? viewers / 2 : (this.most + this.#least) / 2
  }

  /** A number counts as too many when it failed every try: the machine has hiccups of its own. */
  async #holds(viewers) {
    for (let i = 0; i < this.#options.tries; i++) {
      if ((await this.#run(viewers)).atFullRate === viewers) return true
    }
    return false
  }

  async #run(viewers) {
    const result = await view(this.#server, { viewers, warmup: 0.7, seconds: this.#options.seconds })
    this.runs.push(result)
    return result
  }

  /** Who had no time left at the smallest number that failed. */
  get bound() {
    const failed = this.runs.filter(({ viewers }) => viewers === this.#least)
    if (failed.length === 0) return 'not reached'
    const busiest = (member) => Math.max(0, ...failed.map((run) => run[member]))
    if (busiest('generatorBusy') >= 0.9) return 'generator-bound'
    return busiest('serverBusy') >= OWN_FAULT ? 'server-bound' : MACHINE_BOUND
  }
}

const line = ({ ours, bare, ustreamer, verdict }) => [
  `ours ${said(ours)}`,
  `bare sender ${said(bare)}`,
  ...(ustreamer === undefined
    ? []
    : [
        `${ustreamer.name} ${said(ustreamer)}`,
        ...(verdict.status.startsWith('invalid') ? [] : [`times ustreamer: ${ratioText(verdict)}`]),
      ]),
]

const said = (search) => `${search.most} viewers at ${FPS} fps (${search.bound})`
