// The MediaMTX of the guest: the real one when MEDIAMTX_BIN names it, else the double, which takes what ffmpeg publishes.
import { accessSync, constants } from 'node:fs'

/** `config`: what the service needs to know of it; `stop()`. */
export async function startMediaServer({ binary = process.env.MEDIAMTX_BIN, double: wantsDouble = binary === undefined } = {}) {
  if (!wantsDouble) {
    accessSync(binary, constants.X_OK)
    // The service stops its own child.
    return { config: { MEDIAMTX_MODE: 'managed', MEDIAMTX_BINARY: binary }, stop: async () => {} }
  }
  // Compiled before (test/vm/tsconfig.json): node may be too old to run TypeScript.
  const { MediamtxDouble } = await import('../../../../.cache/vm/support/mediamtx-double/index.js')
  const double = new MediamtxDouble()
  await double.start()
  return {
    config: { MEDIAMTX_MODE: 'external', MEDIAMTX_API_PORT: double.port, MEDIAMTX_RTSP_PORT: double.rtspPort },
    stop: () => double.kill(),
  }
}
