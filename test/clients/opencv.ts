/** OpenCV as a client, in the Python that test/clients/run.sh made for it. */

import { join } from 'node:path'
import { HEIGHT, run, WIDTH } from './support.js'

const READER = join(import.meta.dirname, 'opencv_reader.py')
/** FFmpeg's number for warnings: OpenCV prints only errors by itself. */
const LOUD = { OPENCV_FFMPEG_LOGLEVEL: '24', OPENCV_LOG_LEVEL: 'WARNING' }

export interface OpencvOutcome {
  readonly code: number | null
  readonly stderr: string
  readonly facts: unknown
}

/** Reads so many frames and says what they were; `onFrames` hears how many, as they come. */
export async function readWithOpencv(
  url: string,
  frames: number,
  onFrames: (count: number) => void = () => undefined,
): Promise<OpencvOutcome> {
  const python = process.env.CLIENTS_OPENCV_PYTHON ?? ''
  const { code, stdout, stderr } = await run(python, [READER, url, String(frames)], {
    env: LOUD,
    onOutput: (text) => onFrames(Number([...text.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0)),
  })
  return { code, stderr, facts: JSON.parse(stdout.trimEnd().split('\n').at(-1) || 'null') }
}

/** None twice in a row: the picture of a virtual camera always moves. OpenCV scales all to the size of the first one. */
export const wellReadByOpencv = (frames: number): OpencvOutcome => ({
  code: 0,
  stderr: '',
  facts: { backend: 'FFMPEG', frames, repeated: 0, shapes: [[HEIGHT, WIDTH, 3]] },
})
