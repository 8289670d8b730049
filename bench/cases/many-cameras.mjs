// 64 simulated cameras of which one hangs in stream start: the time from the start of the service until the other 63 stream.
import { frames } from '../support/frames.mjs'
import { allStream, CAMERAS, FIRST_NODE, startManyCameras } from '../support/many-cameras.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const HANGING_NODE = FIRST_NODE + 7
const LIMIT_MS = 1_000
const PICTURES = { bytes: 34_000, width: 1280, height: 720 }

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const starts = []
  for (let i = 0; i < (quick ? 1 : 5); i++) starts.push(await once(pictures))
  const verdict = judge(
    starts.map(({ startMs, streamMs }) => (startMs + streamMs) / LIMIT_MS),
    { atMost: 1, absolute: true },
  )
  const of = (member) => duration(median(starts.map((start) => start[member])) * 1e6)
  publish(
    'many-cameras',
    [
      `${CAMERAS - 1} of ${CAMERAS} stream ${of('streamMs')} after the service answers, which it does ${of('startMs')} after exec; one hangs`,
      `exec to streaming against ${LIMIT_MS} ms: ${ratioText(verdict)}`,
    ],
    { starts, verdict },
  )
  return failures('many-cameras', { verdict })
}

async function once(pictures) {
  const many = await startManyCameras(pictures, { hanging: HANGING_NODE })
  try {
    const answeredAtMs = performance.now()
    await allStream(many, CAMERAS - 1)
    return { startMs: many.service.startMs, streamMs: performance.now() - answeredAtMs }
  } finally {
    await many.stop()
  }
}
